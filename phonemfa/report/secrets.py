"""What becomes of each of an Action's secrets, by name.

Owns telling changed from unchanged. Refuses values: it never hands one on, and looks at those of
plain settings alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from phonemfa.report.preview import Operation, Step
from policy.model import Hidden
from policy.resource_types import ACTION


class Fate(StrEnum):
    """What becomes of a secret."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNTOLD = "untold"
    """The engine's answer has not enough to tell a hidden value from another."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class SecretFate:
    """One secret of one Action."""

    action: str
    name: str
    fate: Fate


def secret_fates(steps: tuple[Step, ...]) -> tuple[SecretFate, ...]:
    """Every secret of every Action of the stack, in the order in which the Action has them."""
    return tuple(
        SecretFate(action=str((step.new or step.old).get("name", "")), name=name, fate=fate)
        for step in steps
        if step.type == ACTION
        for name, fate in _fates(step)
    )


def _fates(step: Step) -> Iterator[tuple[str, Fate]]:
    old, new = _places(step.old), _places(step.new)
    for name in dict.fromkeys((*new, *old)):
        if name not in old:
            yield name, Fate.ADDED
        elif name not in new:
            yield name, Fate.REMOVED
        else:
            yield name, _fate(step, old[name], new[name])


def _places(action: Mapping[str, Any]) -> dict[str, tuple[int, Any]]:
    secrets = action.get("secrets")
    if not isinstance(secrets, list):
        return {}
    return {
        str(one.get("name")): (place, one.get("value"))
        for place, one in enumerate(secrets)
        if isinstance(one, Mapping)
    }


def _fate(step: Step, old: tuple[int, Any], new: tuple[int, Any]) -> Fate:
    if step.operation is Operation.SAME:
        return Fate.UNCHANGED
    (was_at, was), (will_be_at, will_be) = old, new
    if not isinstance(was, Hidden) and not isinstance(will_be, Hidden):
        return Fate.UNCHANGED if was == will_be else Fate.CHANGED
    # Two hidden values cannot be compared; the engine has, and names the place in the list.
    if was_at != will_be_at or not step.paths or "secrets" in step.paths:
        return Fate.UNTOLD
    place = f"secrets[{will_be_at}]"
    return Fate.CHANGED if step.paths & {place, f"{place}.value"} else Fate.UNCHANGED
