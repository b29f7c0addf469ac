"""What `phonemfa new` has to know, and what is wrong with it, all of it at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.tenant.access import bare
from phonemfa.answered import RefusedError
from phonemfa.new.package import Package

_STACK: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,62}")
_OWNERS: Final = re.compile(r"@[\w-]+(?:/[\w.-]+)?(?: @[\w-]+(?:/[\w.-]+)?)*")


@dataclass(frozen=True, kw_only=True)
class StackAnswer:
    """One stack: its name, its tenant's domain, and whether users depend on it."""

    name: str
    tenant: str
    production: bool


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Everything that a repository is made from.

    Attributes:
        name: of the project: lower-case letters, digits, hyphens.
        stacks: in the order in which they are deployed.
        methods: "text", "voice" or both.
        owners: of what judges a change, as CODEOWNERS has them: `@company/login`.
        package: the wheel and its hash.
        sandbox: the same of the sandbox's wheel, for previews without credentials.
    """

    name: str
    stacks: tuple[StackAnswer, ...]
    experience: str
    methods: tuple[str, ...]
    cpaas_host: str
    sms_sender: str
    voice_sender: str
    owners: str
    package: Package
    sandbox: Package

    def check(self) -> None:
        """Nothing, when a repository can be made of them.

        Raises:
            RefusedError: naming every fault.
        """
        faults = [*self._shape(), *self._settings()]
        if faults:
            raise RefusedError("\n".join(faults))

    def _shape(self) -> list[str]:
        faults = []
        if not _NAME.fullmatch(self.name):
            faults.append(f"name {self.name!r}: use lower-case letters, digits and hyphens.")
        if not _OWNERS.fullmatch(self.owners):
            faults.append(f"owners {self.owners!r}: write them as @company/team or @person.")
        names = [one.name for one in self.stacks]
        faults += [
            f"stack {name!r}: use lower-case letters, digits and hyphens."
            for name in names
            if not _STACK.fullmatch(name)
        ]
        faults += [
            f"tenant {one.tenant!r} of {one.name}: give its domain, such as "
            "example.jp.auth0.com, not an address."
            for one in self.stacks
            if not _DOMAIN.fullmatch(one.tenant)
        ]
        faults += _twice("stack", names)
        faults += _twice("tenant", [one.tenant for one in self.stacks])
        if not any(one.production for one in self.stacks):
            faults.append("no stack is production: name the one that users depend on.")
        return faults

    def _settings(self) -> list[str]:
        values: dict[str, Any] = {
            "experience": self.experience,
            "deliveryMethods": list(self.methods),
            "policy": "never",
            "cpaasBaseHost": self.cpaas_host,
        }
        if self.sms_sender:
            values["smsSender"] = self.sms_sender
        if self.voice_sender:
            values["voiceSender"] = self.voice_sender
        try:
            StackSettings.check("every stack", values)
        except SettingsError as error:
            return [str(one) for one in error.faults]
        return []


def stacks_of(named: Sequence[str], production: Sequence[str]) -> tuple[StackAnswer, ...]:
    """Stacks from `NAME=TENANT`.

    Raises:
        RefusedError: naming each that is written otherwise.
    """
    pairs = [one.partition("=") for one in named]
    bad = [
        one for one, (_, sign, tenant) in zip(named, pairs, strict=True) if not sign or not tenant
    ]
    unknown = sorted(set(production) - {name for name, *_ in pairs})
    faults = [f"--stack {one}: write NAME=TENANT, such as dev=dev.jp.auth0.com." for one in bad]
    faults += [f"--production {one}: no --stack has this name." for one in unknown]
    if faults:
        raise RefusedError("\n".join(faults))
    return tuple(
        StackAnswer(name=name, tenant=bare(tenant).lower(), production=name in production)
        for name, _, tenant in pairs
    )


def _twice(what: str, names: Sequence[str]) -> list[str]:
    twice = sorted({one for one in names if names.count(one) > 1})
    return [f"{what} {one}: named twice; each stack has a tenant of its own." for one in twice]
