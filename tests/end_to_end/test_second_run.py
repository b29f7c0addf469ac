"""After a failed run was finished, state and drift tell the truth about our own deploy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.conftest import Tenant
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
}


def fail(stack: PulumiProject, tenant: Tenant, name: str) -> None:
    """A change of a secret and of the policy fails half-way."""
    tenant.control("POST", "/faults", FAULTS[name])
    stack.configure(smsSender="0005211111", policy="never")
    assert stack.up(expect=None).exit != 0
    tenant.control("DELETE", "/faults")


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
    stack = apply()
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
    assert stack.resource("phone-mfa")["outputs"]["applied"]["settings"]["policy"] == "never"


# On every change: the words alone, phonemfa/drift/test_actions.py.
@pytest.mark.thorough
def test_what_a_refresh_made_pulumi_forget_is_named_and_the_advice_is_true(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply()
    fail(stack, tenant, "deploy")
    stack.run("refresh", "--yes")
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
