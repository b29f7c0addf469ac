"""Users are asked for codes only once codes are sent, and a step that fails is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from sandbox.cpaas.script import ScriptedAnswer
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end

NUMBER = "+819012345678"


class Enforce:
    """The command in the environment that Pulumi has."""

    def __init__(self, stack: PulumiProject, tenant: Tenant) -> None:
        self.stack, self.tenant = stack, tenant

    def run(self, *options: str) -> Result:
        command = ["enforce", "--stack", self.stack.stack, "--project", str(self.stack.folder)]
        return CliRunner().invoke(app, [*command, *options], env=self.stack.environment)

    def declared(self) -> Any:
        path = self.stack.folder / f"Pulumi.{self.stack.stack}.yaml"
        return yaml.safe_load(path.read_text(encoding="utf-8"))["config"]["phonemfa:policy"]

    def policies(self) -> Any:
        return self.tenant.api("GET", "/guardian/policies")


@pytest.fixture
def enforce(apply: Callable[..., PulumiProject], tenant: Tenant) -> Enforce:
    return Enforce(apply(policy="never", testNumbers=[NUMBER]), tenant)


def test_always_is_applied_after_a_message_of_each_channel(enforce: Enforce) -> None:
    done = enforce.run("--yes", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["before"], answer["after"]) == ([], ["all-applications"])
    assert enforce.policies() == ["all-applications"]
    assert enforce.declared() == "always"
    assert NUMBER not in done.output
    sent = enforce.tenant.control("GET", f"/messages?to=%2B{NUMBER[1:]}")["messages"]
    assert {one["channel"] for one in sent} == {"sms", "voice"}
    assert changed(enforce.stack.preview_steps()) == []


@pytest.mark.thorough  # without the engine: phonemfa/enforce
def test_a_step_that_fails_half_way_leaves_the_earlier_policy_everywhere(enforce: Enforce) -> None:
    # The provider's own write, after the gate has done its part.
    refusal = {"statusCode": 403, "error": "Forbidden", "message": "Scripted refusal"}
    fault = {"method": "PUT", "path": "/guardian/policies$", "nth": 2, "status": 403}
    enforce.tenant.control("POST", "/faults", fault | {"body": refusal})
    failed = enforce.run("--yes")
    assert failed.exit_code == 1, failed.output
    assert "The policy is never again" in failed.output
    assert enforce.policies() == []
    assert enforce.declared() == "never"
    enforce.tenant.control("DELETE", "/faults")
    enforce.stack.up("--refresh")
    assert enforce.policies() == []


@pytest.mark.thorough  # without the engine: phonemfa/enforce
def test_what_is_not_ready_or_not_sent_is_refused_with_the_reason(enforce: Enforce) -> None:
    assert enforce.run().exit_code == 2, "nobody can be asked, and nobody said --yes"

    enforce.stack.configure(smsSender="0005299999")
    waiting = enforce.run("--yes")
    assert waiting.exit_code == 1
    assert "update phone-mfa-sender-action" in waiting.output
    enforce.stack.configure(smsSender="0005212345")

    (provider,) = enforce.tenant.api("GET", "/branding/phone/providers")["providers"]
    path = f"/branding/phone/providers/{provider['id']}"
    enforce.tenant.api("PATCH", path, {"disabled": True})
    off = enforce.run("--yes")
    assert off.exit_code == 1
    assert "phone-mfa-delivery-provider" in off.output, "the drift is told before anything is sent"
    enforce.tenant.api("PATCH", path, {"disabled": False})

    out_of_credit = ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS")
    enforce.tenant.running.parts.cpaas.script.add([out_of_credit] * 2)
    unsent = enforce.run("--yes")
    assert unsent.exit_code == 1, unsent.output
    assert "text: " in unsent.output
    assert "CREDIT" in unsent.output, "the CPaaS's own reason"
    assert enforce.policies() == []
    assert enforce.declared() == "never"
