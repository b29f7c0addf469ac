"""The versions of the stack's Action, which of them to go back to, and going back.

A version has its secrets inside: one from before a rotation would bring back the key of then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.settings.model import StackSettings
from components.tenant.action import (
    Action,
    Version,
    declared,
    find,
    name_of,
    read,
    read_one,
    read_versions,
)
from components.tenant.model import known, seen
from components.vocabulary import TRIGGERS
from phonemfa.answered import RefusedError
from phonemfa.deploying import NotLiveError, deploy_draft, until_it_runs

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The stack's Action in the tenant, its versions newest first.

    Attributes:
        running_id: of the version that runs; empty where none does.
        declared: the code that this repository assembles; None for a stack without an Action.
    """

    id: str
    name: str
    trigger: str
    versions: tuple[Version, ...]
    running_id: str
    declared: str | None

    @property
    def running(self) -> Version:
        """The version that runs.

        Raises:
            RefusedError: none does.
        """
        for one in self.versions:
            if one.id == self.running_id:
                return one
        raise RefusedError(f"No version of the Action {self.name!r} is deployed.")

    def is_declared(self, version: Version) -> bool:
        """Whether a version's code is what this repository assembles."""
        return code_of(version) == self.declared


async def read_installed(
    client: AsyncManagementClient, settings: StackSettings, project: Path
) -> Installed:
    """The Action that the stack deploys on its own generation's trigger.

    Args:
        client: of the tenant.
        settings: name the Action and the generation.
        project: the folder with Pulumi.yaml, where an adopted Action's code is.

    Raises:
        RefusedError: the tenant has no such Action.
    """
    trigger = TRIGGERS[settings.experience]
    name = name_of(settings, settings.experience)
    if name is None:
        raise RefusedError("The stack adopts a tenant without an Action: none to take back.")
    ours = find(declared(settings, project), name, trigger)
    action = find(await read(client, [trigger]), name)
    if action is None:
        raise RefusedError(f"The tenant has no Action {name!r} on the trigger {trigger}.")
    return Installed(
        id=action.id,
        name=name,
        trigger=trigger,
        versions=await read_versions(client, action.id),
        running_id=action.running.id if action.running else "",
        declared=seen(ours.code) if ours else None,
    )


def choose(installed: Installed, wanted: int | None) -> Version:
    """The version to go back to: `wanted`, or the last one before with other code.

    Versions that differ in secrets alone are passed over: a rotation makes one too.

    Raises:
        RefusedError: the tenant does not have it.
    """
    running = installed.running
    if wanted is not None:
        for one in installed.versions:
            if one.number == wanted:
                return one
        kept = ", ".join(str(one.number) for one in installed.versions)
        raise RefusedError(f"There is no version {wanted}. The tenant keeps {kept}.")
    for one in installed.versions:
        if one.number < running.number and code_of(one) != code_of(running):
            return one
    raise RefusedError(
        f"No version before {running.number} has other code. What is wrong with it is not its "
        "code: look at its secrets (python -m phonemfa drift) and at what the tenant's log says."
    )


def older_secrets(running: Version, target: Version) -> list[str]:
    """Names of secrets that are not the same in both versions."""
    names = running.secrets.keys() | target.secrets.keys()
    return sorted(one for one in names if running.secrets.get(one) != target.secrets.get(one))


def code_of(version: Version) -> str:
    """The code of a version."""
    return known(version.code, "")


async def deploy_version(client: AsyncManagementClient, action_id: str, target: Version) -> Action:
    """Deploy a version as it is, with the secrets that it had; the draft becomes it too.

    The draft goes along so that what runs and what is edited are one, and `pulumi preview
    --refresh` sees the difference from the repository: of a version alone it sees none.

    Raises:
        NotLiveError: it does not come to run, or other code does.
    """
    made = await client.actions.versions.deploy(
        action_id, target.id, request={"update_draft": True}
    )
    return _verified(await until_it_runs(client, action_id, str(made.id)), target)


async def deploy_code(client: AsyncManagementClient, action_id: str, target: Version) -> Action:
    """Deploy a version's code with the secrets that the Action has now.

    Raises:
        NotLiveError: secrets wait in the draft that nobody deployed; or as `deploy_version`.
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
    return _verified(await deploy_draft(client, action_id), target)


def _verified(now: Action, target: Version) -> Action:
    if now.running is None or code_of(now.running) != code_of(target):
        raise NotLiveError("The tenant runs other code than that of the version asked for.")
    return now
