"""The commands of `python -m phonemfa`; each has a package of its own."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Final, NoReturn

import typer

from phonemfa import __version__
from phonemfa.exits import Exit
from phonemfa.files import told
from phonemfa.on_demand import group_of
from phonemfa.output.text import visible

COMMANDS: Final = (
    "new",
    "doctor",
    "adopt",
    "drift",
    "health",
    "report",
    "smoke",
    "enforce",
    "break-glass",
    "rollback",
    "rotate",
    "recover",
    "take-down",
    "fleet",
    "ci",
)
"""In the order of the help; each has a package of its own."""

app = typer.Typer(
    name="phonemfa",
    cls=group_of(COMMANDS),
    help="Looks after an Auth0 tenant's phone MFA beside `pulumi up`.",
    epilog="Exit status: 0 fine, 1 something is wrong, 2 no answer, 7 drift, 8 unhealthy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"phonemfa {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version, and end."
        ),
    ] = False,
) -> None:
    """Looks after an Auth0 tenant's phone MFA beside `pulumi up`."""


def run() -> NoReturn:
    """Run the command line; a disk that does not take or give what it should is told in words."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A letter that it cannot show ends nothing.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            # Named, or typer's completion scripts would be for a program "python -m phonemfa".
            app(prog_name="phonemfa")
        finally:
            sys.stdout.flush()
    except OSError as error:
        sys.stderr.write(f"{visible(told(error))}\n")
        # Python would try to write the rest of standard output once more, and show a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.UNANSWERED)
    raise AssertionError  # typer ends the process itself
