"""Who runs when, with stacks that take no time, and how a run looks and ends."""

import io
import json
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from phonemfa.exits import Exit
from phonemfa.fleet import run as running
from phonemfa.fleet.run import Board, Outcome, State, as_document, as_object, exit_of, run, shown
from phonemfa.fleet.selection import Member
from phonemfa.output import terminal
from phonemfa.output.json_text import as_json

DONE = Outcome(state=State.DONE, changes={"created": 6}, seconds=4.4)
FAILED = Outcome(
    state=State.FAILED, why="guardian: 403 [bold]no[/]\nmore", seconds=2, log="t03.log"
)


def members(*stacks: str, domain: str = "") -> list[Member]:
    return [Member(stack=one, file=Path(one), domain=domain or f"{one}.jp") for one in stacks]


@dataclass
class Fake:
    """Stacks that end as a test says."""

    ends: dict[str, Outcome | Exception] = field(default_factory=dict)
    during: Callable[[Member], object] = lambda _: None
    worked: list[str] = field(default_factory=list)
    stop: bool = False
    why: dict[str, str] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)
    together: list[frozenset[str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, member: Member, _tell: object) -> Outcome:
        with self._lock:
            self.worked.append(member.stack)
            self._running.add(member.stack)
            self.together.append(frozenset(self._running))
        try:
            self.during(member)
        finally:
            with self._lock:
                self._running.discard(member.stack)
        end = self.ends.get(member.stack, DONE)
        if isinstance(end, Exception):
            raise end
        return end

    def run(
        self, waves: Sequence[Sequence[Member]], *, parallel: int = 4, **known: Outcome
    ) -> dict[str, State]:
        every = [one for wave in waves for one in wave]
        ended = {one: known[one.stack] for one in every if one.stack in known}
        board = Board("up", every, ended, lines=True)
        run(waves, self.work, board, parallel=parallel, stopping=lambda: self.stop)
        self.why = {one.stack: end.why for one, end in board.outcomes.items()}
        return {one.stack: end.state for one, end in board.outcomes.items()}


def test_a_stack_that_fails_stops_no_other_of_its_wave() -> None:
    fake = Fake(ends={"a": FAILED, "b": RuntimeError("no route to +819012345678")})
    found = fake.run([members("a", "b", "c", "d")])
    assert found == {"a": State.FAILED, "b": State.UNANSWERED, "c": State.DONE, "d": State.DONE}
    assert fake.why["b"] == "not foreseen: RuntimeError: no route to ****"


def test_so_many_run_at_once_and_no_more() -> None:
    meet = threading.Barrier(3)
    fake = Fake(during=lambda _: meet.wait(timeout=20))
    # One without a tenant waits for nobody.
    every = [*members(*"abcd"), *(Member(stack=one, file=Path()) for one in "ef")]
    assert set(fake.run([every], parallel=3).values()) == {State.DONE}
    assert max(map(len, fake.together)) == 3


def test_two_stacks_of_one_tenant_never_run_at_once_and_hold_no_other_up() -> None:
    others = threading.Barrier(3)
    # The first of the tenant's waits for both others, which must have begun for that.
    fake = Fake(during=lambda one: others.wait(timeout=20) if one.stack in "ade" else 0)
    same = members("a", "b", "c", domain="one.jp")
    found = fake.run([[*same, *members("d", "e")]], parallel=3)
    assert set(found.values()) == {State.DONE}
    assert all(len(one & {"a", "b", "c"}) <= 1 for one in fake.together)


def test_the_rest_wait_for_the_canary_and_are_not_begun_when_it_fails() -> None:
    fake = Fake()
    fake.run([members("canary"), members("a", "b")])
    assert fake.worked[0] == "canary"
    fake = Fake(ends={"canary": FAILED})
    found = fake.run([members("canary"), members("a"), members("b")])
    assert fake.worked == ["canary"]
    assert found == {"canary": State.FAILED, "a": State.NOT_STARTED, "b": State.NOT_STARTED}
    assert fake.why["b"] == "skipped: canary did not succeed"


def test_what_has_an_answer_is_not_begun_and_a_bad_one_of_it_counts_in_its_wave() -> None:
    fake = Fake()
    fake.run([members("a", "b")], a=DONE)
    found = fake.run([members("canary"), members("c")], canary=FAILED)
    assert found["c"] is State.NOT_STARTED
    assert fake.worked == ["b"]


def test_a_run_that_is_to_stop_begins_nothing_any_more() -> None:
    fake = Fake()
    fake.during = lambda _: setattr(fake, "stop", True)
    found = fake.run([members("a", "b"), members("c")], parallel=1)
    assert found == {"a": State.DONE, "b": State.NOT_STARTED, "c": State.NOT_STARTED}


# --- How it looks -------------------------------------------------------------------------------

NAMES = [f"t{number:02}" for number in range(50)]
FIFTY = [Member(stack=one, file=Path(), domain=f"{one}.example.jp") for one in NAMES]


def test_the_table_fits_the_screen_shows_what_goes_on_first_and_counts_the_rest() -> None:
    board = Board("up", FIFTY, {FIFTY[0]: DONE}, lines=False)
    board.changed(FIFTY[40], Outcome(state=State.RUNNING))
    board.step(FIFTY[40], "create phone-mfa-factor-guardian")
    board.changed(FIFTY[3], FAILED)
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(board.table(20))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    lines = text.splitlines()
    assert len(lines) <= 20
    assert "t40" in lines[2]
    assert "create phone-mfa-factor-guardian" in lines[2]
    assert "403 [bold]no[/]" in lines[3], "what an engine says is no markup"
    assert "47 queued, 1 running, 1 done, 1 failed (36 not shown)" in text


def test_where_nobody_watches_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with shown("fleet up: 2 stacks", FIFTY[:2], {}) as board:
        board.changed(FIFTY[0], Outcome(state=State.RUNNING))
        board.changed(FIFTY[0], DONE)
        board.changed(FIFTY[1], FAILED)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "fleet up: 2 stacks",
        "[0/2] t00: running",
        "[1/2] t00: done: 6 created (4s)",
        "[2/2] t01: failed: guardian: 403 [bold]no[/] (2s)",
    ]


def test_on_a_terminal_the_table_is_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    screen = Console(file=stream, force_terminal=True, width=120, height=30)
    monkeypatch.setattr(running, "notes", lambda: screen)
    with shown("fleet up: 2 stacks", FIFTY[:2], {}) as board:
        board.changed(FIFTY[0], DONE)
    assert "6 created" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()


def test_a_long_silence_is_broken_by_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    said = queue.Queue[str]()
    monkeypatch.setattr(running, "say", said.put)
    monkeypatch.setattr(terminal, "say", said.put)
    monkeypatch.setattr(running, "REMINDER", 0.01)
    with shown("fleet up: 2 stacks", FIFTY[:2], {}):
        assert [said.get(timeout=20) for _ in "12"] == ["fleet up: 2 stacks", "… 2 queued"]


def test_the_summary_has_every_stack_and_every_reason() -> None:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    outcomes = {FIFTY[0]: DONE, FIFTY[1]: FAILED}
    terminal.show(as_document("fleet up", outcomes), console)
    assert console.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "fleet up",
        "✓ t00 t00.example.jp, done, 6 created (4s)",
        "✗ t01 t01.example.jp, failed (2s)",
        "    guardian: 403 [bold]no[/]",
        "    more",
        "2 stacks: 1 done, 1 failed.",
    ]
    same = json.loads(as_json(as_object(outcomes)))
    assert (same["exit"], same["left"], same["totals"]) == (1, ["t01"], {"done": 1, "failed": 1})
    done = {"state": "done", "changes": {"created": 6}, "why": "", "seconds": 4.4, "log": None}
    failed = {"state": "failed", "changes": {}, "why": FAILED.why, "seconds": 2, "log": "t03.log"}
    assert same["stacks"] == [
        {"stack": "t00", "tenant": "t00.example.jp", "findings": [], **done},
        {"stack": "t01", "tenant": "t01.example.jp", "findings": [], **failed},
    ]


# --- What it comes to ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], Exit.FINE),
        ([State.DONE, State.DONE], Exit.FINE),
        ([State.DONE, State.DRIFTED], Exit.DRIFTED),
        ([State.DRIFTED, State.FAILED], Exit.FAULTY),
        ([State.FAILED, State.NOT_STARTED], Exit.FAULTY),
        ([State.FAILED, State.UNANSWERED], Exit.UNANSWERED),
        ([State.DONE, State.LOCKED], Exit.UNANSWERED),
        ([State.DONE, State.CANCELLED], Exit.UNANSWERED),
        ([State.DRIFTED, State.NOT_STARTED], Exit.UNANSWERED),
    ],
)
def test_the_exit_status_is_the_gravest_and_an_incomplete_answer_is_none(
    states: list[State], expected: Exit
) -> None:
    assert exit_of(Outcome(state=one) for one in states) == expected


def test_only_an_answer_stands_and_says_what_changes() -> None:
    counts = {one: Outcome(state=one).counts for one in State if Outcome(state=one).settled}
    assert counts == dict.fromkeys((State.DONE, State.DRIFTED), "no change")
    assert Outcome(state=State.DRIFTED, findings=("policy",)).counts == "1 drifted"
    assert Outcome(state=State.FAILED).counts == ""
