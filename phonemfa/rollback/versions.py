"""The versions of the stack's Action, and which of them to go back to.

Owns reading and telling them apart. Refuses to deploy (`deploy`). A version has its secrets inside:
one from before a rotation would bring back the key of then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.settings import StackSettings
from components.vocabulary import TRIGGERS
from phonemfa.declared_actions import code_of, name_of
from phonemfa.writing import plain

if TYPE_CHECKING:
    from auth0.management import ManagementClient

_SHOWN: Final = 12


class NoSuchVersionError(Exception):
    """There is no such Action or version; the text says what there is."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version that the tenant keeps (it keeps fifty).

    Attributes:
        secrets: when each secret of it was written, by name; values are never told.
        digest: of the code, shortened for people's eyes.
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


def read_installed(client: ManagementClient, settings: StackSettings, project: Path) -> Installed:
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
    declared = code_of(settings, settings.experience, project) or ""
    found = [
        one for one in client.actions.list(trigger_id=trigger, action_name=name) if one.name == name
    ]
    if not found:
        raise NoSuchVersionError(f"The tenant has no Action {name!r} on the trigger {trigger}.")
    action = plain(client.actions.get(str(found[0].id)))
    running = (action.get("deployed_version") or {}).get("id")
    versions = [
        _version(plain(one), running, digest(declared))
        for one in client.actions.versions.list(action["id"])
    ]
    return Installed(
        id=action["id"],
        name=name,
        trigger=trigger,
        versions=tuple(sorted(versions, key=lambda one: -one.number)),
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


def secret_times(of: Mapping[str, Any]) -> dict[str, str]:
    """When each secret was written, by name, of an Action's draft or a version."""
    found: Sequence[Mapping[str, Any]] = of.get("secrets") or ()
    return {str(one["name"]): str(one.get("updated_at") or "") for one in found}


def digest(code: str) -> str:
    """A short name for a text of code: the first digits of its SHA-256."""
    return hashlib.sha256(code.encode("utf-8")).hexdigest()[:_SHOWN]


def _version(one: Mapping[str, Any], running: str | None, declared: str) -> Version:
    code = str(one.get("code") or "")
    return Version(
        id=str(one["id"]),
        number=int(one.get("number") or 0),
        created_at=str(one.get("created_at") or ""),
        running=one["id"] == running,
        code=code,
        digest=digest(code),
        declared=digest(code) == declared,
        runtime=str(one.get("runtime") or ""),
        dependencies=tuple(
            {"name": dep["name"], "version": dep["version"]}
            for dep in one.get("dependencies") or ()
        ),
        secrets=secret_times(one),
    )
