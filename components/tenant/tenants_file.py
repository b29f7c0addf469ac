"""Which tenant and which CPaaS host each stack may contact, and which stacks are production.

`tenants.toml` stands beside Pulumi.yaml and belongs to its code owners, while anybody may propose
a change to a stack's file. A client secret or a CPaaS key therefore never goes to an address that
the owners did not name. A project without the file has no such protection, and production is
guessed from a stack's name:

    [prod]
    tenant = "example.jp.auth0.com"
    cpaasBaseHost = "abc123.api.infobip.com"
    production = true
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from components.tenant.access import NoAccessError, bare

NAME: Final = "tenants.toml"
_LARGEST: Final = 2**20


class NotNamedError(NoAccessError):
    """A stack would contact an address that is not named for it, or the file cannot be used."""


class Named(BaseModel):
    """What the file says of one stack."""

    # Not the settings' own base: break-glass reads this where settings do not load.
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=False
    )

    tenant: Annotated[str, Field(min_length=1)]
    cpaas_base_host: str | None = None
    production: bool = False


@dataclass(frozen=True, kw_only=True)
class TenantsFile:
    """The file of a project; `named` is None where there is none."""

    named: Mapping[str, Named] | None = None

    @property
    def production(self) -> list[str] | None:
        """The stacks that users depend on; None where there is no file to say so."""
        if self.named is None:
            return None
        return [stack for stack, one in self.named.items() if one.production]

    def check(self, stack: str, *, domain: str, cpaas_base_host: str | None = None) -> None:
        """Refuse, by a `NotNamedError`, addresses that a stack (its name alone) may not contact.

        The tenant's is empty where it is not known yet, the other None where there is no Action of
        ours.
        """
        if self.named is None:
            return
        if stack not in self.named:
            known = ", ".join(sorted(self.named)) or "none"
            raise NotNamedError(
                f"{NAME} names no tenant for the stack {stack} (it has: {known}), so nothing is "
                f"contacted for it. Add [{stack}] with its tenant; the file's owners review that."
            )
        allowed = self.named[stack]
        wrong = [
            f"{key} is {found!r}, and {NAME} names {named!r}"
            for key, found, named in (
                ("auth0:domain", bare(domain), bare(allowed.tenant)),
                ("phonemfa:cpaasBaseHost", cpaas_base_host or "", allowed.cpaas_base_host or ""),
            )
            if found and found.lower() != named.lower()
        ]
        if wrong:
            raise NotNamedError(
                f"The stack {stack} may not contact these addresses: {'; '.join(wrong)}. They "
                "receive secrets, so nothing was contacted. Correct the stack's file, or change "
                f"{NAME} in a pull request of its own."
            )


def read_tenants_file(project: Path) -> TenantsFile:
    """The file of a project, if it has one; a `NotNamedError` where it cannot be used."""
    path = project / NAME
    try:
        if path.stat().st_size > _LARGEST:
            raise NotNamedError(f"{NAME} is larger than 1 MiB: it has one short table a stack.")
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return TenantsFile()
    except (OSError, ValueError, RecursionError) as error:
        raise NotNamedError(f"{NAME} cannot be used: {error}. Nothing was contacted.") from None
    try:
        return TenantsFile(named=_FILE.validate_python(content))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}"
            for one in error.errors()
        )
        raise NotNamedError(
            f"{NAME} cannot be used: {faults}. Each stack has a table with tenant, cpaasBaseHost "
            "and, where users depend on it, production = true. Nothing was contacted."
        ) from None


_FILE: Final = TypeAdapter(dict[str, Named])
