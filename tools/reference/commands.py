"""docs/reference/commands.md: the help of both command lines, as typer writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import typer
from typer.cli import get_docs_for_click

import phonemfa.cli
import sandbox.cli.main

_PROJECT: Final = Path(__file__).resolve().parents[2]
_HEAD: Final = """# Commands

Made from the commands' own help by `make reference`. Each prints the same with `--help`.

`phonemfa` stands for `python -m phonemfa` in the project's virtual environment
(`source .venv/bin/activate`), or for `tools/phonemfa`, which needs none. `make help` has the
commands of the checkout, and Pulumi's own are in
[its documentation](https://www.pulumi.com/docs/iac/cli/commands/).
"""


def page() -> str:
    """The commands, with arguments, options and exit statuses."""
    parts = [
        _HEAD,
        _of(phonemfa.cli.app, "phonemfa"),
        _of(sandbox.cli.main.app, "python -m sandbox"),
    ]
    return "\n".join(parts).rstrip() + "\n"


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
