"""What may be said of a phone number: its country, its range in Japan. Never the number."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from components.settings.number_ranges import COUNTRY

_COUNTRY: Final = re.compile(rf"\+({COUNTRY})")
_JAPAN: Final = "81"
_JAPANESE: Final = (
    (re.compile(r"(?:060|070|080|090)"), "mobile"),
    (re.compile(r"050"), "IP phone"),
    (re.compile(r"0(?:120|570|990|800)|020"), "service"),
    (re.compile(r"0[1-9]"), "fixed line"),
)


def country_of(number: str) -> str:
    """The calling code with its plus; empty where there is no such country."""
    found = _COUNTRY.match(number)
    return f"+{found[1]}" if found else ""


@lru_cache(maxsize=1024)
def _range_of(prefix: str) -> str:
    for pattern, name in _JAPANESE:
        if pattern.match(prefix):
            return f"{prefix} {name}" if name in {"mobile", "IP phone"} else name
    return "no range"


def japanese_range_of(number: str) -> str:
    """The range of a Japanese number, such as "090 mobile"; empty for other countries."""
    if country_of(number) != f"+{_JAPAN}":
        return ""
    national = "0" + number.removeprefix(f"+{_JAPAN}").removeprefix("0")
    prefix = national[:4] if national.startswith(("0120", "0570", "0990", "0800")) else national[:3]
    return _range_of(prefix)


def block_of(number: str) -> str:
    """The thousand neighbours that a number has: all but its last three digits."""
    return number[:-3]
