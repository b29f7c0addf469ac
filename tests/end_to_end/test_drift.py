"""Drift, made in a tenant and seen named; repaired by the real engine; never seen where none is.

One applied stack a generation serves all tests of this module: each test puts the tenant back as
it was after `pulumi up`, so that a drift costs one look and no new stack.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from components.tenant.access import Access
from phonemfa.cli import app
from phonemfa.drift.actions import NEW_KEY
from phonemfa.drift.kinds import KINDS
from phonemfa.drift.look import Subject, look
from phonemfa.output.terminal import working
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.preview import Step
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.scopes import Need, names, needed_by
from sandbox.drift.scenarios import SCENARIOS
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from tests.end_to_end.conftest import CONFIG, KEY
from tests.end_to_end.drifting import (
    LEGACY,
    NUMBER,
    UNIFIED,
    Applied,
    Drifts,
    applied_stack,
    edits_and_switches,
    rollback_and_company,
)
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.phonemfa.github_stand_in import GitHubStandIn

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


def nightly(drifts: list[Drifts], *, but: int) -> list[Any]:
    """As parameters; the first few are those of every change."""
    return [
        pytest.param(*one, id=one[0].__name__, marks=[pytest.mark.thorough] if nth >= but else [])
        for nth, one in enumerate(drifts)
    ]


@on_unified
@pytest.mark.parametrize(("make", "named"), nightly(UNIFIED, but=2))
def test_each_drift_of_a_unified_tenant_is_named_once(
    unified: Applied, make: Callable[[Applied], None], named: set[str]
) -> None:
    make(unified)
    assert set(unified.findings()) == named


@on_legacy
@pytest.mark.parametrize(("make", "named"), nightly(LEGACY, but=1))
def test_each_drift_of_a_legacy_tenant_is_named_once(
    legacy: Applied, make: Callable[[Applied], None], named: set[str]
) -> None:
    make(legacy)
    assert set(legacy.findings()) == named


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "generation"),
    [
        pytest.param(name, generation, id=f"{name}-{generation}")
        for name, one in SCENARIOS.items()
        for generation in sorted(one.generations)
    ],
)
def test_each_scenario_makes_the_drift_it_says(
    name: str, generation: str, request: pytest.FixtureRequest
) -> None:
    applied: Applied = request.getfixturevalue(generation)
    applied.act(name)
    # The stack names neither otp nor oneTimeCode: there, they are notices.
    notices = {"other-factor", "codes-longer"}
    found = applied.findings(expect=0 if name in notices else 7)
    expected = {SCENARIOS[name].kind, *SCENARIOS[name].also}
    assert {one.partition(":")[0] for one in found} == expected


def test_every_kind_is_made_in_a_tenant_by_one_of_these_tests() -> None:
    made = {one.partition(":")[0] for _, named in [*UNIFIED, *LEGACY] for one in named}
    beside_the_tenant = {"other", "action-settings", "not-compared"}
    assert made == KINDS.keys() - beside_the_tenant, "`other` is what no known resource shows"


# --- Nothing where nothing is; and nothing written by looking. ----------------------------------

RUNS, NIGHTLY_RUNS = 10, 50
"""Looks at an untouched tenant, for each generation."""


def untouched(applied: Applied) -> None:
    scopes = sorted(names(needed_by([Need.LOOK])))
    assert all(scope.startswith("read:") for scope in scopes)
    client = applied.tenant.control("POST", "/clients", {"scopes": scopes})
    # A state that was put back (`stack import`) has other ciphertexts.
    state = applied.stack.state()
    applied.tenant.forget_requests()
    result = applied.drift(
        AUTH0_CLIENT_ID=client["client_id"], AUTH0_CLIENT_SECRET=client["client_secret"]
    )
    assert (result.exit_code, "no drift" in result.stdout) == (0, True), result.output
    requests = [one for one in applied.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "a look only reads"
    assert len(requests) <= REQUESTS_OF_A_LOOK
    assert applied.tenant.unknown_routes() == 0
    assert applied.stack.state() == state, "nor does it write the state"


@on_unified
def test_an_untouched_unified_tenant_has_no_drift_and_looking_needs_read_scopes_only(
    unified: Applied,
) -> None:
    untouched(unified)


@on_legacy
def test_an_untouched_legacy_tenant_has_no_drift_and_looking_needs_read_scopes_only(
    legacy: Applied,
) -> None:
    untouched(legacy)


class Once(PulumiCli):
    """The engine's answer of one run, again and again."""

    _answer: tuple[Step, ...] | None = None

    def refresh_preview(self) -> tuple[Step, ...]:
        self._answer = self._answer or super().refresh_preview()
        return self._answer


def deeds_beside_the_stack(unified: Applied) -> None:
    """What others may do in a tenant without touching what the stack declares."""
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


def look_again_and_again(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(applied.tenant.ca_file))
    stack = applied.stack
    settings = read_stack_file(stack.folder, stack.stack).settings
    access = Access.of(stack.environment)
    cli = Once(stack.folder, stack.stack, environ=stack.environment)
    subject = Subject(stack=stack.stack, settings=settings, access=access, cli=cli)
    for _ in range(RUNS):
        applied.tenant.control("POST", "/reset", {"generation": applied.generation})
        applied.restore()
        assert look(subject, working).findings == []
    if applied.generation == "unified":
        deeds_beside_the_stack(applied)
        assert look(subject, working).findings == []


@pytest.mark.thorough
@on_unified
def test_a_unified_tenant_made_anew_each_time_never_shows_drift(
    unified: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_again_and_again(unified, monkeypatch)


@pytest.mark.thorough
@on_legacy
def test_a_legacy_tenant_made_anew_each_time_never_shows_drift(
    legacy: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_again_and_again(legacy, monkeypatch)


@on_unified
@pytest.mark.fidelity
@pytest.mark.timeout(1200)
def test_a_hundred_full_looks_at_untouched_tenants_find_nothing(
    unified: Applied, legacy: Applied
) -> None:
    looked = (unified, legacy) * NIGHTLY_RUNS
    assert {applied.drift().exit_code for applied in looked} == {0}


# --- What is told of it. -------------------------------------------------------------------------


@pytest.mark.thorough  # without the engine: phonemfa/drift/test_command.py
@on_unified
def test_every_output_tells_the_same_drift_and_no_secret_or_number(
    unified: Applied, tmp_path: Path
) -> None:
    rollback_and_company(unified)
    unified.api("PUT", "/guardian/policies", [])
    file = tmp_path / "out" / "drift.xml"
    with GitHubStandIn() as github:
        result = unified.drift("--junit", str(file), "--issue", **github.environment)
        assert result.exit_code == 7, result.output
        (issue,) = github.issues
    junit = file.read_text(encoding="utf-8")
    for text in (result.stdout, junit, issue["body"]):
        for told in ("policy", "action-undeployed", "second-action", "theirs", "target-replace"):
            assert told in text, text
        for hidden in (NUMBER, NUMBER[1:], KEY, "by-hand", CONFIG["voiceSender"]):
            assert hidden not in text


@pytest.mark.thorough  # without the engine: phonemfa/drift/test_command.py
@on_unified
def test_no_answer_is_never_no_drift(unified: Applied, tmp_path: Path) -> None:
    client = unified.tenant.control("POST", "/clients", {"scopes": ["read:actions"]})
    junit = tmp_path / "drift.xml"
    refused = unified.drift(
        "--junit",
        str(junit),
        AUTH0_CLIENT_ID=client["client_id"],
        AUTH0_CLIENT_SECRET=client["client_secret"],
    )
    assert refused.exit_code == 2
    assert "read:phone_providers" in refused.stderr
    assert CONFIG["voiceSender"] not in refused.output
    assert 'errors="1"' in junit.read_text()

    assert unified.drift("--issue", GITHUB_TOKEN="").exit_code == 2
    assert unified.drift(PATH="/nowhere").exit_code == 2
    nothing = unified.drift(PULUMI_CONFIG_PASSPHRASE_FILE="/dev/null")
    assert (nothing.exit_code, "passphrase" in nothing.stderr) == (2, True)


def test_a_stack_that_was_never_applied_has_no_answer(package: PulumiProject) -> None:
    arguments = ["drift", "--stack", package.stack, "--project", str(package.folder)]
    result = CliRunner().invoke(app, arguments, env=package.environment)
    assert (result.exit_code, "no resources" in result.stderr) == (2, True), result.output


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
        done = unified.drift("--repair", "--any-checkout", "--yes", "--json")
    finally:
        unified.restore_stack()
    foreseen = "pulumi up --refresh will: update phone-mfa-factor-guardian (email, policy)"
    assert (done.exit_code, foreseen in done.stderr) == (7, True), done.output
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
    asked = legacy.drift("--repair", "--any-checkout")
    assert (asked.exit_code, "Nothing was written" in asked.stderr) == (7, True)
    assert not legacy.action()["all_changes_deployed"]

    done = legacy.drift("--repair", "--any-checkout", "--yes")
    assert done.exit_code == 0, done.output
    writes = {
        (one["method"], one["path"].rpartition("/")[2])
        for one in legacy.tenant.logged()
        if one["method"] != "GET"
    }
    assert writes == {("POST", "token"), ("POST", "deploy")}
    assert legacy.action()["all_changes_deployed"]


@pytest.mark.thorough  # without the engine: phonemfa/drift
@on_unified
def test_repair_never_deploys_a_secret_that_somebody_wrote(unified: Applied) -> None:
    unified.hands.write_secrets()
    unified.api("PUT", "/guardian/policies", [])
    unified.tenant.forget_requests()
    refused = unified.drift("--repair", "--any-checkout", "--yes")
    assert (refused.exit_code, "BLOCKS secret-changed" in refused.stderr) == (7, True)
    requests = [one for one in unified.tenant.logged() if one["path"] != "/oauth/token"]
    assert {one["method"] for one in requests} == {"GET"}, "nothing was written"


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
