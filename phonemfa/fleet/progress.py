"""How a run looks while it goes on: one table that stays in place, or lines where nobody watches.

Owns both, on standard error. Refuses to keep anything: that is the run file's.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State
from phonemfa.output.terminal import REMINDER, notes

_STYLES: Final = {
    State.RUNNING: "cyan",
    State.HELD: "yellow",
    State.DONE: "green",
    State.DRIFTED: "magenta",
    State.FAILED: "red",
    State.UNANSWERED: "red",
    State.LOCKED: "yellow",
    State.CANCELLED: "yellow",
}
_SHOWN_FIRST: Final = (
    State.RUNNING,
    State.HELD,
    State.FAILED,
    State.UNANSWERED,
    State.LOCKED,
    State.CANCELLED,
    State.DRIFTED,
    State.QUEUED,
    State.NOT_STARTED,
    State.DONE,
)
_FRAME: Final = 6
"""Lines of the table that are no stack."""


class Board:
    """What is known of every stack at this moment; the conductor's watcher.

    Args:
        title: what goes on.
        members: every stack, in order.
        known: outcomes that stand already.
        keep: is called with every change, to keep it.
        console: where lines go.
        lines: a line a change; no, where a table is shown.
    """

    def __init__(
        self,
        title: str,
        members: Sequence[Member],
        known: dict[str, Outcome],
        keep: Callable[[str, Outcome], None],
        console: Console,
        *,
        lines: bool,
    ) -> None:
        self._title = title
        self._members = members
        self._keep = keep
        self._console = console
        self._lines = lines
        self._outcomes = {
            one.stack: known.get(one.stack, Outcome(state=State.QUEUED)) for one in members
        }
        self._steps: dict[str, str] = {}
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()

    def changed(self, member: Member, outcome: Outcome) -> None:
        """A stack is somewhere else."""
        with self._lock:
            self._outcomes[member.stack] = outcome
            if outcome.state is State.RUNNING:
                self._began[member.stack] = time.monotonic()
            self._steps.pop(member.stack, None)
            if self._lines:
                self._console.print(self._line(member.stack, outcome), soft_wrap=True)
        self._keep(member.stack, outcome)

    def step(self, member: Member, what: str) -> None:
        """A stack does its next step."""
        with self._lock:
            self._steps[member.stack] = what

    def say(self, line: str) -> None:
        """A line of its own, above the table where there is one."""
        self._console.print(Text(line), soft_wrap=True)

    def counts(self) -> str:
        """How many are where."""
        with self._lock:
            found = Counter(one.state for one in self._outcomes.values())
        return ", ".join(f"{found[state]} {state}" for state in State if found[state])

    def table(self, height: int) -> RenderableType:
        """The table as it is now.

        Args:
            height: lines that there are; what has no place is counted.
        """
        with self._lock:
            order = sorted(
                self._members, key=lambda one: _SHOWN_FIRST.index(self._outcomes[one.stack].state)
            )
            table = Table(title=self._title, title_justify="left", expand=False)
            for heading in ("stack", "tenant", "state", "time", ""):
                table.add_column(heading, no_wrap=True, overflow="ellipsis")
            shown = order[: max(1, height - _FRAME)]
            for member in shown:
                outcome = self._outcomes[member.stack]
                table.add_row(
                    Text(member.stack),
                    Text(member.domain),
                    Text(outcome.state, style=_STYLES.get(outcome.state, "")),
                    self._time(member.stack, outcome),
                    Text(self._said(member.stack, outcome)),
                )
        rest = len(order) - len(shown)
        return Group(table, Text(f"{self.counts()}{f' ({rest} not shown)' if rest else ''}"))

    def _line(self, stack: str, outcome: Outcome) -> Text:
        ended = sum(
            one.state not in {State.QUEUED, State.HELD, State.RUNNING}
            for one in self._outcomes.values()
        )
        said = self._said(stack, outcome)
        took = f" ({outcome.seconds:.0f}s)" if outcome.seconds else ""
        what = f"{outcome.state}{f': {said}' if said else ''}{took}"
        return Text(f"[{ended}/{len(self._members)}] {stack}: {what}")

    def _said(self, stack: str, outcome: Outcome) -> str:
        if outcome.state is State.RUNNING:
            return self._steps.get(stack, "")
        return outcome.counts if outcome.settled else outcome.why.partition("\n")[0]

    def _time(self, stack: str, outcome: Outcome) -> str:
        if outcome.state is State.RUNNING:
            return f"{time.monotonic() - self._began[stack]:.0f}s"
        return f"{outcome.seconds:.0f}s" if outcome.seconds else ""


@contextmanager
def shown(
    title: str,
    members: Sequence[Member],
    known: dict[str, Outcome],
    keep: Callable[[str, Outcome], None],
) -> Iterator[Board]:
    """Show a run while the block goes on: a table on a terminal, else a line a change."""
    console = notes()
    if console.is_terminal:
        board = Board(title, members, known, keep, console, lines=False)
        with Live(
            get_renderable=lambda: board.table(console.height),
            console=console,
            refresh_per_second=4,
        ):
            yield board
        return
    board = Board(title, members, known, keep, console, lines=True)
    console.print(Text(title), soft_wrap=True)
    ended = threading.Event()
    reminder = threading.Thread(target=_remind, args=(console, board, ended), daemon=True)
    reminder.start()
    try:
        yield board
    finally:
        ended.set()
        reminder.join()


def _remind(console: Console, board: Board, ended: threading.Event) -> None:
    while not ended.wait(REMINDER):
        console.print(Text(f"… {board.counts()}"), soft_wrap=True)
