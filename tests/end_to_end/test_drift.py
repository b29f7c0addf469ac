"""Drift, made in a tenant and seen named; repaired by the real engine; never seen where none is.

One applied stack a generation serves all tests of this module: each test puts the tenant back as
it was after `pulumi up`, so that a drift costs one look and no new stack.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from phonemfa.drift.actions import NEW_KEY
from phonemfa.drift.kinds import KINDS
from phonemfa.scopes import Need, names, needed_by
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from tests.end_to_end.conftest import KEY, Tenant
from tests.end_to_end.drifting import LEGACY, UNIFIED, Applied, applied_stack, edits_and_switches
from tests.end_to_end.operators import operator_of
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

# One worker has all tests of a generation, so that each stack is applied once.
on_unified = pytest.mark.xdist_group("drift of a unified tenant")
on_legacy = pytest.mark.xdist_group("drift of a legacy tenant")

REQUESTS_OF_A_LOOK = 29
"""The engine's refresh (ten) and the check's own reads, some lists in two pages."""


@pytest.fixture(scope="module")
def unified_stack(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    yield from applied_stack("unified", tmp_path_factory.mktemp("unified"), engine, plugin)


@pytest.fixture(scope="module")
def legacy_stack(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    yield from applied_stack("legacy", tmp_path_factory.mktemp("legacy"), engine, plugin)


@pytest.fixture
def unified(unified_stack: Applied) -> Iterator[Applied]:
    yield unified_stack
    unified_stack.restore()


@pytest.fixture
def legacy(legacy_stack: Applied) -> Iterator[Applied]:
    yield legacy_stack
    legacy_stack.restore()


# --- Each kind of drift, seen named; without the engine: sandbox/drift/test_scenarios.py. ---


GENERATIONS = [
    pytest.param("unified", marks=on_unified),
    pytest.param("legacy", marks=on_legacy),
]


def each_drift() -> Iterator[Any]:
    """As parameters; the first few are those of every change."""
    for generation, drifts, but in (("unified", UNIFIED, 2), ("legacy", LEGACY, 1)):
        (group,) = (one.marks for one in GENERATIONS if one.values == (generation,))
        for nth, (make, named) in enumerate(drifts):
            marks = [*group, *([pytest.mark.thorough] if nth >= but else [])]
            yield pytest.param(
                generation, make, named, id=f"{generation}-{make.__name__}", marks=marks
            )


@pytest.mark.parametrize(("generation", "make", "named"), list(each_drift()))
def test_each_drift_is_named_once_and_no_secret_or_number_with_it(
    request: pytest.FixtureRequest,
    generation: str,
    make: Callable[[Applied], None],
    named: set[str],
) -> None:
    applied: Applied = request.getfixturevalue(generation)
    make(applied)
    assert set(applied.findings()) == named


def test_every_kind_is_made_in_a_tenant_by_one_of_these_tests() -> None:
    made = {one.partition(":")[0] for _, named in [*UNIFIED, *LEGACY] for one in named}
    beside_the_tenant = {"other", "action-settings", "not-compared"}
    assert made == KINDS.keys() - beside_the_tenant, "`other` is what no known resource shows"


# --- Nothing where nothing is; and nothing written by looking. ----------------------------------

NIGHTLY_RUNS = 50
"""Looks at an untouched tenant, for each generation."""


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_untouched_tenant_has_no_drift_and_looking_needs_read_scopes_only(
    request: pytest.FixtureRequest, generation: str
) -> None:
    applied: Applied = request.getfixturevalue(generation)
    scopes = sorted(names(needed_by([Need.LOOK])))
    assert all(scope.startswith("read:") for scope in scopes)
    client = applied.tenant.control("POST", "/clients", {"scopes": scopes})
    # A state that was put back (`stack import`) has other ciphertexts.
    state = applied.stack.state()
    applied.tenant.forget_requests()
    result = applied.drift(
        AUTH0_CLIENT_ID=client["client_id"], AUTH0_CLIENT_SECRET=client["client_secret"]
    )
    assert "no drift" in result.stdout
    requests = [one for one in applied.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "a look only reads"
    assert len(requests) <= REQUESTS_OF_A_LOOK
    assert applied.tenant.unknown_routes() == 0
    assert applied.stack.state() == state, "nor does it write the state"


@pytest.mark.thorough
@on_unified
def test_what_others_do_beside_what_the_stack_declares_is_no_drift(unified: Applied) -> None:
    unified.hands.deploy_action()
    unified.api("PATCH", "/tenants/settings", {"friendly_name": "Another name"})
    unified.api(
        "POST",
        "/actions/actions",
        {"name": "login", "supported_triggers": [{"id": "post-login", "version": "v3"}]},
    )
    texts = {"text": "blocked", "voice": "blocked"}
    unified.api(
        "POST", "/branding/phone/templates", {"type": "blocked_account", "content": {"body": texts}}
    )
    assert unified.findings(expect=0) == {}


@on_unified
@pytest.mark.fidelity
@pytest.mark.timeout(1200)
def test_a_hundred_full_looks_at_untouched_tenants_find_nothing(
    unified: Applied, legacy: Applied
) -> None:
    for applied in (unified, legacy) * NIGHTLY_RUNS:
        applied.drift()


# --- What is told of it. -------------------------------------------------------------------------


def test_a_stack_that_was_never_applied_has_no_answer(
    package: PulumiProject, tenant: Tenant
) -> None:
    assert "no resources" in operator_of(tenant, package).run("drift", expect=2).stderr


@on_unified
@pytest.mark.thorough
def test_a_refresh_that_took_the_tenants_word_hides_no_drift(unified: Applied) -> None:
    unified.api("PUT", "/guardian/policies", [])
    unified.stack.run("refresh", "--yes", "--skip-preview")
    try:
        assert unified.findings()["policy"]["recorded"], "Pulumi alone says that nothing differs"
    finally:
        unified.restore_stack()


# --- Repair. -------------------------------------------------------------------------------------


@on_unified
def test_repair_leaves_a_tenant_as_declared_and_somebody_elses_things_alone(
    unified: Applied,
) -> None:
    edits_and_switches(unified)
    unified.api("DELETE", unified.provider())
    unified.act("second-action")
    try:
        done = unified.drift("--repair", "--any-checkout", "--yes", "--json", expect=7)
    finally:
        unified.restore_stack()
    foreseen = "pulumi up --refresh will: update phone-mfa-factor-guardian (email, policy)"
    assert foreseen in done.stderr
    assert [one["id"] for one in json.loads(done.stdout)["findings"]] == ["second-action:theirs"]
    assert "yours to do" in done.stderr
    there = unified.api("GET", "/actions/actions?triggerId=custom-phone-provider")["actions"]
    assert {one["name"] for one in there} == {"ntt-cpaas-phone", "theirs"}
    assert unified.api("GET", "/guardian/policies") == ["all-applications"]
    enabled = {one["name"] for one in unified.api("GET", "/guardian/factors") if one["enabled"]}
    assert enabled == {"sms", "email", "otp", "webauthn-roaming"}, "unnamed ones stay as they are"


@on_legacy
def test_what_pulumi_cannot_repair_is_repaired_by_deploying_the_draft(legacy: Applied) -> None:
    legacy.hands.roll_back()
    legacy.tenant.forget_requests()
    asked = legacy.drift("--repair", "--any-checkout", expect=7)
    assert "Nothing was written" in asked.stderr
    assert not legacy.action()["all_changes_deployed"]

    legacy.drift("--repair", "--any-checkout", "--yes")
    writes = {
        (one["method"], one["path"].rpartition("/")[2])
        for one in legacy.tenant.logged()
        if one["method"] != "GET"
    }
    assert writes == {("POST", "token"), ("POST", "deploy")}
    assert legacy.action()["all_changes_deployed"]


@on_unified
@pytest.mark.fidelity
def test_the_advice_for_a_written_secret_is_true(unified: Applied) -> None:
    unified.hands.write_secrets(drop="RECIPIENT_LIMIT")
    unified.hands.deploy_action()
    assert "pulumi config set --secret phonemfa:cpaasApiKey" in NEW_KEY
    try:
        unified.stack.configure(secrets={"cpaasApiKey": "another-key"})
        unified.stack.up("--refresh")
        assert unified.findings(expect=0) == {}
    finally:
        unified.stack.configure(secrets={"cpaasApiKey": KEY})
        unified.restore_stack()
