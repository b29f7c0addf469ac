"""What a tenant is compared with, and the tenant: what its state recorded, and what is there.

The tenant is read with the scopes that `phonemfa.scopes` lists for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from components.tenant.action import Action, Version
from components.tenant.model import plain, seen
from components.tenant.snapshot import EVERYTHING, About, Snapshot, read
from components.vocabulary import TRIGGERS
from phonemfa.applied import Applied
from phonemfa.pulumi.preview import Step
from phonemfa.pulumi.state import Resource

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The state of a stack beside what a refresh would make of it.

    `applied` is what the last run applied of the stack's settings. `is_seen` is false where no
    state was read: then no resource is known, which does not mean that there is none.
    """

    resources: tuple[Resource, ...]
    changes: tuple[tuple[Resource, Step], ...]
    """Resources of which a refresh would change the record."""
    applied: Applied
    is_seen: bool = True

    @classmethod
    def unseen(cls) -> Recorded:
        """Where nobody looked: a nightly job has neither the state nor what decrypts it."""
        return cls(resources=(), changes=(), applied=Applied.not_read(), is_seen=False)

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Recorded:
        """The auth0 resources and changes among the steps of a refresh."""
        there = [(one.before, one) for one in steps if one.before and not one.before.is_replaced]
        ours = [(one, step) for one, step in there if one.type.startswith("auth0:")]
        return cls(
            resources=tuple(one for one, _ in ours),
            changes=tuple((one, step) for one, step in ours if step.is_change),
            applied=Applied.of(one for one, _ in there),
        )

    def all(self, type_: str) -> list[Resource]:
        """The resources of one type."""
        return [one for one in self.resources if one.type == type_]

    def one(self, type_: str, **outputs: Any) -> Resource | None:
        """The resource of one type whose outputs have these values."""
        for found in self.all(type_):
            if all(found.outputs.get(name) == value for name, value in outputs.items()):
                return found
        return None


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


async def read_sides(
    client: AsyncManagementClient, declared: Snapshot, recorded: Recorded
) -> Sides:
    """With what the stack declares of a tenant, and what could stand beside it."""
    about = {*EVERYTHING}
    if declared.provider is None:
        about.discard(About.PROVIDER)
    if not declared.templates:
        about.discard(About.TEMPLATES)
    if not isinstance(declared.guardian.selected_provider, str):
        about.discard(About.LEGACY)
    triggers = {one.trigger for one in seen(declared.actions)}
    experiences = [
        one for one, name in TRIGGERS.items() if name in triggers or one is declared.experience
    ]
    tenant = await read(client, about, experiences=experiences)
    versions = {one.id: one.action.version_id for one in recorded.all(Action.TOKEN)}
    deployed: dict[str, Version] = {}
    for action in seen(tenant.actions):
        if version_id := versions.get(action.id):
            found = await _version(client, action, version_id)
            deployed |= {action.id: found} if found else {}
    return Sides(declared=declared, recorded=recorded, tenant=tenant, deployed_by_us=deployed)


async def _version(
    client: AsyncManagementClient, action: Action, version_id: str
) -> Version | None:
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
