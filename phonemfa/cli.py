"""The commands of `python -m phonemfa`; each has a package of its own."""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

import typer

from phonemfa.exits import Exit
from phonemfa.files import told
from phonemfa.on_demand import group_of

COMMANDS: Final = (
    "doctor",
    "adopt",
    "drift",
    "report",
    "smoke",
    "enforce",
    "break-glass",
    "rollback",
    "rotate",
    "recover",
    "take-down",
    "fleet",
)
"""In the order of the help; each has a package of its own."""

app = typer.Typer(
    name="phonemfa",
    cls=group_of(COMMANDS),
    help="Looks after an Auth0 tenant's phone MFA beside `pulumi up`.",
    epilog="Exit status: 0 fine, 1 something is wrong, 2 no answer, 7 drift.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Looks after an Auth0 tenant's phone MFA beside `pulumi up`."""


def run() -> NoReturn:
    """Run the command line; a disk that does not take or give what it should is told in words."""
    try:
        try:
            # Named, or typer's completion scripts would be for a program "python -m phonemfa".
            app(prog_name="phonemfa")
        finally:
            sys.stdout.flush()
    except OSError as error:
        sys.stderr.write(f"{told(error)}\n")
        # Python would try to write the rest of standard output once more, and show a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.UNANSWERED)
    raise AssertionError  # typer ends the process itself
