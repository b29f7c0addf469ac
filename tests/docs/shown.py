"""The commands that the documents show: what is in their shell blocks, and inline.

Who runs them is in `claims`. A fence without a language, or with a shell's, holds commands and
nothing else; a transcript marks them with "$ ". Whatever else is shown there says so (```text,
```console without "$ " is refused).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.contract import PROJECT

GENERATED: Final = PROJECT / "docs" / "reference"
"""Pages that are made from the commands themselves, and compared with them."""

PROGRAMS: Final = (
    "make",
    "pulumi",
    "phonemfa",
    "python",
    "curl",
    "git",
    "source",
    "eval",
    "export",
    "pip",
    "for",
    "rm",
)
_SCRIPT: Final = re.compile(r"(?:tools|\.ci)/[\w./-]+$")
_ASSIGNMENT: Final = re.compile(r"[a-z]\w*=\S")
_FENCE: Final = re.compile(
    r"^(?P<indent> *)(?P<mark>`{3,})(?P<language>\w*)\n(?P<body>.*?)^ *(?P=mark)$",
    re.MULTILINE | re.DOTALL,
)
_SHELLS: Final = {"", "sh", "bash", "shell", "console"}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One command as a page shows it, without its comment."""

    page: str
    text: str
    fenced: bool


def pages() -> list[Path]:
    """Every document that is written by hand, in order."""
    top = [one for one in sorted(PROJECT.glob("*.md")) if one.name != "CHANGELOG.md"]
    below = [*sorted(PROJECT.glob("docs/**/*.md")), PROJECT / "actions" / "README.md"]
    return [*top, *(one for one in below if GENERATED not in one.parents)]


def shown() -> list[Shown]:
    """Every command of every page, in the pages' order."""
    return [one for page in pages() for one in shown_in(page.relative_to(PROJECT).as_posix())]


def without_blocks(text: str) -> str:
    """A page's sentences and tables, without its blocks."""
    return _FENCE.sub("", text)


def shown_in(page: str) -> list[Shown]:
    """The commands of one page: those of its blocks in order, then those in its sentences.

    Raises:
        ValueError: a shell block has a line that is no command.
    """
    text = (PROJECT / page).read_text("utf-8")
    blocks = [
        Shown(page=page, text=line, fenced=True)
        for fence in _FENCE.finditer(text)
        if fence["language"] in _SHELLS
        for line in commands_in(fence["body"], where=page)
    ]
    sentences = [
        Shown(page=page, text=" ".join(code.split()), fenced=False)
        for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", without_blocks(text))
        if is_command(code) and len(code.split()) > 1
    ]
    return blocks + sentences


def commands_in(block: str, *, where: str) -> list[str]:
    """The commands of a shell block, without comments, continued lines joined.

    Raises:
        ValueError: a line is no command.
    """
    lines = [line.strip() for line in re.sub(r"\\\n\s*", "", block).splitlines()]
    if any(line.startswith("$ ") for line in lines):
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    commands = [re.sub(r"(^|\s+)# .*$", "", line) for line in lines if line != "done"]
    strange = [one for one in commands if one and not is_command(one)]
    if strange:
        raise ValueError(
            f"{where}: {strange[0]!r} in a shell block is no command. Mark the block ```text, or "
            "add the program to PROGRAMS"
        )
    return [one for one in commands if one]


def is_command(code: str) -> bool:
    """Whether a line begins with one of the programs that documents name."""
    first = code.split(maxsplit=1)[0] if code.split() else ""
    return first in PROGRAMS or bool(_SCRIPT.match(first) or _ASSIGNMENT.match(code))


def same(command: str) -> str:
    """What two ways of writing one command have in common: no stack's name, one name a program."""
    plain = re.sub(r"^phonemfa ", "python -m phonemfa ", command)
    return " ".join(re.sub(r"\s--stack(?: |=)\S+", "", plain).split())
