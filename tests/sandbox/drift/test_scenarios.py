"""Each scenario makes the drift that it says, as the drift command's own rules find it."""

from __future__ import annotations

import pytest

from phonemfa.drift.findings import is_drift
from phonemfa.drift.kinds import KINDS
from sandbox.drift.hands import Hands, NothingToChangeError
from sandbox.drift.scenarios import SCENARIOS
from sandbox.tenant import Generation
from sandbox.tenant.errors import ApiError
from tests.sandbox.drift.stacks import AppliedStack

_ENGINE_ONLY = {"tenant-setting"}
"""Kinds that only the engine's refresh shows; tests/end_to_end/test_drift.py makes them."""
CASES = [
    pytest.param(name, generation, id=f"{name}-{generation}")
    for name, one in SCENARIOS.items()
    for generation in sorted(one.generations)
    if one.kind not in _ENGINE_ONLY
]


@pytest.mark.parametrize("generation", ["unified", "legacy"])
def test_an_applied_stack_has_no_drift(generation: Generation) -> None:
    assert AppliedStack(generation).findings() == {}


@pytest.mark.parametrize(("name", "generation"), CASES)
def test_each_scenario_makes_the_drift_it_says_and_no_other(
    name: str, generation: Generation
) -> None:
    stack, one = AppliedStack(generation), SCENARIOS[name]
    one.play(stack.tenant)
    assert stack.kinds() == {one.kind, *one.also}


def test_there_is_a_scenario_for_every_kind_of_drift() -> None:
    beside_the_tenant = {"other", "action-settings", "not-compared"}
    assert {one.kind for one in SCENARIOS.values()} == KINDS.keys() - beside_the_tenant
    for generation in ("unified", "legacy"):
        unmade = KINDS.keys() - {
            one.kind for one in SCENARIOS.values() if generation in one.generations
        }
        expected = {"unified": {"tenant-setting"}, "legacy": {"second-action"}}
        assert unmade - beside_the_tenant == expected[generation]


def test_another_factor_is_drift_only_where_the_stack_names_it() -> None:
    switched = SCENARIOS["other-factor"]
    for named in (False, True):
        others = {"otp": False} if named else {}
        stack = AppliedStack(otherFactors=others)
        switched.play(stack.tenant)
        assert is_drift(list(stack.findings().values())) is named


def test_a_scenario_that_the_tenant_refuses_half_way_leaves_nothing_behind() -> None:
    stack = AppliedStack()
    before = stack.tenant.export()
    stack.tenant.context.builds.default = [{"status": "building", "seconds": 3600}]
    rolled_back = SCENARIOS["action-undeployed"]
    with pytest.raises(ApiError, match="built"):
        rolled_back.play(stack.tenant)
    assert stack.tenant.export() == before


def test_a_scenario_that_finds_nothing_to_do_leaves_the_tenant_as_it_is() -> None:
    stack = AppliedStack(bindAction=False)
    stack.tenant.providers.delete(Hands(stack.tenant).provider_id())
    before = stack.tenant.export()
    for name in ("unbound", "provider-gone", "provider-switched", "country-codes"):
        one = SCENARIOS[name]
        with pytest.raises(NothingToChangeError):
            one.play(stack.tenant)
    assert stack.tenant.export() == before
