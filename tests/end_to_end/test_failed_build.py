"""A build that failed costs no sender that sends, whatever the plugin plans to do about it.

pulumi-auth0 3.54 and later replace an Action whose build failed, by their documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end

SENDER = "phone-mfa-sender-action"
FAILED = {"status": "failed", "seconds": 0}
KEPT = "version 1 sends"


def sender(tenant: Tenant) -> dict[str, Any]:
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    return dict(action)


def fail_to_build(stack: PulumiProject, tenant: Tenant) -> None:
    """A change whose build fails; the state knows of it, and the plugin plans a replacement."""
    tenant.control("PUT", "/builds", {"default": [FAILED]})
    stack.configure(smsSender="0005299999")
    assert "failed to build" in stack.up(expect=None).text
    stack.run("refresh", "--yes")
    tenant.control("PUT", "/builds", {"default": [{"status": "built", "seconds": 0}]})
    assert sender(tenant)["status"] == "failed"


@pytest.fixture
def replacing(environment: dict[str, str]) -> None:
    """The plugin replaces an Action whose build failed."""
    environment["PHONEMFA_STAND_IN"] = "replace-failed-build"


@pytest.mark.usefixtures("replacing")
@pytest.mark.parametrize(
    "protect",
    # Protected, the engine refuses by itself; what follows is the same.
    [False, pytest.param(True, marks=pytest.mark.thorough)],
)
def test_a_sender_that_sends_is_kept_and_the_way_out_leads_on(
    apply: Callable[..., PulumiProject], tenant: Tenant, protect: bool
) -> None:
    stack = apply(protect=protect)
    first = sender(tenant)["id"]
    fail_to_build(stack, tenant)
    relaxed: list[dict[str, Any]] = [{}, {"protect": False}]
    for more in relaxed if protect else relaxed[:1]:
        # Taking the engine at its word, who unprotects the Action is kept from losing it too.
        stack.configure(**more)
        for _ in range(2 if protect else 1):
            refused = stack.up(expect=None)
            assert refused.exit != 0
            assert KEPT in refused.text or (protect and not more)
            assert sender(tenant)["id"] == first
            assert tenant.sends_a_code()
    if not protect:
        assert KEPT in stack.run("preview", expect=None).text
    # As in the dashboard: the version that runs becomes the draft, and is deployed.
    (running,) = tenant.api("GET", f"/actions/actions/{first}/versions")["versions"]
    deploy = f"/actions/actions/{first}/versions/{running['id']}/deploy"
    tenant.api("POST", deploy, {"update_draft": True})
    stack.up("--refresh")
    assert sender(tenant)["id"] == first
    assert tenant.sends_a_code()
    assert changed(stack.preview_steps()) == []
    # Nothing of all this is left for a destroy that runs no program.
    (stack.folder / "__main__.py").unlink()
    stack.run("destroy", "--yes")
    assert tenant.api("GET", "/actions/actions")["actions"] == []


@pytest.mark.thorough
@pytest.mark.usefixtures("replacing")
def test_a_state_of_an_earlier_version_is_guarded_at_its_first_up(
    apply: Callable[..., PulumiProject], tenant: Tenant, tmp_path: Path
) -> None:
    stack = apply()
    fail_to_build(stack, tenant)
    state = stack.state()
    for one in state["deployment"]["resources"]:
        if one["urn"].endswith(f"::{SENDER}"):
            one["resourceHooks"] = {"BeforeUpdate": ["generation", "half-done"]}
            one["resourceHooks"]["BeforeCreate"] = ["generation"]
    kept = tmp_path / "state.json"
    kept.write_text(json.dumps(state), encoding="utf-8")
    stack.run("stack", "import", "--file", str(kept))
    assert KEPT in stack.up(expect=None).text
    assert tenant.sends_a_code()
    # What it left is destroyed as ever.
    stack.run("destroy", "--yes")
    assert tenant.api("GET", "/actions/actions")["actions"] == []
