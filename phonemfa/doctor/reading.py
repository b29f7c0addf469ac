"""A live tenant, read question by question: each is answered, or refused, by itself."""

from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from components.settings.model import StackSettings
from components.tenant import action, attack_protection, custom_domain, phone_provider, snapshot
from components.tenant.attack_protection import AttackProtection
from components.tenant.client import Heard, TenantUnreadableError, ask
from components.tenant.guardian import Guardian
from components.tenant.model import UNSEEN, Client, Maybe, Refusal, Unseen, Why
from components.tenant.phone_provider import PhoneProvider
from components.tenant.snapshot import Snapshot, asked
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import Experience
from phonemfa.pulumi.stack_file import StackFile


def installed_sdk() -> str:
    """The version of pulumi-auth0 that is installed beside this command."""
    return version("pulumi-auth0")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read of a stack's tenant."""

    domain: str
    stack: StackSettings
    tenant: Snapshot
    heard: Heard
    unreachable: TenantUnreadableError | None = None
    """Why nothing was read."""
    action_count: Maybe[int] = UNSEEN
    """Actions on any trigger."""
    twilio: Maybe[PhoneProvider | None] = UNSEEN
    """The account of a legacy tenant."""
    protection: AttackProtection
    custom_domain: Maybe[str] = UNSEEN
    """Of the login pages, where a text of the stack names it; empty without one."""
    sdk: str = field(default_factory=installed_sdk)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every question that the tenant refused, but for Auth0's own protection."""
        others = [one for one in (self.action_count, self.twilio) if isinstance(one, Unseen)]
        found = [one.refusal for one in others if one.refusal]
        return tuple(dict.fromkeys([*self.tenant.refusals, *found]))


def read(wanted: StackFile, domain: str, heard: Heard) -> Reading:
    """Read a stack's tenant with the credentials that Pulumi uses.

    `heard` gets what the answers tell beside what was asked.
    """
    stack = wanted.settings
    try:
        return ask(
            wanted.access, lambda client: _everything(client, domain, stack, heard), heard=heard
        )
    except TenantUnreadableError as error:
        return Reading(
            domain=domain,
            stack=stack,
            tenant=Snapshot(guardian=Guardian.of_api({})),
            heard=heard,
            unreachable=error,
            protection=AttackProtection.of_api({}),
        )


async def _everything(client: Client, domain: str, stack: StackSettings, heard: Heard) -> Reading:
    tenant = await snapshot.read(client, experiences=stack.experiences, refusals=True)
    found: dict[str, Any] = {}
    if not isinstance(tenant.actions, Unseen):
        found["action_count"] = await asked(action.PATH, action.SCOPE, lambda: action.count(client))
    if Experience.LEGACY in stack.experiences and not is_unified(tenant):
        found["twilio"] = await asked(
            phone_provider.TWILIO_PATH,
            phone_provider.TWILIO_SCOPE,
            lambda: phone_provider.read_twilio(client),
        )
    found["protection"] = await _protection(client, heard)
    texts = [] if stack.adopted else stack.declared_texts.values()
    if any(custom_domain.VARIABLE in (one.text or "") for one in texts):
        found["custom_domain"] = await asked(
            custom_domain.PATH, custom_domain.SCOPE, lambda: custom_domain.read(client)
        )
    return Reading(domain=domain, stack=stack, tenant=tenant, heard=heard, **found)


def is_unified(tenant: Snapshot) -> bool:
    """Whether a tenant is known to have no delivery of the legacy kind: it refuses the question."""
    return isinstance(tenant.settings, TenantSettings) and tenant.settings.unified is True


async def _protection(client: Client, heard: Heard) -> AttackProtection:
    scope = attack_protection.SCOPE
    if heard.scopes is None or scope in heard.scopes:
        return await attack_protection.read(client, asked)
    # Known without asking: most applications need no such scope.
    refusal = Refusal(asked="", scope=scope, why=Why.SCOPE, what=f"needs {scope}")
    unseen = Unseen(refusal=refusal)
    return AttackProtection.of_api({one.api: unseen for one in AttackProtection.PARTS})
