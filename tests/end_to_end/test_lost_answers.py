"""A write that was done and whose answer got lost: at most one `recover` and one `up` get there."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.conftest import EACH_GENERATION, Tenant
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.test_policy_last import (
    FolderLife,
    Life,
    Prepare,
    change_of_everything,
    declared_part,
    first_up,
)

pytestmark = pytest.mark.end_to_end

ACTION: Final = "auth0:index/action:Action"
LOSSES: Final[tuple[dict[str, Any], ...]] = (
    {"close": True},
    {"status": 502, "raw_body": "<h1>Bad Gateway</h1>"},
    {"status": 504, "raw_body": ""},
)
USERS: Final = (f"+8190{nth}" for nth in itertools.count(22345678))
"""Numbers, none of them twice: there is a limit of codes a number and hour."""
UNREPEATABLE: Final = ("/actions/actions", "/branding/phone/templates")
"""What a second POST of is refused."""


@pytest.fixture
def life(package: PulumiProject, tenant: Tenant, tmp_path: Path) -> Life:
    return FolderLife(package, tenant, tmp_path / "sandbox" / "pulumi-state")


@pytest.mark.parametrize(
    "path", [UNREPEATABLE[0], pytest.param(UNREPEATABLE[1], marks=pytest.mark.thorough)]
)
def test_a_creation_whose_answer_got_lost_is_named_and_taken_over(life: Life, path: str) -> None:
    life.tenant.control(
        "POST", "/faults", LOSSES[0] | {"method": "POST", "path": f"{path}$", "when": "after"}
    )
    failed = life.stack.up(expect=None)
    assert failed.exit != 0
    assert "phonemfa recover --stack t1" in failed.text
    life.tenant.forget_requests()
    (taken,) = operator_of(life.tenant, life.stack).json("recover", "--yes")["imported"]
    assert {one["method"] for one in life.tenant.logged() if "/api/" in one["path"]} == {"GET"}
    assert (taken["name"].split("-")[2], life.stack.resource(taken["name"])["id"]) == (
        "sender" if "actions" in path else "delivery",
        taken["id"],
    )
    life.stack.up()
    assert life.tenant.api("GET", "/guardian/policies") == ["all-applications"]
    assert life.nobody_is_locked_out()
    assert changed(life.stack.preview_steps()) == []


@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("prepare", [first_up, change_of_everything])
def test_no_lost_answer_blocks_a_stack(life: Life, prepare: Prepare, generation: str) -> None:
    """Lose the answer of every write of an `up` in turn, each in one of three ways."""
    life.stack.configure(experience=generation)
    prepare(life.stack)
    life.keep()
    life.tenant.forget_requests()
    life.stack.up()
    writes = [
        (nth, f"{one['method']} {one['path']}")
        for nth, one in enumerate(life.tenant.logged(), 1)
        if one["method"] != "GET" and "/api/" in one["path"]
    ]
    wanted = declared_part(life.tenant)
    assert writes
    for count, (nth, request) in enumerate(writes):
        life.back()
        lost = LOSSES[count % len(LOSSES)] | {"nth": nth, "when": "after"}
        life.tenant.control("POST", "/faults", lost)
        failed = life.stack.up(expect=None)
        life.tenant.control("DELETE", "/faults")
        assert life.nobody_is_locked_out(next(USERS)), f"locked out after {request}"
        if failed.exit != 0:
            operator_of(life.tenant, life.stack).json("recover", "--yes")
            life.stack.up()
        delete_twins(life)
        assert declared_part(life.tenant) == wanted, f"not there after {request}"
        assert changed(life.stack.preview_steps()) == [], request


def delete_twins(life: Life) -> None:
    """A trigger with room for many takes a POST that the client sent again; drift names it."""
    resources = life.stack.state()["deployment"]["resources"]
    held = {one["id"] for one in resources if one["type"] == ACTION}
    actions = life.tenant.api("GET", "/actions/actions")["actions"]
    for one in actions:
        if one["id"] not in held:
            found = operator_of(life.tenant, life.stack).json("drift", expect=7)["findings"]
            assert f"second-action:{one['name']}/{one['id']}" in {each["id"] for each in found}
            life.tenant.api("DELETE", f"/actions/actions/{one['id']}")
