"""Brings a stack's state back to where a plain `pulumi up` goes on.

What the tenant has goes into the state first (`pulumi import`), and only then the marks of
unfinished creations go: killed in between, it can be run again.

Why not `pulumi refresh --import-pending-creates`: it drops the mark and imports nothing (measured
with 3.259), after which the object is in the tenant and in nobody's state.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from components.tenant.snapshot import Snapshot
from phonemfa.pulumi.engine import PulumiCli, to_import
from phonemfa.pulumi.preview import Operation, Step
from phonemfa.pulumi.state import STACK, Pending, Resource, State
from phonemfa.recover.unrecorded import Found, unrecorded

_CREATING: Final = "creating"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is to settle.

    Attributes:
        found: is in the tenant, and goes into the state.
        absent: was begun and never made, or is declared again whatever the tenant has.
        repeated: updates and deletions; the next `up` does them once more by itself.
        components: those of the program that the state does not have yet.
    """

    found: Sequence[Found]
    absent: Sequence[Resource]
    repeated: Sequence[Pending]
    components: Sequence[Resource]

    @classmethod
    def of(cls, tenant: Snapshot, state: State, steps: Iterable[Step] = ()) -> Self:
        """Compare a state with its tenant.

        Args:
            tenant: as it is.
            state: of the stack.
            steps: of a preview; without them, only what a killed run had begun is looked for.

        Raises:
            AmbiguousError: several objects can be what the stack declares.
        """
        begun = {one.resource.urn: one.resource for one in state.pending if one.kind == _CREATING}
        created = (one.after for one in steps if one.operation is Operation.CREATE)
        to_come = {one.urn: one for one in created if one}
        found = list(unrecorded(tenant, state, (begun | to_come).values()))
        made = {one.resource.urn for one in found}
        return cls(
            found=found,
            absent=[one for urn, one in begun.items() if urn not in made],
            repeated=[one for one in state.pending if one.kind != _CREATING],
            components=[
                one for one in to_come.values() if not one.type.startswith(("auth0:", "pulumi:"))
            ],
        )

    @property
    def empty(self) -> bool:
        """Whether state and tenant agree."""
        return not (self.found or self.absent or self.repeated)


def settle(cli: PulumiCli, plan: Plan) -> None:
    """Carry a plan out on the state.

    Raises:
        EngineFailedError: the engine refused; the state is as it was, or a part of it is settled.
    """
    if plan.found:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "import.json"
            path.write_text(json.dumps(import_file(plan)), encoding="utf-8")
            cli.import_resources(path)
    cli.forget_pending_creates()


def import_file(plan: Plan) -> dict[str, Any]:
    """What `pulumi import --file` reads.

    A parent that is in the state is told by its URN; one that is not is declared in the file.
    """
    missing = {one.urn: one for one in plan.components}
    components: dict[str, Resource] = {}
    known: dict[str, str] = {}
    for one in plan.found:
        parent = one.resource.parent
        while parent in missing:
            components[parent] = missing[parent]
            parent = missing[parent].parent
        if _parent(parent):
            known[_parent(parent)] = parent
    declared = [*reversed(components.values()), *(one.resource for one in plan.found)]
    ids = {one.resource.urn: one.id for one in plan.found}
    resources = [
        to_import(one.type, one.name, ids.get(one.urn, ""), _parent(one.parent)) for one in declared
    ]
    return {"nameTable": known, "resources": resources}


def _parent(urn: str) -> str:
    """The name of a parent; the stack itself needs none."""
    kind, _, name = urn.rpartition("::")
    return "" if kind.endswith(f"::{STACK}") else name
