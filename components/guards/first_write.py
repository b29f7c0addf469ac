"""What the tenant is asked before the first write: its generation, and what its plan lacks.

A no-op `up` asks nothing. Guardian writes last what only some plans have, after the factor and the
policy: what is refused then has been half written.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any, Final

import pulumi
import pulumi_auth0 as auth0
from pydantic.alias_generators import to_snake

from components.guards.hooks import RefusedError, WriteHooks
from components.settings.model import StackSettings
from components.settings.raw_config import NAMESPACE
from components.tenant import guardian, tenant_settings
from components.tenant.model import Part
from components.tenant.stack_access import TenantAccess, TenantCallError
from components.vocabulary import Experience

_GUIDE: Final = "docs/guides/plugin-version.md"


class AsksOnce(WriteHooks):
    """Hooks in front of every write, which run at once: the first asks the tenant for all."""

    def __init__(self, access: TenantAccess) -> None:
        super().__init__(access)
        self._asking = asyncio.Lock()
        self._asked = False
        self._refusal: Exception | None = None

    async def _before(self, _args: pulumi.ResourceHookArgs) -> None:
        async with self._asking:
            if not self._asked:
                self._asked = True
                # Where it cannot be asked, the first alone says why.
                self._refusal = TenantCallError(
                    "not written: the tenant cannot be reached, as said above."
                )
                self._refusal = await self._ask()
        if self._refusal:
            raise self._refusal

    async def _ask(self) -> Exception | None:
        """Why nothing may be written."""
        raise NotImplementedError


class GenerationGuard(AsksOnce):
    """Refuses a tenant of the other generation, and credentials of nobody.

    `experience` is None while a tenant moves.
    """

    NAME = "generation"

    def __init__(self, access: TenantAccess, experience: Experience | None) -> None:
        super().__init__(access)
        self._experience = experience

    async def _ask(self) -> RefusedError | None:
        if self._access.known:
            async with self._access.connect() as client:
                unified = (await tenant_settings.read(client)).unified is True
        else:
            # With credentials that only the provider takes. The SDK needs a thread of the loop to
            # ask it, and all may wait for this hook (`pulumi up --parallel 1`): here are more.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1000))
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
