"""Commands at a real terminal (a pseudo-terminal each for output and notes), as it shows them."""

import fcntl
import io
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest
import typer.main
from rich.cells import cell_len

from phonemfa.cli import app

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WHOLE = re.compile(r"\s*(?:[✗✓!?-] )?\S+")
"""What stays whole although it is wider than the terminal: an id or an address, alone."""


@dataclass(frozen=True)
class Seen:
    """What a command left: each stream as it was written, and its exit status."""

    out: str
    notes: str
    status: int

    @property
    def lines(self) -> list[str]:
        """What can be read, line by line; what the terminal was told to replace is one too."""
        return re.split(r"[\r\n]+", _CONTROL.sub("", self.out + self.notes))

    def too_wide(self, columns: int) -> list[str]:
        """Lines that a terminal of this width would break."""
        wide = [one for one in self.lines if cell_len(one.rstrip()) > columns]
        return [one for one in wide if not _WHOLE.fullmatch(one)]


def at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, *words: str, columns: int, colour: bool = True
) -> Seen:
    """Run one command of `phonemfa` in this process, at a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    with (
        _screen(columns) as (out, seen_out),
        _screen(columns) as (err, seen_err),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = _run(words)
    return Seen(seen_out(), seen_err(), status)


def _run(words: tuple[str, ...]) -> int:
    try:
        typer.main.get_command(app)(list(words), prog_name="phonemfa")
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError


@contextmanager
def _screen(columns: int) -> Iterator[tuple[io.TextIOWrapper, Callable[[], str]]]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    got = bytearray()

    def read() -> None:
        while True:
            try:
                got.extend(os.read(ours, 65_536))
            except OSError:  # the other end is closed
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    stream = open(theirs, "w", encoding="utf-8", closefd=True)  # noqa: PTH123, SIM115 - a descriptor
    try:
        yield stream, lambda: got.decode("utf-8")
    finally:
        stream.close()
        reader.join(10)
        os.close(ours)
