"""Getting a version of an Action to run, and knowing that it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from components.tenant.action import Action, Version, read_one
from components.tenant.model import known
from phonemfa.output.terminal import working
from phonemfa.rollback.versions import code_of

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

PATIENCE: Final = 60.0
"""Seconds that a build or a deploy may take; recorded ones took up to ten."""

_PAUSE: Final = 0.25

Pause = Callable[[float], Awaitable[None]]


class NotLiveError(Exception):
    """What was asked for is not what the tenant runs; the text says how far it got."""


async def deploy_version(client: AsyncManagementClient, action_id: str, target: Version) -> Action:
    """Deploy a version as it is, with the secrets that it had; the draft becomes it too.

    The draft goes along so that what runs and what is edited are one, and `pulumi preview
    --refresh` sees the difference from the repository: of a version alone it sees none.

    Returns:
        The Action as the tenant shows it once the new version runs.

    Raises:
        NotLiveError: it does not run within `PATIENCE` seconds, or other code runs.
    """
    made = await client.actions.versions.deploy(
        action_id, target.id, request={"update_draft": True}
    )
    return await _verified(client, action_id, str(made.id), target)


async def deploy_code(client: AsyncManagementClient, action_id: str, target: Version) -> Action:
    """Deploy a version's code with the secrets that the Action has now.

    Raises:
        NotLiveError: secrets wait in the draft that nobody deployed, the draft cannot be built,
            or it does not run within `PATIENCE` seconds.
    """
    before = await read_one(client, action_id, "")
    if before.secrets != (before.running.secrets if before.running else {}):
        raise NotLiveError(
            "Nothing was written: the Action's draft has other secrets than what runs, and "
            "deploying would bring them in. Deploy or undo them first (python -m phonemfa drift)."
        )
    packages = (one.rpartition("@") for one in known(target.dependencies, ()))
    await client.actions.update(
        action_id,
        code=code_of(target),
        runtime=target.api_runtime,
        # The SDK's types name optional keys only; a version has no others that are sent.
        dependencies=[{"name": name, "version": version} for name, _, version in packages],  # type: ignore[misc]
    )
    await wait(client, action_id, lambda now: now.status == "built", "is not built")
    made = await client.actions.deploy(action_id)
    return await _verified(client, action_id, str(made.id), target)


async def wait(
    client: AsyncManagementClient,
    action_id: str,
    ready: Callable[[Action], bool],
    otherwise: str,
    *,
    pause: Pause = asyncio.sleep,
) -> Action:
    """The Action, once `ready` holds of it.

    Raises:
        NotLiveError: not within `PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    with working("the tenant builds and deploys the Action"):
        while True:
            now = await read_one(client, action_id, "")
            if ready(now):
                return now
            if now.status == "failed" or time.monotonic() > deadline:
                raise NotLiveError(
                    f"The Action {now.name!r} {otherwise} (its draft is {now.status!r}). The "
                    "tenant's log of the Action says why."
                )
            await pause(_PAUSE)


async def _verified(
    client: AsyncManagementClient, action_id: str, version_id: str, target: Version
) -> Action:
    def runs(now: Action) -> bool:
        there = now.running
        return bool(there and there.id == version_id and there.status == "built")

    now = await wait(client, action_id, runs, "does not run its new version")
    if now.running is None or code_of(now.running) != code_of(target):
        raise NotLiveError("The tenant runs other code than that of the version asked for.")
    return now
