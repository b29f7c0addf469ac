"""What a login is refused, as the person who logs in is told it."""

import math
from typing import Literal

Kind = Literal[
    "name",  # no name, or one that cannot be shown
    "number",  # not a phone number
    "channel",  # a method that is not offered
    "unknown",  # no such login: it ended, was forgotten, or never was
    "step",  # a step that this login is not at
    "sending",  # a code is on its way
    "enrolling",  # too many enrolments in a minute
    "wrong",
    "expired",
    "used",
    "earlier",  # the code before a resend
    "too_many",  # failed codes
]


class LoginRefusedError(Exception):
    """A step of a login that is refused; the text says why and what to do."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def lasting(seconds: float) -> str:
    """A time to wait, for people: whole seconds, and minutes, hours and days from two on."""
    whole = math.ceil(seconds)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if whole >= 2 * length:
            return f"{math.ceil(whole / length)} {unit}"
    return f"{whole} second{'' if whole == 1 else 's'}"
