"""One look at a stack and its tenant: the stack's file, the engine's refresh, the tenant.

The nightly job of a company has a client that reads and nothing else: without the state, what is
declared is compared with the tenant, and what only a state knows is said to be unknown.

Nothing in it can write: the engine only previews its refresh, and the tenant is read with the read
scopes that `phonemfa.scopes` lists for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from components.tenant import snapshot
from components.tenant.access import Access
from components.tenant.action import Action, Version
from components.tenant.client import Heard, ask
from components.tenant.model import LEFT_ALONE, Client, plain, seen
from components.tenant.snapshot import EVERYTHING, About, Snapshot
from phonemfa.answered import RefusedError
from phonemfa.applied import NOT_READ, Applied
from phonemfa.pulumi.preview import Step
from phonemfa.pulumi.stack_file import StackFile
from phonemfa.pulumi.state import Resource, State

Working = Callable[[str], AbstractContextManager[Heard | None]]


@dataclass(frozen=True, kw_only=True)
class Recorded(State):
    """The auth0 resources of a state beside what a refresh would make of them.

    `applied` is what the last run applied of the stack's settings. `is_seen` is false where no
    state was read: then no resource is known, which does not mean that there is none.
    """

    changes: Sequence[tuple[Resource, Step]] = ()
    """Resources of which a refresh would change the record."""
    applied: Applied = NOT_READ
    is_seen: bool = False

    @classmethod
    def after(cls, steps: Iterable[Step]) -> Self:
        """Those among the steps of a refresh."""
        there = [(one.before, one) for one in steps if one.before and not one.before.is_replaced]
        ours = [(one, step) for one, step in there if one.type.startswith("auth0:")]
        return cls(
            resources=[one for one, _ in ours],
            changes=[(one, step) for one, step in ours if step.is_change],
            applied=Applied.of(one for one, _ in there),
            is_seen=True,
        )

    def one(self, kind: str, **outputs: Any) -> Resource | None:
        """The resource of a type whose outputs have these values."""
        found = (one for one in self.all(kind) if outputs.items() <= one.outputs.items())
        return next(found, None)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What is compared: what the stack declares, what its state recorded, and what is there.

    `deployed_by_us` is the version that the stack's last `pulumi up` deployed, by Action id;
    without the Action when the tenant has forgotten it.
    """

    declared: Snapshot
    recorded: Recorded
    tenant: Snapshot
    deployed_by_us: Mapping[str, Version]


def held(one: Snapshot) -> list[object]:
    """What `pulumi up` makes of a stack in a tenant, one for each resource."""
    parts = [*seen(one.actions), *seen(one.bindings), *seen(one.templates), one.guardian]
    if seen(one.provider):
        parts.append(one.provider)
    if one.in_transition or seen(one.settings).mfa_in_actions is not LEFT_ALONE:
        parts.append(seen(one.settings))
    return parts


def look(wanted: StackFile, access: Access, working: Working, *, with_state: bool = True) -> Sides:
    """Look once; `with_state`, the engine is asked too.

    `working` shows that something takes its time, by what it does.

    Raises:
        EngineFailedError: the engine gave no answer.
        RefusedError: the stack is empty.
        TenantUnreadableError: the tenant gave no answer, or a scope is missing.
    """
    recorded = Recorded()
    if with_state:
        with working(f"pulumi refresh --preview-only of stack {wanted.stack}"):
            recorded = Recorded.after(wanted.cli.refresh_preview())
        if not recorded.resources:
            raise RefusedError(
                f"Stack {wanted.stack} has no resources: pulumi up has not run, or was undone. "
                "There is nothing that the tenant could have drifted from."
            )
    declared = snapshot.declared(wanted.settings, wanted.project)
    with working(f"reading the tenant {access.domain}") as heard:
        return ask(access, lambda client: _read(client, wanted, declared, recorded), heard=heard)


async def _read(client: Client, wanted: StackFile, declared: Snapshot, recorded: Recorded) -> Sides:
    """With what the stack declares of a tenant, and what could stand beside it."""
    about = {*EVERYTHING}
    if declared.provider is None:
        about.discard(About.PROVIDER)
    if not declared.templates:
        about.discard(About.TEMPLATES)
    if not isinstance(declared.guardian.selected_provider, str):
        about.discard(About.LEGACY)
    tenant = await snapshot.read(client, about, experiences=wanted.settings.experiences)
    versions = {one.id: one.action.version_id for one in recorded.all(Action.TOKEN)}
    deployed: dict[str, Version] = {}
    for action in seen(tenant.actions):
        version_id = versions.get(action.id)
        found = await _version(client, action, version_id) if version_id else None
        if found:
            deployed[action.id] = found
    return Sides(declared=declared, recorded=recorded, tenant=tenant, deployed_by_us=deployed)


async def _version(client: Client, action: Action, version_id: str) -> Version | None:
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    if action.running and action.running.id == version_id:
        return action.running
    # Somebody else has deployed since. The tenant keeps the last fifty versions.
    try:
        return Version.of_api(plain(await client.actions.versions.get(action.id, version_id)))
    except ApiError as error:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return None
        raise
