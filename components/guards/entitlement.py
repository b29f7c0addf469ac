"""Keeps a stack from declaring what its SDK, or the plan of its tenant, does not have.

Guardian writes that last, after the factor and the policy: what is refused then has been half
written.
"""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Final

import pulumi
import pulumi_auth0 as auth0
from pydantic.alias_generators import to_snake

from components.guards.hooks import AsksOnce
from components.settings.model import StackSettings
from components.settings.raw_config import NAMESPACE
from components.tenant import guardian
from components.tenant.model import Part
from components.tenant.stack_access import TenantAccess, TenantCallError

_GUIDE: Final = "docs/guides/plugin-version.md"


def by_plan(settings: StackSettings) -> tuple[Part, ...]:
    """The parts that a stack declares and only some plans have."""
    said = guardian.stated(settings)
    return tuple(part for part in guardian.WITH_DEFAULT if part.field in said)


def _keys(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """The keys of their settings, as the stack's file has them."""
    return tuple(dict.fromkeys(f"{NAMESPACE}:{part.setting.partition('.')[0]}" for part in parts))


def check_sdk(settings: StackSettings) -> None:
    """Refuse, by a `RunError`, settings that the installed SDK has no names for."""
    parts = by_plan(settings)
    arguments = {to_snake(part.pulumi.partition(".")[0]) for part in parts}
    if not all(hasattr(auth0.GuardianArgs, name) for name in arguments):
        keys, first = _keys(parts), ".".join(map(str, guardian.BY_PLAN_FROM))
        raise pulumi.RunError(
            f"{' and '.join(keys)} need pulumi-auth0 {first} or later, SDK and plugin alike; "
            f"{version('pulumi-auth0')} is installed. Nothing was written. Fix: install a newer "
            f"one ({_GUIDE}), or take {'it' if len(keys) == 1 else 'them'} out of the stack's file."
        )


class EntitlementGuard(AsksOnce):
    """Asks the tenant for what only some plans have before the first write: a transformation."""

    NAME = "entitlement"

    def __init__(self, access: TenantAccess, parts: tuple[Part, ...]) -> None:
        super().__init__(access)
        self._keys = _keys(parts)

    async def _ask(self) -> TenantCallError | None:
        if not self._access.known:
            return None  # With credentials that only the provider takes.
        try:
            async with self._access.connect() as tenant:
                # Whatever the stack declares: Guardian reads all of it after every write.
                await guardian.answers(tenant, guardian.BY_PLAN, _answer_to)
        except TenantCallError as error:
            return TenantCallError(f"{' and '.join(self._keys)}: {error} Nothing was written.")
        return None


async def _answer_to(_path: str, _scope: str, question: Callable[[], Awaitable[Any]]) -> Any:
    return await question()
