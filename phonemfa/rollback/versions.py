"""The versions of the stack's Action, and which of them to go back to.

A version has its secrets inside: one from before a rotation would bring back the key of then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.settings.model import StackSettings
from components.tenant import action as tenant
from components.tenant.action import declared, find, name_of, read, read_versions
from components.tenant.model import known, seen
from components.vocabulary import TRIGGERS
from phonemfa.answered import RefusedError

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


class NoSuchVersionError(RefusedError):
    """There is no such Action or version; the text says what there is."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version that the tenant keeps (it keeps fifty).

    Attributes:
        secrets: when each secret of it was written, by name; values are never told.
        digest: of the code.
        declared: whether its code is what this repository assembles.
    """

    id: str
    number: int
    created_at: str
    running: bool
    code: str = field(repr=False)
    digest: str
    declared: bool
    runtime: str
    dependencies: tuple[Mapping[str, Any], ...]
    secrets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The stack's Action in the tenant, its versions newest first."""

    id: str
    name: str
    trigger: str
    versions: tuple[Version, ...]

    @property
    def running(self) -> Version:
        """The version that runs.

        Raises:
            NoSuchVersionError: none does.
        """
        for one in self.versions:
            if one.running:
                return one
        raise NoSuchVersionError(f"No version of the Action {self.name!r} is deployed.")


async def read_installed(
    client: AsyncManagementClient, settings: StackSettings, project: Path
) -> Installed:
    """The Action that the stack deploys on its own generation's trigger.

    Args:
        client: of the tenant.
        settings: name the Action and the generation.
        project: the folder with Pulumi.yaml, where an adopted Action's code is.

    Raises:
        NoSuchVersionError: the tenant has no such Action.
    """
    trigger = TRIGGERS[settings.experience]
    name = name_of(settings, settings.experience)
    if name is None:
        raise NoSuchVersionError("The stack adopts a tenant without an Action: none to take back.")
    ours = find(declared(settings, project), name, trigger)
    repository = digest(seen(ours.code) if ours else "")
    action = find(await read(client, [trigger]), name)
    if action is None:
        raise NoSuchVersionError(f"The tenant has no Action {name!r} on the trigger {trigger}.")
    running = action.running.id if action.running else None
    versions = await read_versions(client, action.id)
    return Installed(
        id=action.id,
        name=name,
        trigger=trigger,
        versions=tuple(_version(one, running, repository) for one in versions),
    )


def choose(installed: Installed, wanted: int | None) -> Version:
    """The version to go back to: `wanted`, or the last one before with other code.

    Versions that differ in secrets alone are passed over: a rotation makes one too.

    Raises:
        NoSuchVersionError: the tenant does not have it.
    """
    running = installed.running
    if wanted is not None:
        for one in installed.versions:
            if one.number == wanted:
                return one
        kept = ", ".join(str(one.number) for one in installed.versions)
        raise NoSuchVersionError(f"There is no version {wanted}. The tenant keeps {kept}.")
    for one in installed.versions:
        if one.number < running.number and one.digest != running.digest:
            return one
    raise NoSuchVersionError(
        f"No version before {running.number} has other code. What is wrong with it is not its "
        "code: look at its secrets (python -m phonemfa drift) and at what the tenant's log says."
    )


def older_secrets(running: Version, target: Version) -> list[str]:
    """Names of secrets that are not the same in both versions."""
    names = running.secrets.keys() | target.secrets.keys()
    return sorted(one for one in names if running.secrets.get(one) != target.secrets.get(one))


def digest(code: str) -> str:
    """The SHA-256 of a text of code."""
    return hashlib.sha256(code.encode("utf-8")).hexdigest()


def _version(one: tenant.Version, running: str | None, declared: str) -> Version:
    code = known(one.code, "")
    packages = (package.rpartition("@") for package in known(one.dependencies, ()))
    return Version(
        id=one.id,
        number=one.number,
        created_at=one.created_at,
        running=one.id == running,
        code=code,
        digest=digest(code),
        declared=digest(code) == declared,
        runtime=one.api_runtime,
        dependencies=tuple({"name": name, "version": version} for name, _, version in packages),
        secrets=one.secrets,
    )
