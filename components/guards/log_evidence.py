"""What the tenant's log says of one test message; one that may be another user's proves nothing.

Codes and shapes: Auth0's published log schemas (`gd_send_sms`, `gd_send_voice`, their `_failure`,
`fn`); that `gd_send_*` may show a masked number is the tenant's setting.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.masking import redacted
from components.vocabulary import CHANNELS, DeliveryMethod

PATIENCE: Final = 60.0
"""Seconds in which a tenant's log shows what was sent."""

FAILED_NOTIFICATION: Final = "fn"
_LOOKED_AT: Final = 50
"""Entries of the log a look; failures and sends of one channel alone are among them."""

_LAST_DIGITS: Final = 4
"""As many as a masked number must show for an entry to count as ours."""
_HIDDEN: Final = re.compile(r"[Xx*•]")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One entry of the log about the message.

    `event` is its code, `log_id` and `at` are as the tenant has them; `reason` is what a failure
    says, without numbers and codes.
    """

    sent: bool
    event: str
    log_id: str
    at: str
    reason: str = ""


def search(method: DeliveryMethod) -> dict[str, Any]:
    """Arguments of auth0-python's `logs.list` for entries worth looking at, newest first."""
    types = (*_factor_events(method), FAILED_NOTIFICATION)
    query = " OR ".join(f"type:{one}" for one in types)
    return {
        "per_page": _LOOKED_AT,
        "sort": "date:-1",
        # The SDK names the outdated `search` only.
        "request_options": {"additional_query_parameters": {"q": query}},
    }


def news(
    entries: Iterable[Mapping[str, Any]], *, before: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of `entries` that can be about a message sent after the log looked like `before`."""
    known = {one.get("log_id") for one in before}
    since = str(before[0].get("date") or "") if before else ""
    # An entry that the log shows late is not about a message sent after it.
    return [
        one
        for one in entries
        if one.get("log_id") not in known and str(one.get("date") or "") >= since
    ]


def find(
    entries: Iterable[Mapping[str, Any]], *, to: str, method: DeliveryMethod
) -> Evidence | None:
    """The newest of `entries` (newest first, all after the send) that is about the message."""
    return next((_evidence(one, method) for one in entries if _is_about(one, to, method)), None)


def _is_about(entry: Mapping[str, Any], to: str, method: DeliveryMethod) -> bool:
    details = entry.get("details") or {}
    if entry.get("type") == FAILED_NOTIFICATION:
        kind = str(details.get("notification_type") or CHANNELS[method])
        return kind == CHANNELS[method] and _same_number(details.get("to"), to)
    if entry.get("type") in _factor_events(method):
        authenticator = details.get("authenticator") or {}
        return _same_number(authenticator.get("phone_number"), to)
    return False


def _factor_events(method: DeliveryMethod) -> tuple[str, str]:
    sent = f"gd_send_{CHANNELS[method]}"
    return sent, f"{sent}_failure"


def _same_number(shown: Any, to: str) -> bool:
    """Whether a number, masked perhaps, can be `to`: every digit that is shown agrees."""
    if not isinstance(shown, str):
        return False
    have, want = shown.replace(" ", "")[::-1], to[::-1]
    if not have[:_LAST_DIGITS].isdigit():
        return False
    if not _HIDDEN.search(have):
        return have.rstrip("+") == want.rstrip("+")
    return all(a == b or _HIDDEN.match(a) for a, b in zip(have, want, strict=False))


def _evidence(entry: Mapping[str, Any], method: DeliveryMethod) -> Evidence:
    event = str(entry["type"])
    sent = event == f"gd_send_{CHANNELS[method]}"
    return Evidence(
        sent=sent,
        event=event,
        log_id=str(entry.get("log_id") or ""),
        at=str(entry.get("date") or ""),
        reason="" if sent else redacted(_reason(entry.get("details") or {})),
    )


def _reason(details: Mapping[str, Any]) -> str:
    for key in ("error", "provider_error", "failure_details"):
        said = details.get(key)
        if isinstance(said, Mapping):
            said = said.get("message") or said.get("errorCode")
        if said:
            return str(said)
    return "the log gives no reason"
