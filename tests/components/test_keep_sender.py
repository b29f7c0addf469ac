"""No Action is made beside one of its name that sends: a replacement would begin so."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from components.guards.keep_sender import KeepSender, StillSendingError
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

UNIFIED = {"id": "custom-phone-provider", "version": "v1"}
LEGACY = {"id": "send-phone-message", "version": "v2"}


def before_create(running: RunningSandbox, **inputs: Any) -> None:
    """What the engine calls before it asks the provider for a new Action."""
    args = pulumi.ResourceHookArgs(
        urn="urn", id="", name="action", type="auth0:index/action:Action", new_inputs=inputs
    )
    hook = KeepSender(access_of(running))._before(args)
    asyncio.get_event_loop().run_until_complete(hook)


def action(tenant: Tenant, name: str, trigger: dict[str, str], *, deployed: bool) -> None:
    body = {"name": name, "code": "// 1", "supported_triggers": [trigger]}
    tenant.versions.create(body | {"deploy": deployed})


@pytest.mark.parametrize("trigger", [UNIFIED, LEGACY])
def test_one_that_sends_is_kept_and_the_way_on_is_said(
    running: RunningSandbox, tenant: Tenant, trigger: dict[str, str]
) -> None:
    action(tenant, "sender", trigger, deployed=True)
    with pytest.raises(StillSendingError, match="pulumi up --refresh") as refused:
        before_create(running, name="sender", supportedTriggers=trigger)
    assert "version 1 sends" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "trigger", "deployed"),
    [("sender", LEGACY, False), ("sender of others", LEGACY, True), ("sender", UNIFIED, True)],
    ids=["never deployed", "another name", "another trigger"],
)
def test_what_does_not_send_in_its_place_is_no_matter(
    running: RunningSandbox, tenant: Tenant, name: str, trigger: dict[str, str], deployed: bool
) -> None:
    action(tenant, name, trigger, deployed=deployed)
    before_create(running, name="sender", supportedTriggers=LEGACY)


def test_a_preview_warns_and_goes_on(
    running: RunningSandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    action(tenant, "sender", UNIFIED, deployed=True)
    before_create(running, name="sender", supportedTriggers=UNIFIED)
    before_create(running, supportedTriggers=UNIFIED)  # A name that is not known yet.
    assert [one.partition(":")[0] for one in said] == ["pulumi up will stop here"]
