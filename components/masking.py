"""What output shows of phone numbers, codes and keys: the one masking of all commands and hooks.

`masked` is for a number whose value is known; `redacted` for what somebody said while it ran (an
error, a log), where every longer run of digits may be a code; `redacted_code` for code, config and
names, where short numbers mean something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "****"
_WHOLE: Final = 12
"""Characters from which on a number keeps its country, its range and its last four digits."""

# Four digits on: shorter runs are HTTP statuses and error codes, longer ones codes and numbers.
_DIGITS: Final = re.compile(r"\+?\d(?:[ .-]?\d){3,}")
# Nine digits on: shorter ones are constants in code, no subscriber's number.
_SUBSCRIBER: Final = re.compile(r"(?<![\w.])\+?\d(?:[ -]?\d){8,14}(?![\w.])")
_KEY_LIKE: Final = re.compile(
    r"(?<![\w/-])(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{20,}(?![\w/-])"
)


def masked(number: str) -> str:
    """A phone number as output may show it: +819012345678 becomes +8190****5678."""
    if len(number) < _WHOLE:
        return f"{number[:3]}{HIDDEN}{number[-2:]}"
    return f"{number[:5]}{HIDDEN}{number[-4:]}"


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """A text of another's making without `secrets`, numbers, codes, and what may be a key."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    return _DIGITS.sub(HIDDEN, _KEY_LIKE.sub(HIDDEN, text))


def redacted_code(text: str) -> str:
    """Code, config or a name without what may be a key, and with two digits of each number."""
    hidden = _SUBSCRIBER.sub(lambda number: f"{HIDDEN}{number.group()[-2:]}", text)
    return _KEY_LIKE.sub(HIDDEN, hidden)


def printable(text: str) -> str:
    """A text without what a terminal would act on, or could not show; line breaks stay."""
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode()
        for one in text
    )
