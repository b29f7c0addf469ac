"""Each scenario makes the drift that it says, is seen beside the last `up`, and can be undone."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from phonemfa.drift.findings import KINDS, drifted
from sandbox.drift.applied import Applied, routes
from sandbox.drift.hands import Hands
from sandbox.drift.scenarios import SCENARIOS
from sandbox.login.users import BROWSERS, Users
from sandbox.tenant import Generation
from sandbox.tenant.errors import ApiError
from sandbox.web.control import RefusedError
from tests.sandbox.api.support import InProcess
from tests.sandbox.drift.stacks import AppliedStack

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
_ENGINE_ONLY = {"tenant-setting"}
"""Kinds that only the engine's refresh shows; tests/end_to_end/test_drift.py makes them."""
CASES = [
    pytest.param(name, generation, id=f"{name}-{generation}")
    for name, one in SCENARIOS.items()
    for generation in sorted(one.generations)
]


def applied_to(stack: AppliedStack, folder: Path) -> Applied:
    applied = Applied(stack.tenant, folder / "applied.json", now=lambda: NOON)
    applied.record()
    return applied


@pytest.mark.parametrize(("name", "generation"), CASES)
def test_each_scenario_makes_the_drift_it_says_and_no_other_and_is_undone(
    name: str, generation: Generation, tmp_path: Path
) -> None:
    stack, one = AppliedStack(generation), SCENARIOS[name]
    applied, before = applied_to(stack, tmp_path), stack.tenant.export()
    one.play(stack.tenant)
    kinds = {finding.kind for finding in stack.findings().values()}
    assert kinds == {one.kind, *one.also} - _ENGINE_ONLY
    assert applied.differences(), "the page would say that nothing has changed"
    applied.restore()
    assert applied.differences() == []
    assert stack.tenant.export() == before


def test_there_is_a_scenario_for_every_kind_of_drift() -> None:
    beside_the_tenant = {"other", "action-settings", "not-compared"}
    missing = {"unified": {"tenant-setting"}, "legacy": {"second-action"}}
    for generation, lacking in missing.items():
        made = {one.kind for one in SCENARIOS.values() if generation in one.generations}
        assert set(KINDS) - made == beside_the_tenant | lacking


def test_another_factor_is_drift_only_where_the_stack_names_it() -> None:
    for others in ({}, {"otp": False}):
        stack = AppliedStack(otherFactors=others)
        SCENARIOS["other-factor"].play(stack.tenant)
        assert bool(drifted(stack.findings().values())) is bool(others)


def test_a_scenario_that_the_tenant_refuses_half_way_leaves_nothing_behind_and_is_told(
    tmp_path: Path,
) -> None:
    stack = AppliedStack()
    before = stack.tenant.export()
    stack.tenant.context.builds.default = [{"status": "building", "seconds": 3600}]
    with pytest.raises(ApiError, match="built"):
        SCENARIOS["action-undeployed"].play(stack.tenant)
    assert stack.tenant.export() == before
    # A person is told who refuses: `python -m sandbox drift` shows these words.
    app = Starlette(routes=routes(applied_to(stack, tmp_path), stack.tenant))
    asked = httpx.Client(transport=InProcess(app), base_url="http://t")
    refused = asked.post("/_sandbox/drift", json={"scenario": "action-undeployed"})
    assert refused.status_code == 409
    assert refused.json()["error"].startswith("The tenant refuses: ")


def test_a_scenario_that_finds_nothing_to_do_leaves_the_tenant_as_it_is() -> None:
    stack = AppliedStack(bindAction=False)
    stack.tenant.providers.delete(Hands(stack.tenant).provider_id())
    before = stack.tenant.export()
    for name in ("unbound", "provider-gone", "provider-switched", "country-codes"):
        with pytest.raises(RefusedError):
            SCENARIOS[name].play(stack.tenant)
    assert stack.tenant.export() == before


def test_a_difference_says_what_was_and_what_is_and_no_value_of_a_secret(tmp_path: Path) -> None:
    stack = AppliedStack()
    applied = applied_to(stack, tmp_path)
    stack.tenant.guardian.set_policies([])
    (found,) = applied.differences()
    assert (found.thing, found.before, found.now) == ("Policy", "always", "never")
    applied.restore()
    SCENARIOS["action-code"].play(stack.tenant)
    SCENARIOS["secret-names"].play(stack.tenant)
    told = {one.field: one for one in applied.differences()}
    assert "+// edited by hand" in told["code"].diff
    assert len(told["code"].diff.splitlines()) < 12, "the lines that differ, not the whole code"
    assert told["secret EXTRA"].before == "none"
    assert "by-hand" not in str(told)


def test_what_is_no_ups_business_stays_when_the_tenant_is_put_back(tmp_path: Path) -> None:
    stack = AppliedStack()
    applied = applied_to(stack, tmp_path)
    store = stack.tenant.context.store
    user = Users(store).named("Hanako")
    store.put(BROWSERS, "browser", {"user": user.id})
    stack.tenant.logs.add("gd_send_sms", "sent", {})
    stack.tenant.guardian.set_policies([])
    applied.restore()
    assert Users(store).get(user.id) == user
    assert store.get(BROWSERS, "browser") is not None
    assert len(stack.tenant.export()["logs"]) == 1


def test_a_snapshot_outlives_the_process_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    stack = AppliedStack()
    applied_to(stack, tmp_path)
    file = tmp_path / "applied.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    later = Applied(stack.tenant, file)
    assert (later.at, later.differences()) == (NOON, [])
    later.forget()
    assert not file.exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"at": "2026-11-25", "content": {"x": 1}}'])
def test_a_snapshot_that_cannot_be_read_is_none(content: str, tmp_path: Path) -> None:
    file = tmp_path / "applied.json"
    file.write_text(content)
    applied = Applied(AppliedStack().tenant, file)
    assert applied.at is None
    for act in (applied.differences, applied.restore):
        with pytest.raises(RefusedError):
            act()
