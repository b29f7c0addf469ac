"""Which phone numbers there can be, and which of them cost extra: countries, trunk zeros, ranges.

The ranges are read from the Action's own table, so that the settings refuse what it would drop.
"""

import re
from functools import cache
from typing import Final

from components.action_code import SOURCE_DIR

COUNTRY: Final = (
    "(?:[17]|2(?:[07]|1[1-368]|[2-46][0-9]|5[0-8]|9[017-9])|3(?:[0-469]|5[0-9]|7[0-8]|8[0-35-79])"
    "|4(?:[013-9]|2[013])|5(?:[1-8]|[09][0-9])|6(?:[0-6]|7[02-9]|8[0-35-9]|9[0-2])"
    "|8(?:[1246]|5[02356]|8[06])|9(?:[0-58]|6[0-8]|7[0-7]|9[2-68]))"
)
"""Calling codes that a country has: a regular expression that every language reads alike."""

_KEEPS_ZERO: Final = "(?:2(?:2[569]|4[12]|50)|3(?:78|9)|992)"
"""Countries where the number after the calling code may begin with 0, as Italy's do."""

NO_TRUNK_ZERO: Final = f"(?!(?!{_KEEPS_ZERO}){COUNTRY}0)"
"""Goes before a number's digits: +81 090… was written with the zero that is dialled at home."""

_ROW: Final = re.compile(r"\b(\d{1,3}): '([^']*)'")


def in_refused_range(number: str) -> bool:
    """Whether a number (or the whole of a prefix) is one that the Action never sends to."""
    digits = number.removeprefix("+")
    for length in (1, 2, 3):
        ranges = _refused_ranges().get(digits[:length])
        if ranges is not None and ranges.match(digits[length:]):
            return True
    return False


@cache
def _refused_ranges() -> dict[str, re.Pattern[str]]:
    table = (SOURCE_DIR / "ranges.js").read_text(encoding="utf-8")
    return {code: re.compile(f"(?:{ranges})") for code, ranges in _ROW.findall(table)}
