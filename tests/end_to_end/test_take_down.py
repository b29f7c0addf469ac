"""What is in the way of a destroy is said before; who does not look locks nobody out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import EACH_GENERATION, Tenant
from tests.end_to_end.operators import operator_of, writes
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.test_policy_last import FolderLife

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
    assert "would lower it" in stack.up(expect=None).text
    tenant.api("PUT", "/guardian/policies", [])  # break-glass
    stack.up()
    bind(tenant)
    assert operator.json("take-down")["obstacles"] == []
    stack.run("destroy", "--yes", "--skip-preview")
    assert tenant.api("GET", "/actions/actions")["actions"] == []
    assert tenant.api("GET", "/branding/phone/providers")["providers"] == []


@pytest.mark.thorough
@EACH_GENERATION
def test_whatever_deletion_is_refused_locks_nobody_out_and_the_next_destroy_ends_it(
    apply: Callable[..., PulumiProject], tenant: Tenant, tmp_path: Path, generation: str
) -> None:
    stack = apply(policy="never")
    assert operator_of(tenant, stack).json("take-down")["obstacles"] == []
    life = FolderLife(stack, tenant, tmp_path / "sandbox" / "pulumi-state")
    life.keep()
    tenant.forget_requests()
    destroy = ("destroy", "--yes", "--skip-preview")
    stack.run(*destroy)
    requests = [(nth, one) for nth, one in enumerate(tenant.logged(), 1) if one["method"] != "GET"]
    deleting = [(nth, one) for nth, one in requests if one["path"] != "/oauth/token"]
    assert len(deleting) > (8 if generation == "unified" else 4)
    for nth, one in deleting:
        life.back()
        tenant.control("POST", "/faults", {"nth": nth, "status": 403})
        stack.run(*destroy, expect=None)
        tenant.control("DELETE", "/faults")
        assert tenant.api("GET", "/guardian/policies") == [], f"after {one['path']} was refused"
        stack.run(*destroy)
        assert tenant.api("GET", "/actions/actions")["actions"] == [], one["path"]


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
