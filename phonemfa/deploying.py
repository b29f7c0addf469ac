"""An Action's draft or version comes to run, and is known to."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from components.tenant.action import Action, read_one
from components.tenant.model import Client
from phonemfa.answered import RefusedError

PATIENCE: Final = 60.0
"""Seconds that a build or a deploy may take; recorded ones took up to ten."""

_PAUSE: Final = 0.25


class NotLiveError(RefusedError):
    """What was asked for is not what the tenant runs; the text says how far it got."""


async def deploy_draft(client: Client, action_id: str) -> Action:
    """Deploy an Action's draft once it is built; the Action once that runs, or `NotLiveError`."""
    await _until(client, action_id, lambda now: now.status == "built", "its draft is not built")
    made = await client.actions.deploy(action_id)
    return await until_it_runs(client, action_id, str(made.id))


async def until_it_runs(client: Client, action_id: str, version_id: str) -> Action:
    """The Action once it runs a version that was deployed, or `NotLiveError` after `PATIENCE` s."""

    def runs(now: Action) -> bool:
        there = now.running
        return bool(there and there.id == version_id and there.status == "built")

    return await _until(client, action_id, runs, "its new version is not live")


async def _until(
    client: Client, action_id: str, ready: Callable[[Action], bool], otherwise: str
) -> Action:
    deadline = time.monotonic() + PATIENCE
    while True:
        now = await read_one(client, action_id, "")
        if ready(now):
            return now
        if now.status == "failed" or time.monotonic() > deadline:
            late = "" if now.status == "failed" else f" within {PATIENCE:.0f} s"
            raise NotLiveError(
                f"The Action {now.name!r} was not deployed{late}: {otherwise} (the draft is "
                f"{now.status!r}). The tenant's log of the Action says why."
            )
        await asyncio.sleep(_PAUSE)
