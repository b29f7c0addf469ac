"""Users are asked for codes only once codes are sent, and a step that fails is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from phonemfa.cli import app
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
