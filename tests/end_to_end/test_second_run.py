"""After a failed run was finished, state and drift tell the truth about our own deploy."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pytest

from phonemfa.drift.findings import Finding, is_drift
from phonemfa.drift.look import look
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.preview import Step
from phonemfa.pulumi.stack_file import read_stack_file
from sandbox.tenant.clock import SystemClock
from tests.end_to_end.conftest import EACH_GENERATION, Tenant
from tests.end_to_end.operators import operator_of, running_version
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

WRITTEN = "secret-changed:custom-phone-provider"
ACTION = "/actions/actions/"
FAULTS: dict[str, dict[str, Any]] = {
    "our write": {"path": ACTION, "method": "PATCH", "status": 400},
    "the plugin's write": {"path": ACTION, "method": "PATCH", "nth": 2, "status": 400},
    "deploy": {"path": "/deploy$", "method": "POST", "status": 400},
    "deploy, lost answer": {"path": "/deploy$", "close": True, "when": "after", "times": None},
    "policy": {"path": "/guardian/policies", "method": "PUT", "status": 403, "times": None},
    "texts": {"path": "/templates", "method": "P.*", "status": 500, "times": None},
}
NIGHTS = 100
DAY = 86_400 * 10**9


def fail(stack: PulumiProject, tenant: Tenant, name: str) -> None:
    """A change of a secret and of the policy fails half-way."""
    tenant.control("POST", "/faults", FAULTS[name])
    own = {"otp_verify": {"text": "{{ code }} です", "voice": "{{ code }} です"}}
    stack.configure(smsSender="0005211111", policy="always", texts=own)
    assert stack.up(expect=None).exit != 0
    tenant.control("DELETE", "/faults")
    asked = stack.resource("phone-mfa")
    assert asked["inputs"]["settings"]["policy"] == "always"
    assert "applied" not in (asked.get("outputs") or {}), "what was applied is not known any more"


def findings(stack: PulumiProject, tenant: Tenant, *, expect: int) -> dict[str, dict[str, Any]]:
    """What differs, by id; notices left out."""
    found = operator_of(tenant, stack).json("drift", expect=expect)["findings"]
    return {one["id"]: one for one in found if one["level"] != "notice"}


@pytest.mark.parametrize(
    "name",
    [
        "the plugin's write",
        *(
            pytest.param(one, marks=pytest.mark.thorough)
            for one in FAULTS
            if one != "the plugin's write"
        ),
    ],
)
def test_a_run_that_was_finished_is_no_drift(
    apply: Callable[..., PulumiProject], tenant: Tenant, name: str
) -> None:
    stack = apply(policy="adaptive")
    fail(stack, tenant, name)
    if name == "the plugin's write":
        before = findings(stack, tenant, expect=7)[WRITTEN]
        assert "pulumi up, without --refresh" in before["how"]
    stack.up()
    assert findings(stack, tenant, expect=0) == {}
    recorded = stack.resource("phone-mfa-sender-action")["outputs"]["versionId"]
    assert recorded == running_version(tenant)["id"]
    inside = tenant.running.parts.tenant.deployed_action("custom-phone-provider")
    assert inside is not None
    assert inside.secrets["SMS_SENDER"] == "0005211111", "what failed to be written runs now"
    assert stack.resource("phone-mfa")["outputs"]["applied"]["settings"]["policy"] == "always"


@dataclass(frozen=True)
class Told(PulumiCli):
    """An engine that says of its refresh what the real one said: the state does not change."""

    refreshed: tuple[Step, ...]

    def refresh_preview(self) -> tuple[Step, ...]:
        return self.refreshed


def a_hundred_nights(stack: PulumiProject, monkeypatch: pytest.MonkeyPatch) -> list[list[Finding]]:
    """What each night's look found, with the state and without by turns; no look writes."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    wanted = read_stack_file(stack.folder, stack.stack)
    access = wanted.access
    wanted = replace(wanted, cli=Told(wanted.cli.refresh_preview()))
    begin, found = time.time_ns(), []
    for night in range(NIGHTS):
        now = begin + night * DAY
        monkeypatch.setattr(SystemClock, "now_ns", lambda _, now=now: now)
        seen = look(wanted, access, lambda _: nullcontext(), with_state=night % 2 == 0)
        found.append([one for one in seen.findings if is_drift([one])])
    return found


@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("name", FAULTS)
def test_no_night_after_a_run_that_was_finished_has_a_false_alarm(
    apply: Callable[..., PulumiProject],
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    generation: str,
) -> None:
    stack = apply(policy="adaptive")
    assert tenant.generation == generation
    fail(stack, tenant, name)
    stack.up()
    assert a_hundred_nights(stack, monkeypatch) == [[]] * NIGHTS


@pytest.mark.thorough
@EACH_GENERATION
@pytest.mark.parametrize("name", ["deploy", "policy", "texts"])
def test_nor_has_one_after_a_first_run_that_was_finished(
    package: PulumiProject,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    generation: str,
) -> None:
    package.configure(experience=generation)
    tenant.control("POST", "/faults", FAULTS[name])
    assert package.up(expect=None).exit != 0
    tenant.control("DELETE", "/faults")
    package.up()
    assert a_hundred_nights(package, monkeypatch) == [[]] * NIGHTS


# On every change: the words alone, phonemfa/drift/test_rules.py.
@pytest.mark.thorough
def test_what_a_refresh_made_pulumi_forget_is_named_and_the_advice_is_true(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply(policy="adaptive")
    fail(stack, tenant, "deploy")
    stack.run("refresh", "--yes")
    # Until the next up, what was applied is unknown: the last moment to see it in a state.
    notices = operator_of(tenant, stack).json("drift", expect=7)["findings"]
    assert "did not finish" in next(one["what"] for one in notices if one["kind"] == "not-compared")
    stack.up()
    (found,) = findings(stack, tenant, expect=7).values()
    assert found["id"] == WRITTEN
    assert "press Deploy" in found["how"]
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    tenant.api("POST", f"/actions/actions/{action['id']}/deploy")
    found = findings(stack, tenant, expect=7)[WRITTEN]
    assert "pulumi refresh records the version" in found["how"]
    stack.run("refresh", "--yes")
    assert findings(stack, tenant, expect=0) == {}
