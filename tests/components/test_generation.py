"""A stack of one generation writes nothing to a tenant of the other."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_auth0
import pytest

from components.generation import GenerationGuard, WrongGenerationError
from components.vocabulary import Experience

UNIFIED, LEGACY = Experience.UNIFIED, Experience.LEGACY


class Asked:
    """A tenant that counts how often it is asked for its generation."""

    def __init__(self, *, unified: bool | None) -> None:
        self.times = 0
        self._unified = unified

    def __call__(self) -> Any:
        self.times += 1
        return SimpleNamespace(future=self._answer)

    async def _answer(self) -> Any:
        await asyncio.sleep(0)  # As over a network, others go on meanwhile.
        if self._unified is None:
            return None
        return SimpleNamespace(phone_consolidated_experience=self._unified)


def write(guard: GenerationGuard, *, times: int = 1) -> None:
    """What the engine calls before writes that run at once."""
    args = pulumi.ResourceHookArgs(urn="urn", id="id", name="one", type="any")

    async def at_once() -> None:
        await asyncio.gather(*(guard._check(args) for _ in range(times)))

    asyncio.run(at_once())


def test_a_preview_looks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, _hook, *, opts: opts)
    binding: Any = GenerationGuard(UNIFIED).hooks()
    for hooks in (binding.before_create, binding.before_update):
        assert [one.on_dry_run for one in hooks] == [True]


@pytest.mark.parametrize(
    ("experience", "unified"), [(UNIFIED, True), (LEGACY, False), (LEGACY, None)]
)
def test_a_tenant_of_the_stacks_generation_is_asked_once(
    experience: Experience, unified: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = Asked(unified=unified)
    monkeypatch.setattr(pulumi_auth0, "get_tenant_output", tenant)
    write(GenerationGuard(experience), times=3)
    assert tenant.times == 1


@pytest.mark.parametrize(("experience", "unified"), [(UNIFIED, False), (LEGACY, True)])
def test_a_tenant_of_the_other_generation_is_refused_with_the_setting_to_change(
    experience: Experience, unified: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_auth0, "get_tenant_output", Asked(unified=unified))
    actual = UNIFIED if unified else LEGACY
    with pytest.raises(
        WrongGenerationError, match=f"pulumi config set phonemfa:experience {actual}"
    ):
        write(GenerationGuard(experience))
