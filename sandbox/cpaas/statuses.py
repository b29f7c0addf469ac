"""The CPaaS's status table (cpaas-and-actions.md §1.4), and its two error bodies.

The names follow Infobip's public list; descriptions are our own words. Of the errors the new one is
of SMS, the old one of voice (§1.2, §1.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GROUP_IDS = {"PENDING": 1, "UNDELIVERABLE": 2, "DELIVERED": 3, "EXPIRED": 4, "REJECTED": 5}


@dataclass(frozen=True)
class Status:
    """One status. A name alone is not unique (14 and 52): scripts say a key of `STATUSES`."""

    id: int
    name: str
    description: str

    @property
    def group(self) -> str:
        first = self.name.partition("_")[0]
        return first if first in GROUP_IDS else "REJECTED"

    def to_json(self) -> dict[str, Any]:
        return {
            "groupId": GROUP_IDS[self.group],
            "groupName": self.group,
            "id": self.id,
            "name": self.name,
            "description": self.description,
        }


_TABLE = (
    (26, "PENDING_ACCEPTED", "Message sent to next instance"),
    (3, "PENDING_WAITING_DELIVERY", "Waiting for the operator's report"),
    (7, "PENDING_ENROUTE", "Message sent to next instance"),
    (2, "DELIVERED_TO_OPERATOR", "Message delivered to operator"),
    (5, "DELIVERED_TO_HANDSET", "Message delivered to handset"),
    (4, "UNDELIVERABLE_REJECTED_OPERATOR", "Refused by the operator"),
    (9, "UNDELIVERABLE_NOT_DELIVERED", "Message not delivered"),
    (15, "EXPIRED_EXPIRED", "Message expired"),
    (29, "EXPIRED_DLR_UNKNOWN", "No report in time"),
    (6, "REJECTED_NETWORK", "Network not available to the account"),
    (8, "REJECTED_PREFIX_MISSING", "Number prefix missing"),
    (10, "REJECTED_DND", "Recipient does not want messages"),
    (11, "REJECTED_SOURCE", "Sender not registered"),
    (12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
    (13, "REJECTED_SENDER", "Sender on the blocklist"),
    (14, "REJECTED_DESTINATION", "Destination on the blocklist"),
    (17, "REJECTED_PREPAID_PACKAGE_EXPIRED", "Prepaid package expired"),
    (18, "REJECTED_DESTINATION_NOT_REGISTERED", "Not a trial destination"),
    (19, "REJECTED_ROUTE_NOT_AVAILABLE", "No route"),
    (20, "REJECTED_FLOODING_FILTER", "Too many messages to the number"),
    (21, "REJECTED_SYSTEM_ERROR", "System error, try again"),
    (23, "REJECTED_DUPLICATE_MESSAGE_ID", "Message id known already"),
    (24, "REJECTED_INVALID_UDH", "User data header invalid"),
    (25, "REJECTED_MESSAGE_TOO_LONG", "Too many parts"),
    (51, "MISSING_TO", "Destination missing"),
    (53, "REJECTED_INVALID_AUDIO_FILE_URL", "Audio file not reachable"),
    (54, "REJECTED_UNSUPPORTED_LANGUAGE", "Language not supported"),
    (55, "REJECTED_MESSAGE_IS_EMPTY", "Nothing to say"),
    (83, "REJECTED_MACHINE_DETECTION_DISABLED", "The account has no machine detection"),
    (87, "REJECTED_SIGNALS_BLOCKED", "Blocked as artificial traffic"),
    (91, "REJECTED_INVALID_SSML", "Text is not valid SSML"),
    (99, "REJECTED_CALL_DECLINED", "Call declined"),
    (100, "REJECTED_PLATFORM", "Malformed or temporarily unavailable"),
)
STATUSES = {
    **{one[1]: Status(*one) for one in _TABLE},
    "REJECTED_DESTINATION_52": Status(52, "REJECTED_DESTINATION", "Destination invalid"),
}
"""Immediate answers that a script may ask for, refusals above all. Where one name stands for two
ids, the second carries its id in the key."""
PENDING_ACCEPTED = STATUSES["PENDING_ACCEPTED"]

_SERVER_ERROR = 500
_NEW = {
    400: ("E400", "Request cannot be processed.", "Check the request."),
    401: ("E401", "The request lacks valid authentication credentials.", "Check the API key."),
    403: ("E403", "The API key is not allowed to do this.", "Check the scopes of the key."),
    404: ("E404", "Not found.", "Check the path."),
    429: ("E429", "Too many requests.", "Send more slowly."),
    500: ("E500", "Something went wrong.", "Try again later."),
}
_OLD = {
    400: ("BAD_REQUEST", "Bad Request"),
    401: ("UNAUTHORIZED", "Invalid login details"),
    403: ("FORBIDDEN", "Unauthorized access"),
    404: ("NOT_FOUND", "Requested URL not found"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
    500: ("GENERAL_ERROR", "Something went wrong"),
}


def error_body(
    channel: str, status: int, violations: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The error body of an endpoint; a status without one of its own speaks as its class does."""
    known = status if status in _NEW else _SERVER_ERROR if status >= _SERVER_ERROR else 400
    if channel == "sms":
        code, description, action = _NEW[known]
        return {
            "errorCode": code,
            "description": description,
            "action": action,
            "violations": [
                {"property": field, "violation": sentence} for field, sentence in violations
            ],
            "resources": [],
        }
    message_id, text = _OLD[known]
    exception: dict[str, Any] = {"messageId": message_id, "text": text}
    if violations:
        fields: dict[str, list[str]] = {}
        for field, sentence in violations:
            fields.setdefault(field, []).append(sentence)
        exception["validationErrors"] = fields
    return {"requestError": {"serviceException": exception}}
