from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest
from rich.console import Console

from phonemfa.fleet import progress
from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State
from phonemfa.fleet.progress import Board, shown
from phonemfa.fleet.record import Options, Run
from phonemfa.fleet.report import as_json, show_summary

FIFTY = [
    Member(stack=f"t{number:02}", file=Path(), domain=f"t{number:02}.example.jp")
    for number in range(50)
]
DONE = Outcome(state=State.DONE, changes={"created": 11}, seconds=4.4)
FAILED = Outcome(
    state=State.FAILED, why="guardian: 403 [bold]no[/]\nmore", seconds=2, log="t03.log"
)


def kept() -> tuple[dict[str, Outcome], Board]:
    found: dict[str, Outcome] = {}
    nowhere = Console(file=io.StringIO())
    return found, Board("up", FIFTY, {"t00": DONE}, found.__setitem__, nowhere, lines=False)


def text_of(board: Board, height: int) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(board.table(height))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_fits_the_screen_shows_what_goes_on_first_and_counts_the_rest() -> None:
    _, board = kept()
    board.changed(FIFTY[40], Outcome(state=State.RUNNING))
    board.step(FIFTY[40], "create phone-mfa-factor-guardian")
    board.changed(FIFTY[3], FAILED)
    text = text_of(board, 20)
    lines = text.splitlines()
    assert len(lines) <= 20
    assert "t40" in lines[4]
    assert "create phone-mfa-factor-guardian" in lines[4]
    assert "403 [bold]no[/]" in lines[5], "what an engine says is no markup"
    assert "47 queued, 1 running, 1 done, 1 failed (36 not shown)" in text


def test_every_change_is_kept() -> None:
    found, board = kept()
    board.changed(FIFTY[1], Outcome(state=State.RUNNING))
    board.changed(FIFTY[1], DONE)
    assert found == {"t01": DONE}


def test_where_nobody_watches_each_change_is_a_line(capsys: object) -> None:
    with shown("fleet up: 2 stacks", FIFTY[:2], {}, lambda _stack, _outcome: None) as board:
        board.changed(FIFTY[0], Outcome(state=State.RUNNING))
        board.changed(FIFTY[0], DONE)
        board.changed(FIFTY[1], FAILED)
    captured = capsys.readouterr()  # type: ignore[attr-defined]
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "fleet up: 2 stacks",
        "[0/2] t00: running",
        "[1/2] t00: done: 11 created (4s)",
        "[2/2] t01: failed: guardian: 403 [bold]no[/] (2s)",
    ]


def run_of(*outcomes: Outcome) -> Run:
    stacks = [one.stack for one in FIFTY[: len(outcomes)]]
    return Run(
        id="run-1",
        command="up",
        began="2026-11-25T12:00:00+00:00",
        shard="",
        waves=[stacks],
        options=Options(),
        program="",
        backend="",
        files={},
        outcomes=dict(zip(stacks, outcomes, strict=True)),
    )


def test_the_summary_has_every_stack_the_reason_and_the_way_on() -> None:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    show_summary(run_of(DONE, FAILED), FIFTY[:2], Path("logs"), {"prod": "protected"}, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for said in (
        "11 created",
        "403 [bold]no[/]",
        "2 stacks: 1 done, 1 failed. Logs: logs",
        "left out: prod (protected)",
        "phonemfa fleet up --resume --run run-1",
    ):
        assert said in text
    console = Console(file=io.StringIO(), width=160, color_system=None)
    show_summary(run_of(DONE), FIFTY[:1], Path("logs"), {}, console)
    assert "--resume" not in console.file.getvalue()  # type: ignore[attr-defined]


def test_machines_get_the_same() -> None:
    found = json.loads(as_json(run_of(DONE, FAILED), FIFTY[:2], {}))
    assert (found["exit"], found["left"], found["totals"]) == (1, ["t01"], {"done": 1, "failed": 1})
    assert found["stacks"][1]["why"] == FAILED.why


def test_on_a_terminal_the_table_is_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=120, height=30)
    monkeypatch.setattr(progress, "notes", lambda: terminal)
    with shown("fleet up: 2 stacks", FIFTY[:2], {}, lambda _stack, _outcome: None) as board:
        board.changed(FIFTY[0], DONE)
        board.say("a word in between")
    assert "11 created" in stream.getvalue()
    assert "a word in between" in stream.getvalue()


def test_a_long_silence_is_broken_by_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    said = threading.Event()

    class Heard(io.StringIO):
        def write(self, text: str) -> int:
            if text.startswith("…"):
                said.set()
            return super().write(text)

    stream = Heard()
    monkeypatch.setattr(progress, "notes", lambda: Console(file=stream, width=120))
    monkeypatch.setattr(progress, "REMINDER", 0.01)
    with shown("fleet up: 2 stacks", FIFTY[:2], {}, lambda _stack, _outcome: None):
        assert said.wait(20)
    assert "… 2 queued" in stream.getvalue()
