"""One look at a stack and its tenant: the stack's file, the engine's refresh, the tenant.

The nightly job of a company has a client that reads and nothing else: without the state, what is
declared is compared with the tenant, and what only a state knows is said to be unknown.

Nothing in it can write: the engine only previews its refresh, and the tenant is read with read
scopes.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from components.tenant import snapshot
from components.tenant.access import Access
from components.tenant.client import Heard, ask
from components.tenant.model import LEFT_ALONE, seen
from components.tenant.snapshot import Snapshot
from phonemfa.answered import RefusedError
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding
from phonemfa.drift.sources import Recorded, Sides, read_sides
from phonemfa.pulumi.stack_file import StackFile

Working = Callable[[str], AbstractContextManager[Heard | None]]


@dataclass(frozen=True)
class Look:
    """What a look found, and what it was found in."""

    at: Sides
    findings: list[Finding]


def held(one: Snapshot) -> list[object]:
    """What `pulumi up` makes of a stack in a tenant, one for each resource."""
    parts = [*seen(one.actions), *seen(one.bindings), *seen(one.templates), one.guardian]
    if seen(one.provider):
        parts.append(one.provider)
    if one.in_transition or seen(one.settings).mfa_in_actions is not LEFT_ALONE:
        parts.append(seen(one.settings))
    return parts


def look(
    wanted: StackFile,
    access: Access,
    working: Working,
    *,
    with_state: bool = True,
    accepted: Collection[str] = (),
) -> Look:
    """Look once.

    Args:
        wanted: the stack.
        access: to its tenant.
        working: shows that something takes its time, by what it does.
        with_state: whether the engine is asked too.
        accepted: ids of findings that are notices.

    Raises:
        EngineFailedError: the engine gave no answer.
        RefusedError: the stack is empty.
        TenantUnreadableError: the tenant gave no answer, or a scope is missing.
    """
    recorded = Recorded.unseen()
    if with_state:
        with working(f"pulumi refresh --preview-only of stack {wanted.stack}"):
            recorded = Recorded.of(wanted.cli.refresh_preview())
        if not recorded.resources:
            raise RefusedError(
                f"Stack {wanted.stack} has no resources: pulumi up has not run, or was undone. "
                "There is nothing that the tenant could have drifted from."
            )
    declared = snapshot.declared(wanted.settings, wanted.project)
    with working(f"reading the tenant {access.domain}") as heard:
        at = ask(access, lambda client: read_sides(client, declared, recorded), heard=heard)
    return Look(at, check(at, accepted=accepted))
