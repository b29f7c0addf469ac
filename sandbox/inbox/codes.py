"""Reads a one-time code out of a text, as a person would.

Owns what looks like a code. Refuses to know which code was sent: a text that does not show it
must fail a test, not pass it.
"""

from __future__ import annotations

import re

# Auth0's codes have six digits. Not within a longer number, and not within a phone number, whose
# groups hang together by hyphens.
_WRITTEN = re.compile(r"(?<![\d+-])\d{6}(?![\d-])")
# As a voice reads them: "4, 8, 2, 9, 1, 3" or "4. 8. 2. 9. 1. 3."
_SPOKEN = re.compile(r"(?<!\d)(?<!\d[,.、])(?<!\d[,.、]\s)\d(?:[,.、]\s*\d){5}(?![,.、]?\s*\d)")


def codes_in(text: str) -> list[str]:
    """The different six-digit codes in a text, written or spoken, in their order."""
    found = [
        (match.start(), re.sub(r"\D", "", match[0]))
        for pattern in (_WRITTEN, _SPOKEN)
        for match in pattern.finditer(text)
    ]
    return list(dict.fromkeys(code for _, code in sorted(found)))
