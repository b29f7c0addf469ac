"""An Action's secret is neither erased unsaid nor left unwritten unsaid, whatever failed before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end

NEW = "0005211111"
REFUSED = "the Action ntt-cpaas-phone has secrets that this stack does not declare: EXTRA."


def stored(tenant: Tenant) -> dict[str, Any]:
    content = tenant.control("GET", "/state?secrets=true")["content"]
    (action,) = content["actions"].values()
    return dict(action)


def secrets(version: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in version["secrets"]}


def draft(tenant: Tenant) -> dict[str, str]:
    """The secrets that the Action's draft has."""
    return secrets(stored(tenant)["draft"])


def running(tenant: Tenant) -> dict[str, str]:
    """The secrets that the version has which runs."""
    action = tenant.api("GET", "/actions/actions")["actions"][0]
    assert action["all_changes_deployed"]
    return draft(tenant)


def add_by_hand(tenant: Tenant, name: str = "EXTRA") -> None:
    """A secret more, as in the dashboard."""
    action = tenant.api("GET", "/actions/actions")["actions"][0]
    names = [{"name": one["name"]} for one in action["secrets"]]
    body = {"secrets": [*names, {"name": name, "value": "by hand"}]}
    tenant.api("PATCH", f"/actions/actions/{action['id']}", body)
    tenant.api("POST", f"/actions/actions/{action['id']}/deploy")


# On every change: the recorded life "undeclared-secret" (test_traces.py).
@pytest.mark.thorough
def test_an_undeclared_secret_is_refused_until_it_may_go(
    apply: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = apply()
    add_by_hand(tenant)
    before = draft(tenant)
    stack.configure(smsSender=NEW)
    preview = stack.run("preview")
    assert REFUSED in preview.text, "a preview warns"
    for command in ((), (), ("refresh",), ("--refresh",)):
        if command == ("refresh",):
            stack.run("refresh", "--yes")
        refused = stack.up(*[one for one in command if one.startswith("-")], expect=None)
        assert refused.exit != 0
        assert REFUSED in refused.text
        assert "phonemfa:retiredSecrets to [EXTRA]" in refused.text
        assert draft(tenant) == before
    # The way out that it names.
    stack.configure(retiredSecrets=["EXTRA"])
    stack.up()
    assert running(tenant) == before | {"SMS_SENDER": NEW, "EXTRA": "retired"}
    stack.configure(retiredSecrets=[])
    stack.up()
    assert running(tenant) == {name: one for name, one in before.items() if name != "EXTRA"} | {
        "SMS_SENDER": NEW
    }
    assert changed(stack.preview_steps()) == []


# Without a refresh: test_second_run.py, and each lost answer in test_lost_answers.py. Of the other
# writes a refresh makes Pulumi forget (decisions/action.md): test_second_run.py.
@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 500}, id="500"),
        pytest.param({"close": True, "when": "after"}, id="lost answer"),
    ],
)
def test_a_refresh_makes_nobody_forget_a_secret_that_our_own_write_left_behind(
    apply: Callable[..., PulumiProject], tenant: Tenant, fault: dict[str, Any]
) -> None:
    stack = apply()
    ours = {"path": "/actions/actions/", "method": "PATCH", "nth": 1, "times": None}
    tenant.control("POST", "/faults", ours | fault)
    stack.configure(smsSender=NEW)
    assert stack.up(expect=None).exit != 0
    tenant.control("DELETE", "/faults")
    stack.run("refresh", "--yes")
    stack.up()
    assert running(tenant)["SMS_SENDER"] == NEW
    assert changed(stack.preview_steps()) == []
