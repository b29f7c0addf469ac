"""Reads a one-time code out of a text, as a person would.

Owns what looks like a code. Refuses to know which code was sent: a text that does not show it
must fail a test, not pass it.
"""

from __future__ import annotations

import re
from typing import Final

USUAL_LENGTH: Final = 6
"""Digits of a code where a tenant was not told otherwise."""


def codes_in(text: str, length: int = USUAL_LENGTH) -> list[str]:
    """The different codes of so many digits in a text, written or spoken, in their order."""
    # Not within a longer number, and not within a phone number, whose groups hang together by
    # hyphens.
    written = rf"(?<![\d+-])\d{{{length}}}(?![\d-])"
    # As a voice reads them: "4, 8, 2, 9, 1, 3" or "4. 8. 2. 9. 1. 3."
    spoken = (
        r"(?<!\d)(?<!\d[,.、])(?<!\d[,.、]\s)\d"
        rf"(?:[,.、]\s*\d){{{length - 1}}}(?![,.、]?\s*\d)"
    )
    found = [
        (match.start(), re.sub(r"\D", "", match[0]))
        for pattern in (written, spoken)
        for match in re.finditer(pattern, text)
    ]
    return list(dict.fromkeys(code for _, code in sorted(found)))
