"""What one entry of a tenant's log says about phone MFA.

The layout of `details` is not established for every type (tenant-logs.md): what is known is
taken, and what is missing stays unknown. Nothing of a text that somebody else wrote gets further
than this file, except an application's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from typing import Any, Final

from phonemfa.reasons import reason_of

TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "gd_send_sms": ("sent", "text"),
    "gd_send_voice": ("sent", "voice"),
    "gd_send_sms_failure": ("failed", "text"),
    "gd_send_voice_failure": ("failed", "voice"),
    # A notification that failed or was warned of: the Action's reasons.
    "fn": ("notice", ""),
    "wn": ("notice", ""),
    "limit_phone": ("limited", ""),
    "gd_start_auth": ("started", ""),
    "gd_auth_succeed": ("passed", ""),
    "gd_auth_failed": ("wrong", ""),
    "gd_auth_rejected": ("rejected", ""),
    "gd_start_enroll": ("enrol_started", ""),
    "gd_enrollment_complete": ("enrolled", ""),
    "gd_start_enroll_failed": ("enrol_failed", ""),
    "gd_otp_rate_limit_exceed": ("codes_limited", ""),
}
"""The types that are counted, as what, and the channel, if the type says it."""

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
        channel: `text`, `voice`, or empty where the entry does not say.
        reason: id of one of the Action's reasons; empty where there is none, or another's.
        number: E.164 where it is in clear, else empty.
        masked: whether a number is there, and hidden.
        bare: whether the details that such an entry should have are missing.
    """

    kind: str
    at: float
    channel: str
    reason: str
    number: str
    masked: bool
    user: str
    client: str
    client_name: str
    bare: bool


def type_of(entry: Any) -> str:
    """The entry's type, as it may be shown; empty where it is none."""
    found = _text(_member(entry, "type"))
    return found if _TYPE.fullmatch(found) else ""


def id_of(entry: Any) -> str:
    """The entry's own id; empty where it has none."""
    return _text(_member(entry, "log_id") or _member(entry, "_id"))


def time_of(entry: Any) -> float | None:
    """When it happened, in seconds since the epoch; None where it does not say."""
    try:
        # Some answers have {"$date": …} there; such a thing is not read either.
        moment = datetime.fromisoformat(_member(entry, "date"))
    except (TypeError, ValueError):
        return None
    # The first and the last year that there are cannot be searched for in every zone.
    return moment.timestamp() if moment.tzinfo and 1 < moment.year < MAXYEAR else None


def event_of(entry: Mapping[str, Any], at: float) -> Event | None:
    """What an entry of one of `TYPES` says; None where it is not about the phone."""
    kind, channel = TYPES[type_of(entry)]
    details = entry.get("details")
    factor = _member(details, "authenticator")
    number = _text(_member(details, "to") or _member(factor, "phone_number"))
    if not channel:
        said = _text(
            _member(details, "notification_type")
            or _member(details, "delivery_method")
            or _member(factor, "type")
        )
        if (said and said not in _CHANNELS) or "@" in number:
            return None  # mail, push, an authenticator app
        channel = _CHANNELS.get(said, "")
    reason = reason_of(_said(details)) if kind in {"failed", "notice"} else None
    clear = number.replace(" ", "").replace("-", "")
    return Event(
        kind=kind,
        at=at,
        channel=channel,
        reason=reason.id if reason else "",
        number=f"+{clear.removeprefix('+')}" if _NUMBER.fullmatch(clear) else "",
        masked=bool(_MASKED.search(number)),
        user=_text(entry.get("user_id")),
        client=_text(entry.get("client_id")),
        client_name=_text(entry.get("client_name")),
        bare=kind in {"sent", "failed", "notice", "limited"}
        and not (details and isinstance(details, Mapping)),
    )


def _said(details: Any) -> str:
    for key in ("error", "provider_error", "failure_details"):
        said = _member(details, key)
        if isinstance(said, Mapping):
            said = said.get("message") or said.get("errorCode")
        if said:
            return str(said)[:500]
    return ""


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
