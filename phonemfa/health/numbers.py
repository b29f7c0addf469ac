"""What may be said of a phone number: its country, its range in Japan. Never the number."""

import re
from typing import Final

from components.settings.number_ranges import COUNTRY

_COUNTRY: Final = re.compile(rf"\+({COUNTRY})")
_JAPAN: Final = "+81"
_JAPANESE: Final = (
    (re.compile(r"0(?:120|570|990|800)|020"), "service"),
    (re.compile(r"0[6789]0"), "{} mobile"),
    (re.compile(r"050"), "{} IP phone"),
    (re.compile(r"0[1-9]"), "fixed line"),
)


def country_of(number: str) -> str:
    """The calling code with its plus; empty where there is no such country."""
    found = _COUNTRY.match(number)
    return f"+{found[1]}" if found else ""


def japanese_range_of(number: str) -> str:
    """The range of a Japanese number, such as "090 mobile"; empty for other countries."""
    if country_of(number) != _JAPAN:
        return ""
    national = f"0{number.removeprefix(_JAPAN).removeprefix('0')}"
    for pattern, name in _JAPANESE:
        if found := pattern.match(national):
            return name.format(found[0])
    return "no range"
