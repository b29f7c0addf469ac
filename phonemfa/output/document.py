"""What a command has to say, before it has a format.

Every string is escaped by the format that shows it, ours as much as a tenant's: markup comes from
the types here alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class _Words:
    text: str


class Code(_Words):
    """A name, an id, a value or a command, on one line."""


class Strong(_Words):
    """Words that are read first."""


class Soft(_Words):
    """Words that may be skipped."""


@dataclass(frozen=True)
class Link(_Words):
    """An address of ours; never one that a tenant or a preview named."""

    address: str


Part = str | Code | Strong | Soft | Link
Line = tuple[Part, ...]


class Mark(Enum):
    """What an entry is, at its beginning: a sign on a terminal, one in Markdown, a colour."""

    GOOD = ("good", "✓", "✅", "green")
    NOTE = ("note", "-", "ℹ️", "cyan")
    WARNING = ("warning", "!", "⚠️", "yellow")
    UNKNOWN = ("unknown", "?", "❔", "magenta")
    BAD = ("bad", "✗", "🛑", "red")

    def __init__(self, word: str, sign: str, emoji: str, colour: str) -> None:
        self.word = word
        self.sign = sign
        self.emoji = emoji
        self.colour = colour


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing of a list: a mark, a line, facts about it, what to do, and texts below it."""

    line: Line
    mark: Mark | None = None
    facts: tuple[tuple[str, Line], ...] = ()
    fix: Line = ()
    below: tuple["Block", ...] = ()


@dataclass(frozen=True)
class Entries:
    """A list; where there is little room, its end is counted."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class _Lined:
    line: Line


class Paragraph(_Lined):
    """One paragraph."""


class Small(_Lined):
    """A remark at the end."""


@dataclass(frozen=True)
class Verbatim:
    """Text as it is, line by line; a `diff` has colours, and `sh` stays whole to be copied."""

    text: str
    language: str = "text"


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG, and in words; only the page shows it."""

    svg: bytes
    words: str


@dataclass(frozen=True, kw_only=True)
class Phone:
    """One message as it is on a phone; without a text, the words in its place."""

    label: str
    about: Line = ()
    channel: str = "text"
    sender: str = ""
    text: str | None = None
    below: str = ""


@dataclass(frozen=True)
class Phones:
    """Phones side by side."""

    phones: tuple[Phone, ...]


@dataclass(frozen=True)
class Article:
    """One of several longer things of a section."""

    title: Line
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class _Titled:
    title: str
    blocks: tuple["Block", ...]


class Document(_Titled):
    """All that is said."""


class Section(_Titled):
    """A part with a heading."""


class Folded(_Titled):
    """What is opened by those who want it."""


Block = Article | Entries | Folded | Paragraph | Phones | Picture | Section | Small | Verbatim


def listed(lines: Iterable[Line], *, most: int | None = None) -> Line:
    """Lines with commas between them; past `most` they are counted."""
    every = list(lines)
    more = len(every) - most if most is not None else 0
    if more > 0:
        every = [*every[:most], (f"{more} more",)]
    parts = [part for line in every for part in (", ", *line)]
    return tuple(parts[1:])


def codes(names: Iterable[str], *, most: int | None = None) -> Line:
    """Names with commas between them."""
    return listed([(Code(one),) for one in names], most=most)


def words(sentence: str) -> Line:
    """A sentence in which backticks stand around code."""
    pieces = sentence.split("`")
    if len(pieces) % 2 == 0:
        return (sentence,)
    return tuple(Code(one) if index % 2 else one for index, one in enumerate(pieces) if one)
