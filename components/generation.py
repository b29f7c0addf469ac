"""Keeps a stack from writing to a tenant of the other generation.

Owns the check and its words. Refuses to run when nothing is written: it is a hook before a
resource is created or updated, so that a no-op `up` asks the tenant nothing.
"""

from __future__ import annotations

import asyncio

import pulumi
import pulumi_auth0 as auth0

from components.hooks import Hooked
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


class GenerationGuard(Hooked):
    """Puts the check in front of every write: a transformation for the component's options.

    Args:
        experience: what the stack is configured for.
    """

    def __init__(self, experience: Experience) -> None:
        super().__init__()
        self._experience = experience
        self._tenant_is_unified: bool | None = None
        self._asking = asyncio.Lock()

    def hooks(self) -> pulumi.ResourceHookBinding:
        hook = pulumi.ResourceHook(
            "generation", self._check, opts=pulumi.ResourceHookOptions(on_dry_run=True)
        )
        return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])

    async def _check(self, _args: pulumi.ResourceHookArgs) -> None:
        # Hooks of several resources run at once; the tenant is asked by the first alone.
        async with self._asking:
            if self._tenant_is_unified is None:
                tenant = await auth0.get_tenant_output().future()
                self._tenant_is_unified = bool(tenant and tenant.phone_consolidated_experience)
        wrong = contradiction(
            tenant_is_unified=self._tenant_is_unified, experience=self._experience
        )
        if wrong:
            raise WrongGenerationError(wrong)
