"""Takes a drifted tenant back to what its stack declares.

Owns what is done for which finding, and doing it: the one place of the drift check that writes.
Refuses to delete anything that is somebody else's, and to start when `pulumi up` would fail half
way or would deploy a secret that somebody wrote into the Action.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from components.tenant.action import Action, read_one
from components.tenant.client import ask
from components.tenant.model import seen
from phonemfa.drift.findings import Finding, Level, Repair
from phonemfa.drift.look import Look, Subject, Working
from phonemfa.pulumi.preview import Operation

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

DEPLOY_TIMEOUT: Final = 60.0
_PAUSE: Final = 0.25


class RepairRefusedError(Exception):
    """Nothing was written by this step; the text says what stands in the way."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a repair does, finding by finding."""

    up: Sequence[Finding]
    deploy: Sequence[Finding]
    by_hand: Sequence[Finding]

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Plan:
        """The plan for what drifted; notices stay as they are."""
        drifted = [one for one in findings if one.level is Level.DRIFT]

        def repaired_by(repair: Repair) -> list[Finding]:
            return [one for one in drifted if one.repair is repair]

        return cls(
            up=repaired_by(Repair.UP),
            deploy=repaired_by(Repair.DEPLOY),
            by_hand=repaired_by(Repair.BY_HAND),
        )

    @property
    def does_something(self) -> bool:
        """Whether there is anything that the command can repair."""
        return bool(self.up or self.deploy)

    @property
    def blockers(self) -> list[Finding]:
        """What must be settled by hand first."""
        return [one for one in (*self.up, *self.deploy, *self.by_hand) if one.blocks]


def foreseen(subject: Subject, working: Working) -> list[str]:
    """What `pulumi up --refresh` would do, a line a resource, as the engine foresees it.

    Raises:
        EngineFailedError: it would fail already in its preview.
    """
    with working("pulumi preview --refresh"):
        changes = subject.cli.preview(refresh=True).changes
    return [one.line for one in changes if one.operation is not Operation.SAME]


def up(subject: Subject, working: Working) -> None:
    """`pulumi up --refresh`.

    Raises:
        EngineFailedError: it failed; the text says at what.
    """
    with working("pulumi up --refresh"):
        subject.cli.up()


def deploy_drafts(subject: Subject, looked: Look, working: Working) -> list[str]:
    """Deploy each Action whose draft is as declared while something else runs.

    Args:
        subject: the stack and its tenant; the application needs `create:actions` too.
        looked: the look that found it; a draft that has changed since is not deployed.
        working: shows that something takes its time, by what it does.

    Returns:
        A line for each deployed Action.

    Raises:
        RepairRefusedError: the draft is not what was looked at, or does not get deployed.
        TenantUnreadableError: no answer, or a missing scope.
    """
    done = []
    for action, code in _stale(looked):
        with working(f"deploying the Action {action.name}"):
            done.append(ask(subject.access, partial(_deploy, action=action, code=code)))
    return done


def _stale(looked: Look) -> Iterator[tuple[Action, str]]:
    from phonemfa.drift.sender import senders  # noqa: PLC0415 - after the engine, not before

    triggers = {one.subject for one in looked.findings if one.repair is Repair.DEPLOY}
    for sender in senders(looked.declared, looked.recorded, looked.live):
        if sender.ours and sender.declared.trigger in triggers:
            yield sender.ours, seen(sender.declared.code)


async def _deploy(client: AsyncManagementClient, *, action: Action, code: str) -> str:
    async def current() -> Action:
        return await read_one(client, action.id, action.trigger)

    now = await current()
    if now.code != code or now.secrets != action.secrets:
        raise RepairRefusedError(
            f"The draft of the Action {action.name!r} has changed since it was looked at: "
            "nothing was deployed. Look again."
        )
    await _wait(current, lambda one: one.status == "built", "its draft is not built")
    version = await client.actions.deploy(action.id)
    await _wait(
        current,
        lambda one: bool(one.running and one.running.id == version.id),
        "its new version is not live",
    )
    return f"deployed the Action {action.name!r}, version {int(version.number or 0)}"


async def _wait(
    current: Callable[[], Awaitable[Action]], ready: Callable[[Action], bool], otherwise: str
) -> None:
    deadline = time.monotonic() + DEPLOY_TIMEOUT
    while not ready(await current()):
        if time.monotonic() > deadline:
            raise RepairRefusedError(
                f"The Action was not deployed within {DEPLOY_TIMEOUT:.0f} s: {otherwise}. The "
                "tenant's log of the Action says why."
            )
        await asyncio.sleep(_PAUSE)
