"""What changes in an Action's code, line by line.

Owns the unified diff. Refuses to shorten it (each format has its own room) and to escape it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from phonemfa.report.facts import ActionFacts, Facts
from phonemfa.shown import visible


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """The code of one Action. `lines` is the unified diff; empty for a new or a deleted Action."""

    action: str
    what: str
    """`changed`, `new` or `deleted`."""
    lines: tuple[str, ...]
    added: int
    removed: int
    digest: str
    """SHA-256 of the code that will be there (of a deleted Action: that was there), hexadecimal."""


def code_changes(before: Facts, after: Facts) -> tuple[CodeChange, ...]:
    """Every Action whose code will be another."""
    return tuple(_changes(before, after))


def _changes(before: Facts, after: Facts) -> Iterator[CodeChange]:
    old = {one.resource: one for one in before.actions}
    new = {one.resource: one for one in after.actions}
    for resource in sorted({*old, *new}):
        change = _change(old.get(resource), new.get(resource))
        if change:
            yield change


def _change(old: ActionFacts | None, new: ActionFacts | None) -> CodeChange | None:
    there = new or old
    if there is None or (old and new and old.code == new.code):
        return None
    if any(side and side.code is None for side in (old, new)):
        return None  # Hidden, or known after the apply: `unseen` says so.
    # Split at line feeds alone: other separators would hide in the middle of what looks one line.
    was = (old.code or "").split("\n") if old else []
    will = (new.code or "").split("\n") if new else []
    lines: tuple[str, ...] = ()
    if old and new:
        difference = difflib.unified_diff(was, will, "before", "after", lineterm="")
        lines = tuple(visible(line) for line in difference)
    return CodeChange(
        action=there.name,
        what="changed" if old and new else "new" if new else "deleted",
        lines=lines,
        added=_count(lines, "+") if lines else len(will),
        removed=_count(lines, "-") if lines else len(was),
        digest=sha256((there.code or "").encode("utf-8", "replace")).hexdigest(),
    )


def _count(lines: tuple[str, ...], sign: str) -> int:
    # The first two lines are the headings.
    return sum(line.startswith(sign) for line in lines[2:])
