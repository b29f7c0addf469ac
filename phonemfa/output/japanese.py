"""Sentences of ours in Japanese, by the English ones: the phrase book is `japanese.toml`.

Commands think and speak English; a page that a person opens may say it in Japanese beside it. What
the phrase book lacks stays English.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final, Literal

from phonemfa.output import document as doc

Language = Literal["en", "ja"]

_BOOK: Final = Path(__file__).with_name("japanese.toml")
_GAP: Final = "{}"
_EDGES: Final = tuple(
    re.compile(rf"([\s:,;.{more}→]*)(.*?)([\s:,;.{more}]*)", re.DOTALL) for more in ("", "()")
)
"""Around a phrase: its own brackets belong to it, where the phrase book has it with them."""
_BETWEEN: Final = (
    (re.compile(r"(?<=\.) "), ""),
    (re.compile(r"(?<=[.:;]) "), ""),
    (re.compile(", "), "、"),
)
"""Where a text that is no phrase is taken apart: sentences, their halves, and items of a list."""
_MARKS: Final = str.maketrans({":": "：", ",": "、", ";": "；", ".": "。", "(": "（", ")": "）"})


def translated(line: doc.Line) -> doc.Line | None:
    """A line in Japanese; None where no part of it is in the phrase book."""
    parts = [_part(one) for one in line]
    if all(one is None for one in parts):
        return None
    return tuple(one or _marks(was) for one, was in zip(parts, line, strict=True))


def said_in(language: Language, sentence: str) -> str:
    """A sentence in this language; as it is, where the phrase book lacks it."""
    found = translated((sentence,)) if language == "ja" else None
    return str(found[0]) if found else sentence


def _marks(part: doc.Part) -> doc.Part:
    """What stands between names: Japanese marks have their room in them."""
    if isinstance(part, str) and not part.strip(" :,;.()"):
        return part.replace(", ", "、").replace(": ", "：").translate(_MARKS)
    return part


def _part(part: doc.Part) -> doc.Part | None:
    if isinstance(part, doc.Code | doc.Link):
        return None
    text = part if isinstance(part, str) else part.text
    said = _said(text)
    return said if said is None or isinstance(part, str) else type(part)(said)


def _said(text: str, level: int = 0) -> str | None:
    """A phrase, or several of which each is known."""
    said = _phrase(text)
    if said is not None or level == len(_BETWEEN):
        return said
    between, glue = _BETWEEN[level]
    pieces = [_said(one, level + 1) for one in between.split(text)]
    return None if None in pieces else glue.join(one for one in pieces if one)


def _phrase(text: str) -> str | None:
    """A sentence or a piece of one, with the marks around it."""
    for edges in _EDGES:
        found = edges.fullmatch(text)
        said = _looked_up(found[2]) if found and found[2] else None
        if found and said is not None:
            return f"{found[1].translate(_MARKS)}{said}{found[3].translate(_MARKS)}"
    return None


def _looked_up(core: str) -> str | None:
    exact, patterns = _book()
    if core in exact:
        return exact[core]
    for pattern, japanese in patterns:
        if found := pattern.fullmatch(core):
            return japanese.format(*(_looked_up(one) or one for one in found.groups()))
    return None


@cache
def _book() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    phrases = tomllib.loads(_BOOK.read_text(encoding="utf-8"))
    exact = {english: said for english, said in phrases.items() if _GAP not in english}
    patterns = [
        (re.compile("([^\n]{1,400}?)".join(map(re.escape, english.split(_GAP)))), said)
        for english, said in phrases.items()
        if _GAP in english
    ]
    # The one with the most words of its own is meant.
    return exact, sorted(patterns, key=lambda one: -len(one[0].pattern))
