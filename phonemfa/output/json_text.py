"""Results for programs, as JSON that is harmless on a terminal too."""

import json
import re
from typing import Any, Final

import typer

from phonemfa.output.text import is_hidden

_BEYOND_ASCII: Final = re.compile(r"[^\x20-\x7e\n]")


def as_json(content: Any, *, indent: int | None = 2) -> str:
    """The content; characters that nobody sees are escapes, and mean the same."""
    text = json.dumps(content, ensure_ascii=False, indent=indent, default=lambda one: one.value)
    return _BEYOND_ASCII.sub(_escaped, text)


def print_json(content: Any) -> None:
    """The content on standard output."""
    typer.echo(as_json(content))


def _escaped(found: re.Match[str]) -> str:
    # Outside of strings JSON is ASCII, so that an escape only ever stands inside of one.
    return json.dumps(found[0])[1:-1] if is_hidden(found[0]) or found[0] == "\x7f" else found[0]
