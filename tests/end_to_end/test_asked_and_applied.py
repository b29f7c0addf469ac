"""What a stack asks for stands in the component's inputs, what was applied in its outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.vocabulary import COMPONENT
from tests.end_to_end.conftest import KEY, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end


def component(stack: PulumiProject) -> dict[str, Any]:
    return stack.resource("phone-mfa")


def test_a_setting_is_asked_before_and_applied_after_a_run_that_finished(
    applied: PulumiProject,
) -> None:
    before = component(applied)
    assert before["inputs"]["settings"]["recipientLimit"] == 10
    assert before["outputs"]["applied"] == before["inputs"]
    assert before["inputs"]["settings"]["voiceLimit"] is None, "not set, and known to be a setting"

    applied.configure(recipientLimit=33, testNumbers=["+819012345678"])
    shown = applied.run("preview", "--diff").text
    assert "recipientLimit" in shown
    assert "10 => 33" in shown
    applied.up()
    after = component(applied)
    assert after["outputs"]["applied"]["settings"]["recipientLimit"] == 33
    assert KEY not in json.dumps(after)
    assert "+819012345678" not in json.dumps(after), "test numbers are nobody's business"


@pytest.mark.thorough
def test_a_state_of_an_earlier_version_gets_both_without_a_request(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply()
    exported = stack.state()
    for one in exported["deployment"]["resources"]:
        if one["type"] == COMPONENT:
            one["inputs"], one["outputs"] = {}, {}
    stack.run("stack", "import", stdin=json.dumps(exported))
    # The engine calls inputs that appear an update of the component; nothing below it changes.
    assert changed(stack.preview_steps()) == [("update", "phone-mfa")]
    tenant.forget_requests()
    stack.up()
    assert tenant.requests() == []
    assert component(stack)["outputs"]["applied"] == component(stack)["inputs"]
