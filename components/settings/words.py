"""A setting in a reviewer's words: what it is called, what its value is, what changing it means.

A setting without an entry is called by its key in the stack's file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.settings.model import OtherFactors

CHANNEL_NAMES: Final = {"text": "SMS", "voice": "voice call"}
ASKED: Final = {
    "always": "every login is asked for a second factor",
    "adaptive": "logins that look risky are asked for a second factor",
    "never": "no login is asked for a second factor",
}
OTHER_FACTORS: Final = {
    field.alias: name for name, field in OtherFactors.model_fields.items() if field.alias
}
"""The other factors, as the resource and the stack's file name them (camelCase), in our words."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a setting is called, and what a change of it means for users or operators."""

    subject: str
    meaning: str = ""


_WORDS: Final[Mapping[str, Words]] = {
    "experience": Words(
        subject="phone experience",
        meaning="another trigger, another Action and other texts send the codes",
    ),
    "deliveryMethods": Words(subject="channels", meaning="users can pick no other"),
    "policy": Words(subject="policy"),
    "adopted": Words(
        subject="tenant declared as it was found",
        meaning="until it is not, the Action is somebody else's",
    ),
    "cpaasBaseHost": Words(
        subject="CPaaS host", meaning="with a key of another account nothing is sent"
    ),
    "smsSender": Words(
        subject="SMS sender", meaning="carriers refuse a sender that is not registered with them"
    ),
    "voiceSender": Words(
        subject="caller ID of voice calls",
        meaning="calls from a number that the account does not have are refused",
    ),
    "voiceGender": Words(subject="voice"),
    "ringTimeout": Words(
        subject="seconds a call may ring",
        meaning="too few end before somebody picks up; from 15 on voicemail may take the call",
    ),
    "machineDetection": Words(
        subject="hanging up on voicemail", meaning="the CPaaS charges extra for each call with it"
    ),
    "language": Words(subject="language of the shipped texts, and of calls whose login names none"),
    "messageTypes": Words(
        subject="message types that are sent", meaning="the Action drops the others"
    ),
    "texts": Words(subject="own text"),
    "originBoundCode": Words(
        subject="host of the autofill line",
        meaning="browsers fill a code in on the login pages of this host alone",
    ),
    "allowedInTexts": Words(
        subject="what others write and texts may have",
        meaning="a user's or a stranger's words, or a link, go out under the company's name",
    ),
    "allowedPrefixes": Words(
        subject="country prefixes that are sent to",
        meaning="numbers under others get no code; codes to each of these may be asked for by "
        "anybody, and are paid for",
    ),
    "deduplicate": Words(subject="suppression of repeated messages"),
    "recipientLimit": Words(
        subject="messages per number and hour",
        meaning="too few leave users without a code, each more may have to be paid for; 0 is no "
        "limit",
    ),
    "voiceLimit": Words(
        subject="calls per number and hour",
        meaning="too few leave users of calls without a code; 0 is no limit of their own, and "
        "unset is half of recipientLimit",
    ),
    "tenantLimit": Words(
        subject="messages of the tenant per hour",
        meaning="beyond it nothing but codes of logins is sent; 0 is no limit",
    ),
    "otherFactors": Words(subject="other factor"),
    "retiredSecrets": Words(
        subject="retired secrets", meaning="they lose their value now, and can go afterwards"
    ),
    "actionName": Words(subject="the Action's name"),
    "bindAction": Words(
        subject="binding of the Action", meaning="Auth0 runs a bound Action at its trigger"
    ),
    "transition": Words(
        subject="transition between the experiences", meaning="while it is on, both have a sender"
    ),
    "gate": Words(
        subject="check before users are asked for codes",
        meaning="what has to hold before the policy is written",
    ),
    "protect": Words(
        subject="protection against deletion",
        meaning="without it a slip in a change can delete what logins need",
    ),
}


def words(key: str) -> Words:
    """What a setting is called, by its key in the stack's file."""
    return _WORDS.get(key) or Words(subject=key)


def subject(key: str, *members: str) -> str:
    """What a setting, or a member of one, is called."""
    if not members:
        return words(key).subject
    first, *rest = members
    named = OTHER_FACTORS.get(first, first) if key == "otherFactors" else first
    return f"{words(key).subject} {'.'.join([named, *rest])}"


def value_in_words(key: str, value: Any) -> str | None:
    """A setting's value on one line; None where it has none."""
    if value is None:
        return None
    said = _VALUES.get(key)
    return said(value) if said else _plainly(value)


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    return json.dumps(value, ensure_ascii=False, default=str)


def _channels(value: Any) -> str:
    named = [CHANNEL_NAMES.get(one, one) if isinstance(one, str) else one for one in value]
    return _plainly(named)


_VALUES: Final[Mapping[str, Callable[[Any], str]]] = {
    # The whole block is long, and the reviewed step is that it goes.
    "adopted": lambda value: "no" if not value else "yes",
    "deliveryMethods": lambda value: _channels(value) if isinstance(value, list) else str(value),
}
