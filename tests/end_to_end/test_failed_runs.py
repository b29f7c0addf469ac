"""Runs that failed: nobody loses a sender, a secret or a word of why, and the next `up` finishes.

Pulumi-auth0 3.54 and later replace an Action whose build failed, by their documentation.
"""

import json
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from components.vocabulary import TRIGGERS, Experience
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding, drifted
from phonemfa.drift.look import look
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.preview import Step
from phonemfa.pulumi.stack_file import read_stack_file
from tests.end_to_end.conftest import ASKS_NOBODY, EACH_GENERATION, PHONE, Apply, Life, Tenant
from tests.end_to_end.operators import operator_of, running_version
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

API = "/api/v2/"
ACTION = "/actions/actions/"
SENDER = "phone-mfa-sender-action"
LEGACY_SENDER = "phone-mfa-legacy-sender-action"
WRITTEN = "secret-changed:custom-phone-provider"
NEW = "0005211111"
FAULTS: dict[str, dict[str, Any]] = {
    "our write": {"path": ACTION, "method": "PATCH", "status": 400},
    "the plugin's write": {"path": ACTION, "method": "PATCH", "nth": 2, "status": 400},
    "deploy": {"path": "/deploy$", "method": "POST", "status": 400},
    "deploy, lost answer": {"path": "/deploy$", "close": True, "when": "after", "times": None},
    "policy": {"path": "/guardian/policies", "method": "PUT", "status": 403, "times": None},
    "texts": {"path": "/templates", "method": "P.*", "status": 500, "times": None},
}


def fail(stack: PulumiProject, tenant: Tenant, name: str) -> None:
    """A run with a secret and a policy of its own fails half-way."""
    tenant.control("POST", "/faults", FAULTS[name])
    own = {"otp_verify": {"text": "{{ code }} です", "voice": "{{ code }} です"}}
    stack.configure(smsSender=NEW, policy="always", texts=own)
    stack.refused()
    tenant.control("DELETE", "/faults")
    asked = stack.resource("phone-mfa")
    assert asked["inputs"]["settings"]["policy"] == "always"
    assert "applied" not in (asked.get("outputs") or {}), "what was applied is not known any more"


def findings(stack: PulumiProject, tenant: Tenant, *, expect: int) -> dict[str, dict[str, Any]]:
    """What differs, by id; notices left out."""
    found = operator_of(tenant, stack).json("drift", expect=expect)["findings"]
    return {one["id"]: one for one in found if one["level"] != "notice"}


def draft(tenant: Tenant) -> dict[str, str]:
    """The secrets that the Action's draft has."""
    (action,) = tenant.control("GET", "/state?secrets=true")["content"]["actions"].values()
    return {one["name"]: one["value"] for one in action["draft"]["secrets"]}


def running(tenant: Tenant) -> dict[str, str]:
    """The secrets that the version has which runs."""
    assert tenant.actions[0]["all_changes_deployed"]
    return draft(tenant)


# --- After a failed run was finished, state and drift tell the truth about our own deploy. -------


@dataclass(frozen=True)
class Told(PulumiCli):
    """An engine that says of its refresh what the real one said: the state does not change."""

    refreshed: tuple[Step, ...]

    def refresh_preview(self) -> tuple[Step, ...]:
        return self.refreshed


def no_false_alarm(stack: PulumiProject, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred nights' looks find nothing, with the state and without by turns; none writes."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    wanted = read_stack_file(stack.folder, stack.stack)
    access = wanted.access
    wanted = replace(wanted, cli=Told(wanted.cli.refresh_preview()))
    begin, found = time.time_ns(), list[Finding]()
    for night in range(100):
        now = begin + night * 86_400 * 10**9
        auth0 = tenant.running.parts.tenant
        for one in (auth0, auth0.context.stamp):
            monkeypatch.setattr(one, "clock", lambda now=now: now)
        at = look(wanted, access, lambda _: nullcontext(), with_state=night % 2 == 0)
        found += drifted(check(at))
    assert found == []


@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize(
    ("first", "name"),
    [*((False, name) for name in FAULTS), (True, "deploy"), (True, "policy"), (True, "texts")],
)
@pytest.mark.usefixtures("generation")
def test_a_run_that_was_finished_is_no_drift_in_any_night_after_it(
    life: Life, apply: Apply, monkeypatch: pytest.MonkeyPatch, first: bool, name: str
) -> None:
    stack, tenant = life.stack, life.tenant
    stack.configure(experience=tenant.generation)
    trigger = TRIGGERS[Experience(tenant.generation)]
    if not first:
        apply(**ASKS_NOBODY)
    fail(stack, tenant, name)
    if name == "the plugin's write":
        before = findings(stack, tenant, expect=7)[f"secret-changed:{trigger}"]
        assert "pulumi up, without --refresh" in before["how"]
    stack.up()
    assert findings(stack, tenant, expect=0) == {}
    sender = SENDER if trigger == "custom-phone-provider" else LEGACY_SENDER
    recorded = stack.resource(sender)["outputs"]["versionId"]
    assert recorded == running_version(tenant)["id"]
    inside = tenant.running.parts.tenant.deployed_action(trigger)
    assert inside is not None
    assert inside.secrets["SMS_SENDER"] == NEW, "what failed to be written runs now"
    assert stack.resource("phone-mfa")["outputs"]["applied"]["settings"]["policy"] == "always"
    no_false_alarm(stack, tenant, monkeypatch)


# On every change: the words alone, phonemfa/drift/test_rules.py.
@pytest.mark.thorough
def test_what_a_refresh_made_pulumi_forget_is_named_truly(apply: Apply, tenant: Tenant) -> None:
    stack = apply(**ASKS_NOBODY)
    fail(stack, tenant, "deploy")
    stack.run("refresh", "--yes")
    # Until the next up, what was applied is unknown: the last moment to see it in a state.
    notices = operator_of(tenant, stack).json("drift", expect=7)["findings"]
    assert "did not finish" in next(one["what"] for one in notices if one["kind"] == "not-compared")
    stack.up()
    (found,) = findings(stack, tenant, expect=7).values()
    assert found["id"] == WRITTEN
    assert "press Deploy" in found["how"]
    tenant.api("POST", f"{ACTION}{tenant.actions[0]['id']}/deploy")
    found = findings(stack, tenant, expect=7)[WRITTEN]
    assert "pulumi refresh records the version" in found["how"]
    stack.run("refresh", "--yes")
    assert findings(stack, tenant, expect=0) == {}


# --- An Action's secret is neither erased unsaid nor left unwritten unsaid. ----------------------


# On every change: the recorded life "undeclared-secret" (test_traces.py).
@pytest.mark.thorough
def test_undeclared_secrets_stay_until_they_may_go(applied: PulumiProject, tenant: Tenant) -> None:
    (action,) = tenant.actions
    names = [{"name": one["name"]} for one in action["secrets"]]
    more = {"secrets": [*names, {"name": "EXTRA", "value": "by hand"}]}
    tenant.api("PATCH", f"{ACTION}{action['id']}", more)
    tenant.api("POST", f"{ACTION}{action['id']}/deploy")
    before = draft(tenant)
    told = "the Action ntt-cpaas-phone has secrets that this stack does not declare: EXTRA."
    applied.configure(smsSender=NEW)
    assert told in applied.run("preview").text, "a preview warns"
    for refresh_before, options in ((False, ()), (False, ()), (True, ()), (False, ("--refresh",))):
        if refresh_before:
            applied.run("refresh", "--yes")
        refused = applied.refused("up", *options).text
        assert told in refused
        assert "phonemfa:retiredSecrets to [EXTRA]" in refused
        assert draft(tenant) == before
    # The way out that it names.
    applied.configure(retiredSecrets=["EXTRA"])
    applied.up()
    assert running(tenant) == before | {"SMS_SENDER": NEW, "EXTRA": "retired"}
    applied.configure(retiredSecrets=[])
    applied.up()
    kept = {name: one for name, one in before.items() if name != "EXTRA"}
    assert running(tenant) == kept | {"SMS_SENDER": NEW}
    assert applied.changes() == []


# Of the other writes a refresh makes Pulumi forget (decisions/action.md): above.
@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 500}, id="500"),
        pytest.param({"close": True, "when": "after"}, id="lost answer"),
    ],
)
def test_a_refresh_makes_nobody_forget_a_secret_that_our_own_write_left_behind(
    applied: PulumiProject, tenant: Tenant, fault: dict[str, Any]
) -> None:
    ours = {"path": ACTION, "method": "PATCH", "nth": 1, "times": None}
    tenant.control("POST", "/faults", ours | fault)
    applied.configure(smsSender=NEW)
    applied.refused()
    tenant.control("DELETE", "/faults")
    applied.run("refresh", "--yes")
    applied.up()
    assert running(tenant)["SMS_SENDER"] == NEW
    assert applied.changes() == []


# --- A build that failed costs no sender that sends. ---------------------------------------------

KEPT = "version 1 sends"


@pytest.fixture
def replacing(environment: dict[str, str]) -> None:
    """The plugin replaces an Action whose build failed."""
    environment["PHONEMFA_STAND_IN"] = "replace-failed-build"


def fail_to_build(stack: PulumiProject, tenant: Tenant) -> None:
    """A change whose build fails; the state knows of it, and the plugin plans a replacement."""
    tenant.control("PUT", "/builds", {"default": [{"status": "failed", "seconds": 0}]})
    stack.configure(smsSender="0005299999")
    assert "failed to build" in stack.refused().text
    stack.run("refresh", "--yes")
    tenant.control("PUT", "/builds", {"default": [{"status": "built", "seconds": 0}]})
    assert [one["status"] for one in tenant.actions] == ["failed"]


@pytest.mark.usefixtures("replacing")
@pytest.mark.parametrize(
    "protect",
    # Protected, the engine refuses by itself; what follows is the same.
    [False, pytest.param(True, marks=pytest.mark.thorough)],
)
def test_a_sender_that_sends_is_kept_and_the_way_out_leads_on(
    apply: Apply, tenant: Tenant, protect: bool
) -> None:
    stack = apply(protect=True) if protect else apply()
    (first,) = (one["id"] for one in tenant.actions)
    fail_to_build(stack, tenant)
    if protect:
        for _ in range(2):
            stack.refused()
            assert tenant.sends_a_code()
        # Taking the engine at its word, who unprotects the Action is kept from losing it too.
        stack.configure(protect=False)
        assert KEPT in stack.run("preview", expect=None).text
    assert KEPT in stack.refused().text
    assert [one["id"] for one in tenant.actions] == [first]
    assert tenant.sends_a_code()
    # As in the dashboard: the version that runs becomes the draft, and is deployed.
    (version,) = tenant.api("GET", f"{ACTION}{first}/versions")["versions"]
    tenant.api("POST", f"{ACTION}{first}/versions/{version['id']}/deploy", {"update_draft": True})
    stack.up("--refresh")
    assert [one["id"] for one in tenant.actions] == [first]
    assert tenant.sends_a_code()
    assert stack.changes() == []
    # Nothing of all this is left for a destroy that runs no program.
    (stack.folder / "__main__.py").unlink()
    stack.destroy()
    assert tenant.actions == []


@pytest.mark.thorough
@pytest.mark.usefixtures("replacing")
def test_a_state_of_an_earlier_version_is_guarded(applied: PulumiProject, tenant: Tenant) -> None:
    fail_to_build(applied, tenant)
    state = applied.state()
    for one in state["deployment"]["resources"]:
        if one["urn"].endswith(f"::{SENDER}"):
            hooks = {"BeforeUpdate": ["generation", "half-done"], "BeforeCreate": ["generation"]}
            one["resourceHooks"] = hooks
    applied.run("stack", "import", stdin=json.dumps(state))
    assert KEPT in applied.refused().text
    assert tenant.sends_a_code()
    # What it left is destroyed as ever.
    applied.destroy()
    assert tenant.actions == []


# --- A tenant that fails within an `up`: repeated or told, nothing secret anywhere. --------------

LASTING: dict[str, tuple[dict[str, Any], str]] = {
    "the token ends": ({"end_tokens": True}, "401"),
    "HTML for an answer": ({"status": 200, "raw_body": "<html>", "times": None}, "not JSON"),
    "JSON of another form": ({"status": 200, "body": [7], "times": None}, "does not have"),
    # To the hooks: what the tenant says to the plugin, that repeats word for word.
    "a refusal that repeats secrets": (
        {"status": 400, "times": None, "path": f"{API}tenants/settings$", "nth": 1},
        "400",
    ),
    "500 without end": ({"status": 500, "times": None}, "500"),
}
LEGITIMATE = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".pem", "passphrase", "credentials.json")


@pytest.mark.thorough
@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_told_and_the_next_up_finishes(
    package: PulumiProject, tenant: Tenant, tmp_path: Path, name: str
) -> None:
    fault, told = LASTING[name]
    key, secret = tenant.running.credentials.cpaas_api_key, tenant.client_secret
    if "secrets" in name:
        fault = fault | {"body": {"message": f"{PHONE} and {key} {secret}"}}
    tenant.control("POST", "/faults", {"path": API, "nth": 6, **fault})
    said = package.refused().text
    assert told in said
    assert "Traceback" not in said
    secrets = [key, secret, PHONE, "eyJhbGciOi"]
    assert [one for one in secrets if one in said] == []
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink() and not path.name.endswith(LEGITIMATE):
            text = path.read_bytes()
            assert [one for one in secrets if one.encode() in text] == [], path
    tenant.control("DELETE", "/faults")
    # Without a refresh, which would take what is there for finished.
    package.up()
    assert tenant.policies == ["all-applications"]
