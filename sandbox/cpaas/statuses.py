"""The CPaaS's status table (cpaas-and-actions.md §1.4).

The names follow Infobip's public list; descriptions are our own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GROUP_IDS = {"PENDING": 1, "UNDELIVERABLE": 2, "DELIVERED": 3, "EXPIRED": 4, "REJECTED": 5}


@dataclass(frozen=True)
class Status:
    """One status; `key` is how scripts name it (a name alone is not unique: 14 and 52)."""

    id: int
    group: str
    name: str
    description: str

    def to_json(self) -> dict[str, Any]:
        return {
            "groupId": GROUP_IDS[self.group],
            "groupName": self.group,
            "id": self.id,
            "name": self.name,
            "description": self.description,
        }


def _rejected(number: int, name: str, description: str) -> Status:
    return Status(number, "REJECTED", name, description)


PENDING_ACCEPTED = Status(26, "PENDING", "PENDING_ACCEPTED", "Message sent to next instance")

# Immediate answers that a script may ask for, refusals above all. Where one name stands for two
# ids, the second carries its id in the key.
STATUSES: dict[str, Status] = {
    "PENDING_ACCEPTED": PENDING_ACCEPTED,
    "PENDING_WAITING_DELIVERY": Status(
        3, "PENDING", "PENDING_WAITING_DELIVERY", "Waiting for the operator's report"
    ),
    "PENDING_ENROUTE": Status(7, "PENDING", "PENDING_ENROUTE", "Message sent to next instance"),
    "DELIVERED_TO_OPERATOR": Status(
        2, "DELIVERED", "DELIVERED_TO_OPERATOR", "Message delivered to operator"
    ),
    "DELIVERED_TO_HANDSET": Status(
        5, "DELIVERED", "DELIVERED_TO_HANDSET", "Message delivered to handset"
    ),
    "UNDELIVERABLE_REJECTED_OPERATOR": Status(
        4, "UNDELIVERABLE", "UNDELIVERABLE_REJECTED_OPERATOR", "Refused by the operator"
    ),
    "UNDELIVERABLE_NOT_DELIVERED": Status(
        9, "UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED", "Message not delivered"
    ),
    "EXPIRED_EXPIRED": Status(15, "EXPIRED", "EXPIRED_EXPIRED", "Message expired"),
    "EXPIRED_DLR_UNKNOWN": Status(29, "EXPIRED", "EXPIRED_DLR_UNKNOWN", "No report in time"),
    **{
        status.name: status
        for status in (
            _rejected(6, "REJECTED_NETWORK", "Network not available to the account"),
            _rejected(8, "REJECTED_PREFIX_MISSING", "Number prefix missing"),
            _rejected(10, "REJECTED_DND", "Recipient does not want messages"),
            _rejected(11, "REJECTED_SOURCE", "Sender not registered"),
            _rejected(12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
            _rejected(13, "REJECTED_SENDER", "Sender on the blocklist"),
            _rejected(14, "REJECTED_DESTINATION", "Destination on the blocklist"),
            _rejected(17, "REJECTED_PREPAID_PACKAGE_EXPIRED", "Prepaid package expired"),
            _rejected(18, "REJECTED_DESTINATION_NOT_REGISTERED", "Not a trial destination"),
            _rejected(19, "REJECTED_ROUTE_NOT_AVAILABLE", "No route"),
            _rejected(20, "REJECTED_FLOODING_FILTER", "Too many messages to the number"),
            _rejected(21, "REJECTED_SYSTEM_ERROR", "System error, try again"),
            _rejected(23, "REJECTED_DUPLICATE_MESSAGE_ID", "Message id known already"),
            _rejected(24, "REJECTED_INVALID_UDH", "User data header invalid"),
            _rejected(25, "REJECTED_MESSAGE_TOO_LONG", "Too many parts"),
            _rejected(51, "MISSING_TO", "Destination missing"),
            _rejected(53, "REJECTED_INVALID_AUDIO_FILE_URL", "Audio file not reachable"),
            _rejected(54, "REJECTED_UNSUPPORTED_LANGUAGE", "Language not supported"),
            _rejected(55, "REJECTED_MESSAGE_IS_EMPTY", "Nothing to say"),
            _rejected(
                83, "REJECTED_MACHINE_DETECTION_DISABLED", "The account has no machine detection"
            ),
            _rejected(87, "REJECTED_SIGNALS_BLOCKED", "Blocked as artificial traffic"),
            _rejected(91, "REJECTED_INVALID_SSML", "Text is not valid SSML"),
            _rejected(99, "REJECTED_CALL_DECLINED", "Call declined"),
            _rejected(100, "REJECTED_PLATFORM", "Malformed or temporarily unavailable"),
        )
    },
    "REJECTED_DESTINATION_52": _rejected(52, "REJECTED_DESTINATION", "Destination invalid"),
}
