"""Brings a stack's state back to where a plain `pulumi up` goes on after a killed run.

Owns the order: what the tenant has goes into the state (`pulumi import`), and only then the marks
of unfinished creations go. Killed in between, it can be run again. Refuses to write to the tenant,
to refresh what was not being created, and to take anybody's lock.

Why not `pulumi refresh --import-pending-creates`: it drops the mark and imports nothing (measured
with 3.259), after which the object is in the tenant and in nobody's state.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phonemfa.pulumi.engine import PulumiCli
from phonemfa.recover.pending import CREATING, Found, Pending, unrecorded

if TYPE_CHECKING:
    from auth0.management import ManagementClient


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is to settle.

    Attributes:
        found: is in the tenant, and goes into the state.
        absent: was never made, or is declared again by the next `up` whatever the tenant has.
        repeated: updates and deletions; the next `up` does them once more by itself.
    """

    found: list[Found] = field(default_factory=list)
    absent: list[Pending] = field(default_factory=list)
    repeated: list[Pending] = field(default_factory=list)

    @classmethod
    def of(cls, tenant: ManagementClient, deployment: Mapping[str, Any]) -> Plan:
        """Compare a state with its tenant.

        Raises:
            AmbiguousError: several objects can be what was being created.
        """
        looked_up = list(unrecorded(tenant, deployment))
        return cls(
            found=[found for _, found in looked_up if found],
            absent=[pending for pending, found in looked_up if not found],
            repeated=[one for one in Pending.all_of(deployment) if one.kind != CREATING],
        )

    @property
    def empty(self) -> bool:
        return not (self.found or self.absent or self.repeated)


def settle(cli: PulumiCli, plan: Plan) -> None:
    """Carry a plan out on the state.

    Raises:
        EngineFailedError: the engine refused; the state is as it was, or a part of it is settled.
    """
    if plan.found:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "import.json"
            path.write_text(json.dumps(import_file(plan.found)), encoding="utf-8")
            cli.import_resources(path)
    cli.forget_pending_creates()


def import_file(found: Sequence[Found]) -> dict[str, Any]:
    """What `pulumi import --file` reads; parents are in the state already, by their URN."""
    parents = {one.pending.parent: one.pending.parent.rpartition("::")[2] for one in found}
    return {
        "nameTable": {name: urn for urn, name in parents.items()},
        "resources": [
            {
                "type": one.pending.type,
                "name": one.pending.name,
                "id": one.id,
                "parent": parents[one.pending.parent],
                # The program's own, so that the import reads with the plugin that previews use.
                "version": version("pulumi_auth0"),
            }
            for one in found
        ],
    }
