"""Whether a tenant can deliver a code, before anybody is asked for one.

Owns what must be there, and how to get it. Refuses to send (`smoke`) and to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.settings.model import StackSettings
from components.tenant.access import Access
from components.vocabulary import TRIGGERS, Experience, guardian_message_types
from phonemfa.tenant import TenantView, read_tenant, reading

if TYPE_CHECKING:
    from auth0.management import ManagementClient


@dataclass(frozen=True, kw_only=True)
class LoginView:
    """What a login meets: the phone factor and the policy."""

    phone_enabled: bool
    message_types: tuple[str, ...]
    policies: tuple[str, ...]


def read_login(client: ManagementClient) -> LoginView:
    """Factor and policy as the tenant has them."""
    factors = {one.name: bool(one.enabled) for one in client.guardian.factors.list()}
    types = client.guardian.factors.phone.get_message_types().message_types or []
    return LoginView(
        phone_enabled=factors.get("sms", False),
        message_types=tuple(str(one) for one in types),
        policies=tuple(str(one) for one in client.guardian.policies.list()),
    )


def look(access: Access) -> tuple[TenantView, LoginView]:
    """The tenant, and what a login meets in it.

    Raises:
        TenantUnreadableError: no answer, or a missing scope, by name.
    """
    tenant = read_tenant(access)
    with reading(access) as client:
        return tenant, read_login(client)


def missing(tenant: TenantView, login: LoginView, settings: StackSettings) -> Iterator[str]:
    """What a code still needs, a line each; nothing when it can be delivered."""
    trigger = TRIGGERS[Experience.UNIFIED if tenant.is_unified else Experience.LEGACY]
    if tenant.is_unified:
        if not any(one.trigger == trigger and one.deployed for one in tenant.actions):
            yield f"no Action is deployed on {trigger}"
        provider = tenant.provider
        if provider is None:
            yield "there is no phone provider"
        elif provider.get("disabled"):
            yield "the phone provider is switched off"
    elif not tenant.bound[trigger]:
        yield f"no Action is bound to {trigger}"
    if not login.phone_enabled:
        yield "the phone factor is switched off"
    uncovered = set(guardian_message_types(settings.delivery_methods)) - set(login.message_types)
    if uncovered:
        yield f"the factor does not offer {' and '.join(sorted(uncovered))}"
