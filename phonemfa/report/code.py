"""What changes in an Action's code, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from phonemfa.output.text import unified_diff
from phonemfa.report.facts import ActionFacts, Facts


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
    was, will = (one.code or "" if one else "" for one in (old, new))
    lines: tuple[str, ...] = ()
    if old and new:
        lines = tuple(unified_diff(was, will, names=("before", "after")))
    return CodeChange(
        action=there.name,
        what="changed" if old and new else "new" if new else "deleted",
        lines=lines,
        added=_count(lines, "+") if lines else _length(will),
        removed=_count(lines, "-") if lines else _length(was),
        digest=sha256((there.code or "").encode("utf-8", "replace")).hexdigest(),
    )


def _length(code: str) -> int:
    return code.count("\n") + 1 if code else 0


def _count(lines: tuple[str, ...], sign: str) -> int:
    # The first two lines are the headings.
    return sum(line.startswith(sign) for line in lines[2:])
