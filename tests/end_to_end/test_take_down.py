"""What is in the way of a destroy is said before; who does not look locks nobody out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

TRIGGER = "custom-phone-provider"


def bind(tenant: Tenant, *action_ids: str) -> None:
    """The trigger's flow, as somebody set it in the dashboard."""
    bindings = [
        {"ref": {"type": "action_id", "value": one}, "display_name": "by hand"}
        for one in action_ids
    ]
    path = f"/actions/triggers/{TRIGGER}/bindings"
    tenant.api("PATCH", path, {"bindings": bindings})


def test_what_is_in_the_way_is_said_before_and_once_settled_all_goes(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply(protect=True)
    operator = operator_of(tenant, stack)
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    bind(tenant, action["id"])
    tenant.forget_requests()
    found = operator.json("take-down", expect=1)["obstacles"]
    assert [one["what"].partition(" ")[0] for one in found] == ["users", "protected,", "the"]
    assert writes(tenant) == []

    stack.configure(policy="never", protect=False)
    stack.up()
    bind(tenant)
    assert operator.json("take-down")["obstacles"] == []
    stack.run("destroy", "--yes", "--skip-preview")
    assert tenant.api("GET", "/actions/actions")["actions"] == []
    assert tenant.api("GET", "/branding/phone/providers")["providers"] == []


@pytest.mark.thorough
def test_who_does_not_look_first_locks_nobody_out_and_can_go_on(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply()
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    bind(tenant, action["id"])
    assert stack.run("destroy", "--yes", "--skip-preview", expect=None).exit != 0
    assert tenant.api("GET", "/guardian/policies") == []
    (left,) = tenant.api("GET", "/actions/actions")["actions"]
    assert left["id"] == action["id"]
    bind(tenant)
    stack.run("destroy", "--yes", "--skip-preview")
    assert tenant.api("GET", "/actions/actions")["actions"] == []


@pytest.mark.thorough
def test_a_provider_that_was_taken_out_of_the_stack_stays(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply(policy="never")
    guardian = stack.resource("phone-mfa-factor-guardian")["urn"]
    stack.run("destroy", "--target", guardian, "--yes", "--skip-preview")
    stack.run("state", "delete", stack.resource("phone-mfa-delivery-provider")["urn"], "--yes")
    stack.run("destroy", "--yes", "--skip-preview")
    (provider,) = tenant.api("GET", "/branding/phone/providers")["providers"]
    assert provider["name"] == "custom"
