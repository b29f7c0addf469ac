"""Keeps an Action that sends from being replaced.

The provider replaces an Action whose last build failed (documented for pulumi-auth0 3.54 and
later), although its older version still sends. A hook in front of a deletion would be recorded in
the state, and `pulumi destroy`, which runs no program, could then delete nothing. So the Action is
replaced by creating first (sender.py), and the hook in front of that looks for the one that sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.guards.hooks import WriteHooks, refuse
from components.tenant import action
from components.tenant.stack_access import plain

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


class StillSendingError(Exception):
    """Another Action of the same name sends already."""


class KeepSender(WriteHooks):
    """Refuses to make an Action beside one that sends: a transformation."""

    NAME, TYPES, WRITES = "keep-sender", (action.TOKEN,), ("create",)

    async def _before(self, args: pulumi.ResourceHookArgs) -> None:
        wanted = await plain(args.new_inputs)
        name, trigger = wanted.get("name"), action.trigger_of(wanted)
        if not name or not trigger:
            return  # A preview may not know them yet.
        async with self._access.connect() as tenant:
            version = await _running(tenant, name, trigger)
        if version is not None:
            refuse(StillSendingError(_refusal(name, version)))


async def _running(tenant: AsyncManagementClient, name: str, trigger: str) -> int | None:
    """The number of the version that runs; None when there is no such Action, or none runs."""
    there = action.find(await action.read(tenant, [trigger]), name)
    return there.running.number if there and there.running else None


def _refusal(name: str, version: int) -> str:
    return (
        f"the tenant has an Action {name} already, and its version {version} sends. Replacing it "
        "would leave nobody who sends until the new one is built, so nothing was written. If the "
        "last build of this stack's Action failed (the auth0 provider then replaces it): restore "
        f"version {version} in the dashboard (Actions > Library > {name} > Version History), press "
        "Deploy, and run pulumi up --refresh with code that builds; it is updated in place then. "
        "If this stack made it and an answer got lost: python -m phonemfa recover. If that Action "
        "is not this stack's: python -m phonemfa adopt, or another phonemfa:actionName."
    )
