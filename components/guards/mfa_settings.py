"""Keeps a stack from declaring MFA settings that its SDK or its tenant does not have.

Guardian writes them last, after the factor and the policy: what is refused then has been half
written.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Final

import pulumi
import pulumi_auth0 as auth0

from components.guards.hooks import WriteHooks
from components.settings.model import StackSettings
from components.settings.raw_config import NAMESPACE
from components.tenant.stack_access import TenantAccess, TenantCallError

_GUIDE: Final = "docs/guides/plugin-version.md"


def declares(settings: StackSettings) -> tuple[str, ...]:
    """The keys of a stack's MFA settings, as its file has them."""
    given = {
        "rememberBrowser": settings.remember_browser,
        "oneTimeCode": settings.one_time_code,
    }
    return tuple(f"{NAMESPACE}:{key}" for key, value in given.items() if value)


def check_sdk(settings: StackSettings) -> None:
    """Refuse MFA settings that the installed SDK has no names for.

    Raises:
        pulumi.RunError: before any resource is declared.
    """
    keys = declares(settings)
    if keys and not hasattr(auth0, "GuardianSettingsArgs"):
        raise pulumi.RunError(
            f"{' and '.join(keys)} need pulumi-auth0 3.54 or later, SDK and plugin alike; "
            f"{version('pulumi-auth0')} is installed. Nothing was written. Fix: install a newer "
            f"one ({_GUIDE}), or take {'it' if len(keys) == 1 else 'them'} out of the stack's file."
        )


class MfaSettingsGuard(WriteHooks):
    """Asks the tenant for its MFA settings before the first write: a transformation."""

    def __init__(self, access: TenantAccess, keys: tuple[str, ...]) -> None:
        super().__init__()
        self._access, self._keys = access, keys
        self._asking = asyncio.Lock()
        self._answer: str | None = None

    def hooks(self) -> pulumi.ResourceHookBinding:
        hook = pulumi.ResourceHook(
            "mfa-settings", self._check, opts=pulumi.ResourceHookOptions(on_dry_run=True)
        )
        return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])

    async def _check(self, _args: pulumi.ResourceHookArgs) -> None:
        # Hooks of several resources run at once: the first asks for all.
        async with self._asking:
            if self._answer is None:
                self._answer = await self._ask()
        if self._answer:
            raise TenantCallError(self._answer)

    async def _ask(self) -> str:
        if not self._access.known:
            return ""  # With credentials that only the provider takes.
        try:
            async with self._access.connect() as tenant:
                await tenant.guardian.get()
                await tenant.guardian.factors.phone.get()
        except TenantCallError as error:
            return f"{' and '.join(self._keys)}: {error} Nothing was written."
        return ""
