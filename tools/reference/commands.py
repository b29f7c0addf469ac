"""docs/reference/commands.md: the help of both command lines, as typer writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import typer
from typer.cli import get_docs_for_click

import phonemfa.cli
import sandbox.cli.main
from tools.reference.pages import page

_PROJECT: Final = Path(__file__).resolve().parents[2]


def commands() -> str:
    """The commands, with arguments, options and exit statuses."""
    return page(
        "commands",
        product=_of(phonemfa.cli.app, "phonemfa"),
        sandbox=_of(sandbox.cli.main.app, "python -m sandbox").rstrip() + "\n",
    )


def _of(app: typer.Typer, name: str) -> str:
    command = typer.main.get_command(app)
    with typer.Context(command, info_name=name) as context:
        # typer's own command line calls it with this context, too; its annotation is narrower.
        text = get_docs_for_click(
            obj=command,
            ctx=context,  # type: ignore[arg-type]
            indent=1,
            name=name,
        )
    # Escaped are quotes too, which Markdown takes as they are. Folders are this checkout's.
    text = text.replace("&#x27;", "'").replace("&quot;", '"').replace(f"{_PROJECT}/", "")
    text = re.sub(rf"\[default: {re.escape(str(_PROJECT))}\]", "[default: .]", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
