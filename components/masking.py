"""What output shows of phone numbers, codes, keys and code: the one masking of commands and hooks.

`masked` is for a number whose value is known; `redacted` for what somebody said while it ran (an
error, a log), where every longer run of digits may be a code; `redacted_code` for texts, config and
names, where short numbers mean something; `without_keys` for what people write themselves, whose
numbers they have to recognise. Code that somebody else wrote is never shown: `code_mark` names it.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

HIDDEN: Final = "****"
_WHOLE: Final = 12
"""Characters from which on a number keeps its country, its range and its last four digits."""

# Four digits on: shorter runs are HTTP statuses and error codes, longer ones codes and numbers.
_DIGITS: Final = re.compile(r"\+?\d(?:[ .-]?\d){3,}")
# Nine digits on: shorter ones are constants in code, no subscriber's number.
_SUBSCRIBER: Final = re.compile(r"(?<![\w.])\+?\d(?:[ -]?\d){8,14}(?![\w.])")
_KEY_LIKE: Final = re.compile(
    # What follows the name of an authorization scheme, whatever it looks like.
    r"(?:(?<=\b[Aa]pp )|(?<=\b[Bb]asic )|(?<=\b[Bb]earer ))[\w+/=.~-]*[\d=][\w+/=.~-]*"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # of an address with a password, as of a backend
    r"|(?<![\w/-])(?!pulumi-resource-auth0(?![\w+=-]))"  # its plugin, where Pulumi misses it
    r"(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{20,}(?![\w/-])"
)
_TOKEN: Final = re.compile(
    # Base64 has slashes; a path rarely has all three kinds of characters and no full stop.
    r"(?<![\w+/=-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[a-z])(?=[\w+/=-]*[A-Z])[\w+/=-]{32,}"
)


def masked(number: str) -> str:
    """A phone number as output may show it: +819012345678 becomes +8190****5678."""
    if len(number) < _WHOLE:
        return f"{number[:3]}{HIDDEN}{number[-2:]}"
    return f"{number[:5]}{HIDDEN}{number[-4:]}"


def without_keys(text: str) -> str:
    """Config and names as somebody wrote them, without what may be a key."""
    return _TOKEN.sub(HIDDEN, _KEY_LIKE.sub(HIDDEN, text))


def code_mark(code: str) -> str:
    """What every output shows of code that may hold somebody's keys: enough to tell it apart."""
    data = code.encode("utf-8", "surrogatepass")
    return f"{len(data)} bytes, SHA-256 {sha256(data).hexdigest()}"


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
