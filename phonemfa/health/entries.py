"""What one entry of a tenant's log says about phone MFA.

The layout of `details` is not established for every type (tenant-logs.md): what is known is
taken, and what is missing stays unknown. Nothing of a text that somebody else wrote gets further
than this file, except an application's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from phonemfa.reasons import reason_of

Channel = str
"""`text`, `voice`, or empty where the entry does not say."""


class Kind(StrEnum):
    """What an entry is about."""

    SENT = "sent"
    FAILED = "failed"
    NOTICE = "notice"
    """A notification that failed or was warned of: the Action's reasons."""
    LIMITED = "limited"
    STARTED = "started"
    PASSED = "passed"
    WRONG = "wrong"
    REJECTED = "rejected"
    ENROL_STARTED = "enrol_started"
    ENROLLED = "enrolled"
    ENROL_FAILED = "enrol_failed"
    CODES_LIMITED = "codes_limited"


TYPES: Final[Mapping[str, tuple[Kind, Channel]]] = {
    "gd_send_sms": (Kind.SENT, "text"),
    "gd_send_voice": (Kind.SENT, "voice"),
    "gd_send_sms_failure": (Kind.FAILED, "text"),
    "gd_send_voice_failure": (Kind.FAILED, "voice"),
    "fn": (Kind.NOTICE, ""),
    "wn": (Kind.NOTICE, ""),
    "limit_phone": (Kind.LIMITED, ""),
    "gd_start_auth": (Kind.STARTED, ""),
    "gd_auth_succeed": (Kind.PASSED, ""),
    "gd_auth_failed": (Kind.WRONG, ""),
    "gd_auth_rejected": (Kind.REJECTED, ""),
    "gd_start_enroll": (Kind.ENROL_STARTED, ""),
    "gd_enrollment_complete": (Kind.ENROLLED, ""),
    "gd_start_enroll_failed": (Kind.ENROL_FAILED, ""),
    "gd_otp_rate_limit_exceed": (Kind.CODES_LIMITED, ""),
}
"""The types that are counted; all others are left alone."""

LOGIN: Final = "s"
"""The type of a login that succeeded."""

FIELDS: Final = "date,type,client_id,client_name,user_id,details,log_id"
"""What is asked of an entry: neither names, mail addresses nor IP addresses are fetched."""

_CHANNELS: Final = {"sms": "text", "text": "text", "voice": "voice", "phone": ""}
_MASKED: Final = re.compile(r"[Xx*•]")
_NUMBER: Final = re.compile(r"\+?[0-9]{7,15}")
_TYPE: Final = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What is taken of an entry.

    Attributes:
        at: seconds since the epoch.
        reason: id of one of the Action's reasons; empty where there is none, or another's.
        number: E.164 where it is in clear, else empty.
        masked: whether a number is there, and hidden.
        bare: whether the details that such an entry should have are missing.
    """

    at: float
    kind: Kind
    channel: Channel = ""
    reason: str = ""
    number: str = ""
    masked: bool = False
    user: str = ""
    client: str = ""
    client_name: str = ""
    bare: bool = False


class UnreadableError(ValueError):
    """An entry without a time or a type that can be read."""


def type_of(entry: Any) -> str:
    """The entry's type, as it may be shown; empty where it is none."""
    found = entry.get("type") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) and _TYPE.fullmatch(found) else ""


def id_of(entry: Any) -> str:
    """The entry's own id; empty where it has none."""
    found = entry.get("log_id") or entry.get("_id") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


def time_of(entry: Mapping[str, Any]) -> float:
    """When it happened.

    Raises:
        UnreadableError: it does not say.
    """
    try:
        # Some answers have {"$date": …} there; such a thing is not read either.
        moment = datetime.fromisoformat(entry["date"])
    except (KeyError, TypeError, ValueError):
        raise UnreadableError from None
    if moment.tzinfo is None:
        raise UnreadableError
    return moment.timestamp()


def event_of(entry: Mapping[str, Any]) -> Event | None:
    """What the entry says; None where it is not about phone MFA.

    Raises:
        UnreadableError: it has no type, or no time.
    """
    name, at = type_of(entry), time_of(entry)
    if not name:
        raise UnreadableError
    known = TYPES.get(name)
    if known is None:
        return None
    kind, channel = known
    found = entry.get("details")
    details: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    authenticator = details.get("authenticator")
    factor: Mapping[str, Any] = authenticator if isinstance(authenticator, Mapping) else {}
    number = details.get("to") or factor.get("phone_number")
    number = number if isinstance(number, str) else ""
    if not channel:
        said = (
            details.get("notification_type") or details.get("delivery_method") or factor.get("type")
        )
        if (isinstance(said, str) and said not in _CHANNELS) or "@" in number:
            return None  # mail, push, an authenticator app
        channel = _CHANNELS.get(said, "") if isinstance(said, str) else ""
    reason = reason_of(_said(details)) if kind in {Kind.FAILED, Kind.NOTICE} else None
    clear = number.replace(" ", "").replace("-", "")
    in_clear = bool(_NUMBER.fullmatch(clear))
    return Event(
        at=at,
        kind=kind,
        channel=channel,
        reason=reason.id if reason else "",
        number=f"+{clear.removeprefix('+')}" if in_clear else "",
        masked=bool(_MASKED.search(number)),
        user=_text(entry.get("user_id")),
        client=_text(entry.get("client_id")),
        client_name=_text(entry.get("client_name")),
        bare=not details and kind in {Kind.SENT, Kind.FAILED, Kind.NOTICE, Kind.LIMITED},
    )


def _said(details: Mapping[str, Any]) -> str:
    for key in ("error", "provider_error", "failure_details"):
        said = details.get(key)
        if isinstance(said, Mapping):
            said = said.get("message") or said.get("errorCode")
        if said:
            return str(said)[:500]
    return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
