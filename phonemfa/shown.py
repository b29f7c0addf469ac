"""Other people's text as it may be shown: nothing invisible, nothing endless.

Owns making control, bidirectional and zero-width characters visible, and cutting. Refuses the
escaping of Markdown and HTML: that is each format's own.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_MARKED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that nobody sees but that change what is seen."""


def visible(text: str) -> str:
    """The text with every invisible character written out, as in `‹U+202E›`.

    Line breaks and tabs stay, and so does the joiner inside of an emoji.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    for index, character in enumerate(text):
        kept = character in "\n\t" or (character == _JOINER and _joins_emoji(text, index))
        hidden = not kept and unicodedata.category(character) in _MARKED
        shown.append(f"‹U+{ord(character):04X}›" if hidden else character)
    return "".join(shown)


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and nothing can send."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis: never more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _joins_emoji(text: str, index: int) -> bool:
    around = text[index - 1 : index] + text[index + 1 : index + 2]
    return len(around) == 2 and all(  # noqa: PLR2004 - one on each side
        unicodedata.category(one) in {"So", "Sk", "Mn"} for one in around
    )
