"""What became of one stack, and what a run of many amounts to.

Owns the states, and the exit status that they add up to. Refuses to bring any of them about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from phonemfa.exits import Exit


class State(StrEnum):
    """Where a stack stands."""

    QUEUED = "queued"
    HELD = "waiting"
    """For its tenant: the rate limit, or another stack of the same tenant."""
    RUNNING = "running"
    DONE = "done"
    DRIFTED = "drift"
    FAILED = "failed"
    """Begun and not ended well; the next run takes it from there."""
    UNANSWERED = "no answer"
    LOCKED = "locked"
    CANCELLED = "cancelled"
    NOT_STARTED = "not started"


SETTLED: Final = frozenset({State.DONE, State.DRIFTED})
"""What a resumed run need not do again."""

_EXITS: Final[Mapping[State, Exit]] = {
    State.FAILED: Exit.FAULTY,
    State.DRIFTED: Exit.DRIFTED,
    State.DONE: Exit.FINE,
}
_GRAVEST_FIRST: Final = (Exit.UNANSWERED, Exit.FAULTY, Exit.DRIFTED)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One stack's end.

    Attributes:
        changes: how many resources by what was done, or would be, to them; `same` is not in it.
        findings: ids of drift.
        why: one or a few lines for a person, without secrets and phone numbers.
        seconds: of the last try.
        tries: how often it was begun.
        limited: the tenant's rate limit ended it, so that a later try may go through.
        log: name of the file with everything the engine said.
        nothing: how it is called that there are neither changes nor findings.
    """

    state: State
    changes: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    why: str = ""
    seconds: float = 0.0
    tries: int = 0
    limited: bool = False
    log: str = ""
    nothing: str = "no change"

    @property
    def settled(self) -> bool:
        """Whether it has an answer that stands."""
        return self.state in SETTLED

    @property
    def counts(self) -> str:
        """The changes, or the findings, in a few words."""
        if self.findings:
            return f"{len(self.findings)} drifted"
        if not self.settled and not self.changes:
            return ""
        return (
            ", ".join(f"{number} {verb}" for verb, number in self.changes.items()) or self.nothing
        )


def exit_of(outcomes: Iterable[Outcome]) -> Exit:
    """The run's exit status: 2 before 1 before 7, as an incomplete answer is none.

    Stacks that were not started because others failed add nothing to what those say.
    """
    states = {one.state for one in outcomes}
    if State.FAILED in states:
        states.discard(State.NOT_STARTED)
    found = {_EXITS.get(one, Exit.UNANSWERED) for one in states}
    return next((one for one in _GRAVEST_FIRST if one in found), Exit.FINE)
