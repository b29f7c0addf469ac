"""The tenant beside what the last `up` left of it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.drift.applied import Applied, NothingAppliedError
from sandbox.drift.scenarios import SCENARIOS
from sandbox.login.users import Users
from sandbox.tenant import Generation
from tests.sandbox.drift.stacks import AppliedStack

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
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
def test_every_scenario_is_seen_field_by_field_and_undone(
    name: str, generation: Generation, tmp_path: Path
) -> None:
    stack = AppliedStack(generation)
    applied = applied_to(stack, tmp_path)
    before = stack.tenant.export()
    SCENARIOS[name].play(stack.tenant)
    assert applied.differences(), "the page would say that nothing has changed"
    applied.restore()
    assert applied.differences() == []
    assert stack.tenant.export() == before


def test_a_difference_says_what_was_and_what_is(tmp_path: Path) -> None:
    stack = AppliedStack()
    applied = applied_to(stack, tmp_path)
    stack.tenant.guardian.set_policies([])
    (found,) = applied.differences()
    assert (found.thing, found.before, found.now) == ("Policy", "always", "never")

    applied.restore()
    SCENARIOS["action-code"].play(stack.tenant)
    (found,) = [one for one in applied.differences() if one.field == "code"]
    assert "+// edited by hand" in found.diff
    assert len(found.diff.splitlines()) < 12, "the lines that differ, not the whole code"


def test_no_value_of_a_secret_is_in_a_difference(tmp_path: Path) -> None:
    stack = AppliedStack()
    applied = applied_to(stack, tmp_path)
    SCENARIOS["secret-names"].play(stack.tenant)
    told = str(applied.differences())
    assert "secret EXTRA" in told
    assert "by-hand" not in told


def test_what_is_no_ups_business_stays_when_the_tenant_is_put_back(tmp_path: Path) -> None:
    stack = AppliedStack()
    applied = applied_to(stack, tmp_path)
    user = Users(stack.tenant.context.store).named("Hanako")
    stack.tenant.logs.add("gd_send_sms", "sent", {})
    stack.tenant.guardian.set_policies([])
    applied.restore()
    assert Users(stack.tenant.context.store).get(user.id) == user
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
        with pytest.raises(NothingAppliedError):
            act()
