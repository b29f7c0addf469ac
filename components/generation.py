"""Keeps a stack from writing to a tenant of the other generation.

Owns the check and its words. Refuses to run when nothing is written: it is a hook before a
resource is created or updated, so that a no-op `up` asks the tenant nothing.
"""

from __future__ import annotations

import pulumi
import pulumi_auth0 as auth0
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

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


class GenerationGuard:
    """Puts the check in front of every resource: a transformation for the component's options.

    Args:
        experience: what the stack is configured for.
        in_transition: the stack is moving the tenant, so either generation is right.
    """

    def __init__(self, experience: Experience, *, in_transition: bool) -> None:
        self._experience = experience
        self._in_transition = in_transition
        self._tenant_is_unified: bool | None = None
        self._binding: pulumi.ResourceHookBinding | None = None

    def __call__(
        self, args: pulumi.ResourceTransformationArgs
    ) -> pulumi.ResourceTransformationResult | None:
        """The resource's own arguments, with the check before each write."""
        if self._in_transition or not isinstance(args.resource, pulumi.CustomResource):
            return None
        # The SDK's unit-test mocks have no engine that could run a hook.
        if isinstance(get_monitor(), MockMonitor):
            return None
        guarded = pulumi.ResourceOptions(hooks=self._hooks())
        return pulumi.ResourceTransformationResult(
            props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, guarded)
        )

    def _hooks(self) -> pulumi.ResourceHookBinding:
        if self._binding is None:
            hook = pulumi.ResourceHook(
                "generation", self._check, opts=pulumi.ResourceHookOptions(on_dry_run=True)
            )
            self._binding = pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
        return self._binding

    async def _check(self, _args: pulumi.ResourceHookArgs) -> None:
        if self._tenant_is_unified is None:
            self._tenant_is_unified = bool(auth0.get_tenant().phone_consolidated_experience)
        wrong = contradiction(
            tenant_is_unified=self._tenant_is_unified, experience=self._experience
        )
        if wrong:
            raise WrongGenerationError(wrong)
