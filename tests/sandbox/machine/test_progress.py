"""A waiting person is told what is going on, and programs are watched while they are silent."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.machine.progress import ConsoleProgress, elapsed, run_watched


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_log_shows_a_line_at_least_every_fifteen_seconds() -> None:
    output, clock, lines = io.StringIO(), Clock(), 0
    progress = ConsoleProgress(Console(file=output), clock=clock)
    for second in range(120):
        clock.now = float(second)
        progress.tick(f"building, {elapsed(second)}")
        shown = output.getvalue().count("\n")
        if shown > lines:
            lines, last = shown, second
        assert lines == 0 or second - last <= 15
    assert 8 <= lines <= 12


def test_progress_text_is_shown_as_it_is() -> None:
    output = io.StringIO()
    ConsoleProgress(Console(file=output, width=20)).step("[bold]a path that is long: /x/y/z[/]")
    assert output.getvalue() == "[bold]a path that is long: /x/y/z[/]\n"


def test_silent_program_is_reported_on_while_it_is_silent(tmp_path: Path) -> None:
    # The program goes on only after it was reported on: silence cannot be missed.
    fifo = tmp_path / "go-on"
    program = (
        "import sys, pathlib; print('begun', flush=True)\n"
        f"p = pathlib.Path({str(fifo)!r})\n"
        "while not p.exists(): pass\n"
        "print('ended', file=sys.stderr); sys.exit(3)"
    )
    lines: list[str] = []
    calls = 0

    def on_wait() -> None:
        nonlocal calls
        calls += 1
        if calls > 5:
            fifo.touch()

    ended = run_watched(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={},
        on_line=lines.append,
        on_wait=on_wait,
        poll=0.01,
    )
    assert (ended.status, lines) == (3, ["begun", "ended"])


def test_interrupted_watcher_ends_the_program() -> None:
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_watched(
            [sys.executable, "-c", "print('begun', flush=True)\nimport time; time.sleep(600)"],
            cwd=Path.cwd(),
            env={},
            on_line=on_line,
            on_wait=lambda: None,
        )
    assert lines == ["begun"]
