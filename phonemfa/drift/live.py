"""A tenant as a drift check needs it, read with the scopes that `phonemfa.scopes` lists for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from components.tenant.action import Action, Version
from components.tenant.model import plain, seen
from components.tenant.snapshot import EVERYTHING, About, Snapshot, read
from components.vocabulary import TRIGGERS
from phonemfa.drift.recorded import Recorded

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


@dataclass(frozen=True, kw_only=True)
class Live:
    """What is in the tenant.

    `deployed_by_us` is the version that the stack's last `pulumi up` deployed, by Action id;
    without the Action when the tenant has forgotten it.
    """

    tenant: Snapshot
    deployed_by_us: Mapping[str, Version]


async def read_live(client: AsyncManagementClient, declared: Snapshot, recorded: Recorded) -> Live:
    """What the stack declares, and what could stand beside it."""
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
    return Live(tenant=tenant, deployed_by_us=await _deployed_by_us(client, tenant, recorded))


async def _deployed_by_us(
    client: AsyncManagementClient, tenant: Snapshot, recorded: Recorded
) -> dict[str, Version]:
    found: dict[str, Version] = {}
    for action in seen(tenant.actions):
        ours = next((one for one in recorded.all(Action.TOKEN) if one.id == action.id), None)
        version_id = ours and ours.action.version_id
        if not version_id:
            continue
        if action.running and action.running.id == version_id:
            found[action.id] = action.running
        else:
            # Somebody else has deployed since. The tenant keeps the last fifty versions.
            version = await _unless_gone(client, action.id, version_id)
            if version:
                found[action.id] = version
    return found


async def _unless_gone(
    client: AsyncManagementClient, action_id: str, version_id: str
) -> Version | None:
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    try:
        return Version.of_api(plain(await client.actions.versions.get(action_id, version_id)))
    except ApiError as error:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return None
        raise
