"""JSON as Go's tools print it: one object after the other, with no list around them."""

from __future__ import annotations

import json
from typing import Any


def objects_in(text: str) -> list[dict[str, Any]]:
    """Each object of the stream.

    Raises:
        json.JSONDecodeError: something else is in it.
    """
    decoder, at, found = json.JSONDecoder(), 0, []
    while rest := text[at:].lstrip():
        one, at = decoder.raw_decode(text, len(text) - len(rest))
        found.append(one)
    return found
