"""How commands speak: results on standard output, everything else on standard error.

Owns the two consoles, the sign that something still runs, and giving up. Refuses to know any
command. Colours are rich's decision: none when the stream is no terminal or NO_COLOR is set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from phonemfa.exits import Exit

PATIENCE: Final = 2.0
"""Seconds that may pass in silence."""

REMINDER: Final = 15.0
"""Seconds between two lines of a log that nobody watches live."""


def results() -> Console:
    """Where a command's result goes."""
    return Console()


def notes() -> Console:
    """Where progress and warnings go, so that a piped result stays clean."""
    return Console(stderr=True)


@contextmanager
def working(what: str, *, patience: float = PATIENCE) -> Iterator[None]:
    """Show that `what` runs: a spinner on a terminal, else a line once `patience` s have passed."""
    console = notes()
    if console.is_terminal:
        with console.status(Text(what)):
            yield
        return
    ended = threading.Event()
    teller = threading.Thread(target=_tell, args=(console, what, ended, patience), daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _tell(console: Console, what: str, ended: threading.Event, patience: float) -> None:
    begun = time.monotonic()
    pause = patience
    while not ended.wait(pause):
        spent = time.monotonic() - begun
        console.print(Text(f"… {what} ({spent:.0f}s)"), soft_wrap=True)
        pause = REMINDER


def give_up(message: str) -> NoReturn:
    """Say why there is no answer, and end with `Exit.UNANSWERED`."""
    typer.echo(message, err=True)
    raise typer.Exit(Exit.UNANSWERED)
