"""What a run came to: one table and one line for people, one document for machines.

Owns both forms. Refuses to know how it came about.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State, exit_of
from phonemfa.fleet.record import Run


def show_summary(
    run: Run, members: Sequence[Member], logs: Path, left_out: dict[str, str], console: Console
) -> None:
    """The end of a run."""
    show_outcomes(f"fleet {run.command}", members, run.outcomes, console)
    found = Counter(run.outcome(one).state for one in run.stacks)
    told = ", ".join(f"{found[state]} {state}" for state in State if found[state])
    console.print(Text(f"{len(run.stacks)} stacks: {told or 'none'}. Logs: {logs}"), soft_wrap=True)
    for stack, reason in left_out.items():
        console.print(Text(f"left out: {stack} ({reason})"), soft_wrap=True)
    if run.left:
        again = f"phonemfa fleet {run.command} --resume --run {run.id}"
        console.print(Text(f"What is left, and nothing else: {again}"), soft_wrap=True)


def show_outcomes(
    title: str, members: Sequence[Member], outcomes: dict[str, Outcome], console: Console
) -> None:
    """One row a stack."""
    table = Table(title=title, title_justify="left")
    for heading in ("stack", "tenant", "state", "changes", "time"):
        table.add_column(heading, overflow="fold")
    table.add_column("why", overflow="fold")
    for member in members:
        one = outcomes.get(member.stack, Outcome(state=State.NOT_STARTED))
        took = f"{one.seconds:.0f}s" if one.seconds else ""
        cells = (member.stack, member.domain, one.state, one.counts, took, one.why)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def as_json(run: Run, members: Sequence[Member], left_out: dict[str, str]) -> str:
    """The same for machines. `exit` is the command's exit status."""
    stacks = [_stack(one, run.outcome(one.stack)) for one in members]
    answer = {
        "run": run.id,
        "command": run.command,
        "began": run.began,
        "shard": run.shard or None,
        "exit": int(exit_of(run.outcome(one) for one in run.stacks)),
        "totals": dict(Counter(one["state"] for one in stacks)),
        "left": run.left,
        "left_out": left_out,
        "stacks": stacks,
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _stack(member: Member, outcome: Outcome) -> dict[str, Any]:
    return {
        "stack": member.stack,
        "tenant": member.domain,
        "state": outcome.state.value,
        "changes": dict(outcome.changes),
        "findings": list(outcome.findings),
        "why": outcome.why,
        "seconds": outcome.seconds,
        "tries": outcome.tries,
        "log": outcome.log or None,
    }
