"""What changes in an Action's code, line by line where both sides are the package's own.

Code that somebody wrote or edited by hand may hold a key: of it only length and hash are told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from components.action_code import is_assembled
from components.tenant.model import known
from phonemfa.output.text import unified_diff
from phonemfa.report.change import Change


@dataclass(frozen=True, kw_only=True)
class Code:
    """One side of a change of code, by what may be told of every code."""

    lines: int
    digest: str
    """SHA-256, hexadecimal."""
    ours: bool
    """Whether some version of this package made it, and nobody has edited it."""


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """The code of one Action; a side is None where there is none.

    `lines` is the unified diff; empty unless the code on both sides is ours.
    """

    action: str
    before: Code | None
    after: Code | None
    lines: tuple[str, ...] = ()

    @property
    def added(self) -> int:
        """Lines of the diff that are new."""
        return self._count("+")

    @property
    def removed(self) -> int:
        """Lines of the diff that go."""
        return self._count("-")

    def _count(self, sign: str) -> int:
        # The first two lines are the headings.
        return sum(line.startswith(sign) for line in self.lines[2:])


def code_changes(change: Change) -> tuple[CodeChange, ...]:
    """Every Action whose code will be another."""
    return tuple(_changes(change))


def _changes(change: Change) -> Iterator[CodeChange]:
    for step in sorted(change.actions(), key=lambda one: one.name):
        sides = [one and one.code for one in (step.was, step.will)]
        if sides[0] == sides[1] or any(one and not isinstance(one, str) for one in sides):
            continue  # Hidden, or known after the apply: `unseen` says so.
        before, after = (_told(one) for one in sides)
        ours = before and after and before.ours and after.ours
        yield CodeChange(
            action=known((step.will or step.was).name, step.name),
            before=before,
            after=after,
            lines=tuple(unified_diff(*sides, names=("before", "after"))) if ours else (),
        )


def _told(code: Any) -> Code | None:
    if not isinstance(code, str):
        return None
    return Code(
        lines=code.count("\n") + 1 if code else 0,
        digest=sha256(code.encode("utf-8", "replace")).hexdigest(),
        ours=is_assembled(code),
    )
