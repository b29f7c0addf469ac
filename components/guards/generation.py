"""Keeps a stack from writing to a tenant of the other generation, or with credentials of nobody.

It is a hook before a resource is created or updated, so that a no-op `up` asks the tenant nothing.
"""

from typing import Any

import pulumi_auth0 as auth0

from components.guards.hooks import AsksOnce, RefusedError
from components.tenant import tenant_settings
from components.tenant.stack_access import TenantAccess
from components.vocabulary import Experience


class GenerationGuard(AsksOnce):
    """The check in front of every write; `experience` is None while a tenant moves."""

    NAME = "generation"

    def __init__(self, access: TenantAccess, experience: Experience | None) -> None:
        super().__init__(access)
        self._experience = experience

    async def _ask(self) -> RefusedError | None:
        if self._access.known:
            async with self._access.connect() as client:
                unified = (await tenant_settings.read(client)).unified is True
        else:
            # With credentials that only the provider takes.
            settings: Any = await auth0.get_tenant_output().future()
            unified = bool(settings and settings.phone_consolidated_experience)
        experience = self._experience
        wrong = experience and contradiction(tenant_is_unified=unified, experience=experience)
        return RefusedError(wrong) if wrong else None


def contradiction(*, tenant_is_unified: bool, experience: Experience) -> str | None:
    """What is wrong, and the one setting to change; None when tenant and stack agree."""
    actual = Experience.UNIFIED if tenant_is_unified else Experience.LEGACY
    if actual is experience:
        return None
    return (
        f"the tenant has the {actual} phone experience, but phonemfa:experience is {experience}. "
        f"Nothing was written. Fix: pulumi config set phonemfa:experience {actual} (to move the "
        "tenant instead, see docs/guides/migrate.md)."
    )
