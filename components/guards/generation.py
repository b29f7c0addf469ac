"""Keeps a stack from writing to a tenant of the other generation, or with credentials of nobody.

It is a hook before a resource is created or updated, so that a no-op `up` asks the tenant nothing.
"""

import asyncio
from typing import Any

import pulumi
import pulumi_auth0 as auth0

from components.guards.hooks import WriteHooks
from components.tenant import tenant_settings
from components.tenant.stack_access import TenantAccess, TenantCallError
from components.vocabulary import Experience


class WrongGenerationError(Exception):
    """The stack's experience is not the tenant's."""


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


class GenerationGuard(WriteHooks):
    """The check in front of every write; `experience` is None while a tenant moves."""

    NAME = "generation"

    def __init__(self, access: TenantAccess, experience: Experience | None) -> None:
        super().__init__(access)
        self._experience = experience
        self._is_unified: bool | None = None
        self._unreachable = False
        self._asking = asyncio.Lock()

    async def _before(self, _args: pulumi.ResourceHookArgs) -> None:
        # Hooks of several resources run at once; the tenant is asked by the first alone, which
        # alone says why that failed.
        async with self._asking:
            if self._unreachable:
                raise TenantCallError("not written: the tenant cannot be reached, as said above.")
            if self._is_unified is None:
                self._is_unified = await self._ask()
        wrong = self._experience and contradiction(
            tenant_is_unified=self._is_unified, experience=self._experience
        )
        if wrong:
            raise WrongGenerationError(wrong)

    async def _ask(self) -> bool:
        self._unreachable = True
        if self._access.known:
            async with self._access.connect() as client:
                unified = (await tenant_settings.read(client)).unified is True
        else:
            # With credentials that only the provider takes.
            settings: Any = await auth0.get_tenant_output().future()
            unified = bool(settings and settings.phone_consolidated_experience)
        self._unreachable = False
        return unified
