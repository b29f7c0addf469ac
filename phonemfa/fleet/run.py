"""Many stacks, so many at once: who runs when, how it looks meanwhile, and what it came to."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Final, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from components.masking import redacted
from phonemfa.exits import Exit
from phonemfa.fleet.selection import Member, by_tenant
from phonemfa.output import document as doc
from phonemfa.output.document import Mark
from phonemfa.output.terminal import REMINDER, notes, reminded, say
from phonemfa.pulumi.processes import AWAKE


class State(StrEnum):
    """Where a stack stands: in a word, with a mark, as a run's exit status.

    `rank` is its place in the table: what runs comes first, then what needs somebody's eyes.
    """

    QUEUED = "queued", None, Exit.UNANSWERED, 3
    RUNNING = "running", Mark.NOTE, Exit.UNANSWERED, 0
    DONE = "done", Mark.GOOD, Exit.FINE, 5
    DRIFTED = "drift", Mark.BAD, Exit.DRIFTED, 2
    FAILED = "failed", Mark.BAD, Exit.FAULTY, 1
    """Begun and not ended well; the next run takes it from there."""
    UNANSWERED = "no answer", Mark.UNKNOWN, Exit.UNANSWERED, 1
    LOCKED = "locked", Mark.WARNING, Exit.UNANSWERED, 1
    CANCELLED = "cancelled", Mark.WARNING, Exit.UNANSWERED, 1
    NOT_STARTED = "not started", None, Exit.UNANSWERED, 4

    mark: Mark | None
    exit: Exit
    rank: int

    def __new__(cls, word: str, mark: Mark | None, status: Exit, rank: int) -> Self:
        one = str.__new__(cls, word)
        one._value_ = word
        one.mark, one.exit, one.rank = mark, status, rank
        return one


_FRAME: Final = 6
"""Lines of the table that are no stack."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One stack's end.

    Attributes:
        changes: how many resources by what was done, or would be, to them; `same` is not in it.
        findings: ids of drift.
        why: one or a few lines for a person, without secrets and phone numbers.
        log: name of the file with everything the engine said.
        nothing: how it is called that there are neither changes nor findings.
    """

    state: State
    changes: Mapping[str, int] = field(default_factory=dict)
    findings: Sequence[str] = ()
    why: str = ""
    seconds: float = 0.0
    log: str | None = None
    nothing: str = "no change"

    @property
    def settled(self) -> bool:
        """Whether it has an answer that stands."""
        return self.state in {State.DONE, State.DRIFTED}

    @property
    def counts(self) -> str:
        """The changes, or the findings, in a few words."""
        if self.findings:
            return f"{len(self.findings)} drifted"
        told = ", ".join(f"{number} {verb}" for verb, number in self.changes.items())
        return told or (self.nothing if self.settled else "")


Outcomes = Mapping[Member, Outcome]
Work = Callable[[Member, Callable[[str], None]], Outcome]


def exit_of(outcomes: Iterable[Outcome]) -> Exit:
    """The run's exit status: 2 before 1 before 7, as an incomplete answer is none.

    Stacks that were not started because others failed add nothing to what those say.
    """
    states = {one.state for one in outcomes}
    if State.FAILED in states:
        states.discard(State.NOT_STARTED)
    found = {one.exit for one in states}
    gravest_first = (Exit.UNANSWERED, Exit.FAULTY, Exit.DRIFTED)
    return next((one for one in gravest_first if one in found), Exit.FINE)


class Board:
    """What is known of every stack at this moment; safe to tell from any thread.

    `known` are outcomes that stand already; with `lines` each change is printed, for want of a
    table.
    """

    def __init__(
        self, title: str, members: Sequence[Member], known: Outcomes, *, lines: bool
    ) -> None:
        self.outcomes = {one: known.get(one, Outcome(state=State.QUEUED)) for one in members}
        self._title = title
        self._lines = lines
        self._steps: dict[Member, str] = {}
        self._began: dict[Member, float] = {}
        self._lock = threading.Lock()

    def changed(self, member: Member, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[member] = outcome
            self._began[member] = time.monotonic()
            self._steps.pop(member, None)
            if self._lines:
                running = {State.QUEUED, State.RUNNING}
                ended = sum(one.state not in running for one in self.outcomes.values())
                told = ": ".join(filter(None, [outcome.state, self._said(member, outcome)]))
                say(f"[{ended}/{len(self.outcomes)}] {member.stack}: {told}{_took(outcome)}")

    def step(self, member: Member, what: str) -> None:
        self._steps[member] = what

    def table(self, height: int) -> RenderableType:
        """What runs first, then what needs a look, in so many lines; the rest is counted."""
        with self._lock:
            order = sorted(self.outcomes, key=lambda one: self.outcomes[one].state.rank)
            shown = order[: max(1, height - _FRAME)]
            table = Table(title=Text(self._title), title_justify="left", box=None)
            for heading in ("stack", "tenant", "state", "time", ""):
                table.add_column(heading, no_wrap=True, overflow="ellipsis")
            for member in shown:
                table.add_row(*self._row(member))
        rest = len(order) - len(shown)
        counts = counts_of(self.outcomes.values())
        return Group(table, Text(f"{counts} ({rest} not shown)" if rest else counts))

    def _row(self, member: Member) -> list[Text]:
        outcome = self.outcomes[member]
        mark = outcome.state.mark
        seconds = outcome.seconds
        if outcome.state is State.RUNNING:
            seconds = time.monotonic() - self._began[member]
        return [
            Text(member.stack),
            Text(member.domain),
            Text(outcome.state, style=mark.colour if mark else ""),
            Text(f"{seconds:.0f}s" if seconds else ""),
            Text(self._said(member, outcome)),
        ]

    def _said(self, member: Member, outcome: Outcome) -> str:
        if outcome.state is State.RUNNING:
            return self._steps.get(member, "")
        return outcome.counts if outcome.settled else outcome.why.partition("\n")[0]


def run(
    waves: Sequence[Sequence[Member]],
    work: Work,
    board: Board,
    *,
    parallel: int,
    stopping: Callable[[], bool],
) -> None:
    """All stacks, wave by wave; each has an outcome on the board in the end.

    A wave of which a stack has no good end is the last one. Within a wave nobody waits for
    anybody, but for another stack of the same tenant: they share its one provider and policy.
    What the board has an answer of is not begun, and nothing is once it is `stopping`.
    """

    def one_tenant(members: Sequence[Member]) -> None:
        for member in members:
            skipped = obstacle or ("the run was stopped before" if stopping() else "")
            if skipped:
                end = Outcome(state=State.NOT_STARTED, why=f"skipped: {skipped}")
            else:
                board.changed(member, Outcome(state=State.RUNNING))
                try:
                    end = work(member, partial(board.step, member))
                except Exception as error:  # noqa: BLE001 - it never stops the others
                    why = redacted(f"not foreseen: {type(error).__name__}: {error}")
                    end = Outcome(state=State.UNANSWERED, why=why)
            board.changed(member, end)

    obstacle = ""
    with ThreadPoolExecutor(parallel, thread_name_prefix="fleet") as pool:
        for wave in waves:
            todo = [one for one in wave if board.outcomes[one].state is State.QUEUED]
            begun = [pool.submit(one_tenant, one) for one in by_tenant(todo)]
            while wait(begun, AWAKE).not_done:
                pass
            for future in begun:
                future.result()
            bad = [one.stack for one in wave if not board.outcomes[one].settled]
            if bad and not obstacle:
                obstacle = f"{', '.join(bad)} did not succeed"


@contextmanager
def shown(title: str, members: Sequence[Member], known: Outcomes) -> Iterator[Board]:
    """Show a run while the block goes on: a table on a terminal, else a line a change."""
    console = notes()
    board = Board(title, members, known, lines=not console.is_terminal)
    if console.is_terminal:
        with Live(console=console, get_renderable=lambda: board.table(console.height)):
            yield board
        return
    say(title)
    with reminded(lambda: counts_of(board.outcomes.values()), REMINDER):
        yield board


def as_document(title: str, outcomes: Outcomes, after: Iterable[doc.Block] = ()) -> doc.Document:
    """One entry a stack, and how many are where."""
    entries = []
    for one, end in outcomes.items():
        told = ", ".join(filter(None, [one.domain, end.state, end.counts]))
        line = doc.Code(one.stack), f" {told}{_took(end)}"
        below = (doc.Verbatim(end.why),) if end.why else ()
        entries.append(doc.Entry(mark=end.state.mark or Mark.NOTE, line=line, below=below))
    counts = doc.Strong(f"{len(outcomes)} stacks: {counts_of(outcomes.values())}.")
    return doc.Document(title, (doc.Entries(tuple(entries)), doc.Paragraph((counts,)), *after))


def as_object(outcomes: Outcomes) -> dict[str, Any]:
    """The same for JSON; `exit` is the command's exit status, `left` has no answer that stands."""
    stacks = []
    for one, end in outcomes.items():
        told = {key: value for key, value in vars(end).items() if key != "nothing"}
        stacks.append({"stack": one.stack, "tenant": one.domain, **told})
    return {
        "exit": int(exit_of(outcomes.values())),
        "totals": Counter(one.state for one in outcomes.values()),
        "left": left_of(outcomes),
        "stacks": stacks,
    }


def left_of(outcomes: Outcomes) -> list[str]:
    """Stacks without an answer that stands."""
    return [one.stack for one, end in outcomes.items() if not end.settled]


def counts_of(outcomes: Iterable[Outcome]) -> str:
    """How many are where, in words."""
    found = Counter(one.state for one in outcomes)
    return ", ".join(f"{found[state]} {state}" for state in State if found[state]) or "none"


def _took(outcome: Outcome) -> str:
    return f" ({outcome.seconds:.0f}s)" if outcome.seconds else ""
