"""Other people's text as any output may show it: nothing invisible, nothing endless."""

import difflib
import unicodedata
from typing import Final

from components.masking import redacted_code

_JOINER: Final = "\u200d"
_MARKED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that nobody sees but that change what is seen."""


def is_hidden(character: str) -> bool:
    """Whether nobody sees a character that changes what is seen."""
    return unicodedata.category(character) in _MARKED


def visible(text: str) -> str:
    """The text with every invisible character written out, as in `‹U+202E›`.

    Line breaks and tabs stay, and so does the joiner inside of an emoji.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    for index, character in enumerate(text):
        kept = character in "\n\t" or (character == _JOINER and _joins_emoji(text, index))
        hidden = not kept and is_hidden(character)
        shown.append(f"‹U+{ord(character):04X}›" if hidden else character)
    return "".join(shown)


def on_one_line(text: str) -> str:
    """The visible text without line breaks."""
    return " ".join(visible(text).split())


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and nothing can send."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis: never more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def unified_diff(before: str, after: str, *, names: tuple[str, str]) -> list[str]:
    """The lines of a unified diff, masked and visible; none where the texts are equal.

    Split at line feeds alone: other separators would hide in the middle of what looks one line.
    """
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), *names, lineterm="")
    return [visible(redacted_code(line)) for line in lines]


def _joins_emoji(text: str, index: int) -> bool:
    around = text[index - 1 : index] + text[index + 1 : index + 2]
    return len(around) == 2 and all(  # noqa: PLR2004 - one on each side
        unicodedata.category(one) in {"So", "Sk", "Mn"} for one in around
    )
