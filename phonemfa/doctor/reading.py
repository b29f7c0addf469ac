"""A live tenant, read question by question: each is answered, or refused, by itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from components.settings.model import StackSettings
from components.tenant import action, attack_protection, custom_domain, phone_provider, snapshot
from components.tenant.access import Access, bare
from components.tenant.attack_protection import AttackProtection
from components.tenant.client import Heard, TenantUnreadableError, ask
from components.tenant.guardian import Guardian
from components.tenant.model import UNSEEN, Maybe, Refusal, Unseen, Why
from components.tenant.phone_provider import PhoneProvider
from components.tenant.snapshot import Snapshot, asked
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import Experience

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

_NOTHING = Snapshot(
    settings=UNSEEN,
    actions=UNSEEN,
    bindings=UNSEEN,
    provider=UNSEEN,
    templates=UNSEEN,
    guardian=Guardian.of_api({}),
)


def installed_sdk() -> str:
    """The version of pulumi-auth0 that is installed beside this command."""
    return version("pulumi-auth0")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read.

    Attributes:
        stack: whose tenant it is.
        unreachable: why nothing was.
        action_count: Actions on any trigger.
        twilio: the account of a legacy tenant.
        custom_domain: of the login pages, where a text of the stack names it; empty without one.
        sdk: the installed version of pulumi-auth0.
    """

    domain: str
    stack: StackSettings
    tenant: Snapshot
    heard: Heard
    unreachable: TenantUnreadableError | None = None
    action_count: Maybe[int] = UNSEEN
    twilio: Maybe[PhoneProvider | None] = UNSEEN
    protection: AttackProtection
    custom_domain: Maybe[str] = UNSEEN
    sdk: str = field(default_factory=installed_sdk)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every question that the tenant refused, but for Auth0's own protection."""
        others = [one for one in (self.action_count, self.twilio) if isinstance(one, Unseen)]
        found = [one.refusal for one in others if one.refusal]
        return tuple(dict.fromkeys([*self.tenant.refusals, *found]))


def read(
    config: Mapping[str, Any],
    stack: StackSettings,
    heard: Heard,
    environ: Mapping[str, str] = os.environ,
) -> Reading:
    """Read a stack's tenant with the credentials that Pulumi uses.

    Args:
        config: the stack's `auth0:` keys, which go before the variables as they do in Pulumi.
        stack: declares the parts of one generation, or of both while moving.
        heard: gets what the answers tell beside what was asked.
        environ: the variables (`components.tenant.access.VARIABLES`).
    """
    try:
        access = Access.of(environ, config)
        return ask(
            access, lambda client: _everything(client, access.domain, stack, heard), heard=heard
        )
    except TenantUnreadableError as error:
        return Reading(
            domain=bare(str(config.get("domain") or environ.get("AUTH0_DOMAIN", ""))),
            stack=stack,
            tenant=_NOTHING,
            heard=heard,
            unreachable=error,
            protection=AttackProtection.of_api({}),
        )


async def _everything(
    client: AsyncManagementClient, domain: str, stack: StackSettings, heard: Heard
) -> Reading:
    tenant = await snapshot.read(client, experiences=stack.experiences, refusals=True)
    count: Maybe[int] = UNSEEN
    if not isinstance(tenant.actions, Unseen):
        count = await asked(action.PATH, action.SCOPE, lambda: action.count(client))
    twilio: Maybe[PhoneProvider | None] = UNSEEN
    if Experience.LEGACY in stack.experiences and not is_unified(tenant):
        twilio = await asked(
            phone_provider.TWILIO_PATH,
            phone_provider.TWILIO_SCOPE,
            lambda: phone_provider.read_twilio(client),
        )
    protection = await _protection(client, heard)
    named: Maybe[str] = UNSEEN
    texts = [] if stack.adopted else stack.declared_texts.values()
    if any(custom_domain.VARIABLE in (one.text or "") for one in texts):
        named = await asked(
            custom_domain.PATH, custom_domain.SCOPE, lambda: custom_domain.read(client)
        )
    return Reading(
        domain=domain,
        stack=stack,
        tenant=tenant,
        heard=heard,
        action_count=count,
        twilio=twilio,
        protection=protection,
        custom_domain=named,
    )


def is_unified(tenant: Snapshot) -> bool:
    """Whether a tenant is known to have no delivery of the legacy kind: it refuses the question."""
    return isinstance(tenant.settings, TenantSettings) and tenant.settings.unified is True


async def _protection(client: AsyncManagementClient, heard: Heard) -> AttackProtection:
    scope = attack_protection.SCOPE
    if heard.scopes is None or scope in heard.scopes:
        return await attack_protection.read(client, asked)
    # Known without asking: most applications need no such scope.
    refusal = Refusal(asked="", scope=scope, why=Why.SCOPE, what=f"needs {scope}")
    unseen = Unseen(refusal=refusal)
    return AttackProtection.of_api({one.api: unseen for one in AttackProtection.PARTS})
