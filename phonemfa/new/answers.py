"""What `phonemfa new` has to know, and what is wrong with it, all of it at once."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
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
        name: of the project.
        stacks: in the order in which they are deployed.
        sms_sender, voice_sender: empty for no SMS, no calls.
        owners: of what judges a change, as CODEOWNERS has them: `@company/login`.
        package, sandbox: the wheels and their hashes; the second for previews without credentials.
    """

    name: str
    stacks: tuple[StackAnswer, ...]
    experience: str
    cpaas_host: str
    sms_sender: str
    voice_sender: str
    owners: str
    package: Package
    sandbox: Package

    @property
    def methods(self) -> list[str]:
        """The delivery methods that have a sender."""
        senders = {"text": self.sms_sender, "voice": self.voice_sender}
        return [method for method, sender in senders.items() if sender]

    def check(self) -> None:
        """Nothing, when a repository can be made of them.

        Raises:
            RefusedError: naming every fault.
        """
        if faults := [*self._faults()]:
            raise RefusedError("\n".join(faults))

    def _faults(self) -> Iterator[str]:
        if not _NAME.fullmatch(self.name):
            yield (
                f"name {self.name!r}: name the folder with 2 to 63 lower-case letters, digits and "
                "hyphens, a letter first."
            )
        if not _OWNERS.fullmatch(self.owners):
            yield f"owners {self.owners!r}: write them as @company/team or @person."
        for one in self.stacks:
            if not _STACK.fullmatch(one.name):
                yield (
                    f"stack {one.name!r}: use up to 40 lower-case letters, digits and hyphens, no "
                    "hyphen first."
                )
            if not _DOMAIN.fullmatch(one.tenant):
                yield (
                    f"tenant {one.tenant!r} of {one.name}: give its domain, such as "
                    "example.jp.auth0.com, not an address."
                )
        for what in ("name", "tenant"):
            for value, times in Counter(getattr(one, what) for one in self.stacks).items():
                if times > 1:
                    yield f"{value}: named twice; each stack has a name and a tenant of its own."
        if not any(one.production for one in self.stacks):
            yield "no stack is production: name the one that users depend on."
        values: dict[str, Any] = {
            "experience": self.experience,
            "deliveryMethods": self.methods,
            "policy": "never",
            "cpaasBaseHost": self.cpaas_host,
        }
        senders = {"smsSender": self.sms_sender, "voiceSender": self.voice_sender}
        values |= {key: sender for key, sender in senders.items() if sender}
        try:
            StackSettings.check("every stack", values)
        except SettingsError as error:
            yield from map(str, error.faults)


def stacks_of(named: Sequence[str], production: Sequence[str]) -> tuple[StackAnswer, ...]:
    """Stacks from `NAME=TENANT`.

    Raises:
        RefusedError: naming each that is written otherwise.
    """
    pairs = [one.partition("=") for one in named]
    faults = [
        f"--stack {name}{sign}: write NAME=TENANT, such as dev=dev.jp.auth0.com."
        for name, sign, tenant in pairs
        if not tenant
    ]
    unknown = sorted(set(production) - {name for name, *_ in pairs})
    faults += [f"--production {one}: no --stack has this name." for one in unknown]
    if faults:
        raise RefusedError("\n".join(faults))
    return tuple(
        StackAnswer(name=name, tenant=bare(tenant).lower(), production=name in production)
        for name, _, tenant in pairs
    )
