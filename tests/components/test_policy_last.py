"""What the gate does in a tenant, before the provider writes; a sandbox tenant over HTTPS."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pulumi
import pytest

from components.guards.policy_last import GateClosedError, PolicyLast, PolicyLoweredError
from components.guards.test_message import Messages, NotSentError
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded
from components.tenant.access import Access
from components.tenant.guardian import TOKEN
from components.tenant.stack_access import TenantAccess, TenantCallError
from components.vocabulary import DeliveryMethod, Experience, Gate
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

ACTION = {
    "name": "sender",
    "supported_triggers": [{"id": "custom-phone-provider", "version": "v1"}],
    "code": "exports.onExecuteCustomPhoneProvider = async (event, api) => {};",
    "deploy": True,
}
LEGACY_TRIGGER = {"id": "send-phone-message", "version": "v2"}
CUSTOM = {
    "name": "custom",
    "credentials": {},
    "configuration": {"delivery_methods": ["text", "voice"]},
}
TWILIO = {
    "name": "twilio",
    "credentials": {"auth_token": "t"},
    "configuration": {"sid": "s", "default_from": "+1", "delivery_methods": ["text"]},
}
PHONE = {"enabled": True, "messageTypes": ["sms", "voice"]}
ALWAYS = ["all-applications"]
ADAPTIVE = ["confidence-score"]


def gate_of(running: RunningSandbox, **changes: Any) -> PolicyLast:
    given: dict[str, Any] = {
        "experience": Experience.UNIFIED,
        "gate": Gate.READY,
        "trial": Messages(to="+819012345678", methods=[DeliveryMethod.TEXT]),
    }
    return PolicyLast(access_of(running), **given | changes)


def before(gate: PolicyLast, *, policy: str | None, phone: dict[str, Any] | None = None) -> None:
    """What the engine calls before it writes the Guardian resource."""
    inputs = {"policy": policy, "phone": PHONE if phone is None else phone}
    args = pulumi.ResourceHookArgs(
        urn="urn", id="id", name="guardian", type=TOKEN, new_inputs=inputs
    )
    asyncio.get_event_loop().run_until_complete(gate._before(args))


def failed(gate: PolicyLast) -> bool:
    """What the engine calls when its own write failed."""
    args = pulumi.ErrorHookArgs(urn="urn", id="id", name="g", type=TOKEN, failed_operation="u")
    return asyncio.get_event_loop().run_until_complete(gate._failed(args))


def fill(tenant: Tenant) -> None:
    tenant.versions.create(dict(ACTION))
    tenant.providers.create(dict(CUSTOM))


def test_the_factor_is_ready_before_the_policy_asks_for_it(
    running: RunningSandbox, tenant: Tenant
) -> None:
    fill(tenant)
    before(gate_of(running), policy="all-applications")
    assert tenant.policies() == ALWAYS
    assert tenant.factor_enabled("sms")
    assert tenant.message_types() == ["sms", "voice"]


def test_never_needs_nothing(running: RunningSandbox, tenant: Tenant) -> None:
    before(gate_of(running), policy="never")
    assert tenant.policies() == []
    assert not tenant.factor_enabled("sms")


LOWER = [
    (ALWAYS, "never"),
    (ALWAYS, "confidence-score"),
    (ADAPTIVE, "never"),
    (["some-day"], "never"),
    ([*ADAPTIVE, *ALWAYS], "confidence-score"),
]


@pytest.mark.parametrize("gate", [Gate.READY, Gate.OFF])
@pytest.mark.parametrize(("live", "wanted"), LOWER)
def test_no_deploy_lowers_the_policy_that_a_tenant_has(
    running: RunningSandbox, tenant: Tenant, live: list[str], wanted: str, gate: Gate
) -> None:
    fill(tenant)
    tenant.guardian.set_policies(live)
    with pytest.raises(PolicyLoweredError, match="break-glass"):
        before(gate_of(running, gate=gate), policy=wanted)
    assert (tenant.policies(), tenant.factor_enabled("sms")) == (live, False)


@pytest.mark.parametrize("gate", [Gate.READY, Gate.OFF])
@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ([], "never"),
        ([], "confidence-score"),
        (ADAPTIVE, "confidence-score"),
        (ADAPTIVE, ALWAYS[0]),
    ],
)
def test_what_lowers_nothing_passes(
    running: RunningSandbox, tenant: Tenant, live: list[str], wanted: str, gate: Gate
) -> None:
    fill(tenant)
    tenant.guardian.set_policies(live)
    before(gate_of(running, gate=gate), policy=wanted)
    # Without the gate the auth0 provider writes it.
    assert tenant.policies() == (
        live if gate is Gate.OFF else [] if wanted == "never" else [wanted]
    )


def test_a_preview_says_that_the_policy_would_be_lowered_and_writes_nothing(
    running: RunningSandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    tenant.guardian.set_policies(ALWAYS)
    before(gate_of(running), policy="never")
    (said,) = warned
    assert said.startswith("pulumi up will stop here: the tenant's policy is always")
    assert tenant.policies() == ALWAYS


@pytest.mark.parametrize("policy", ["all-applications", None])
def test_a_preview_that_can_lower_nothing_asks_nothing(
    running: RunningSandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, policy: str | None
) -> None:
    tenant.guardian.set_policies(ALWAYS)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    gate = gate_of(running)
    gate._access = replace(gate._access, access=Access(domain="nobody.invalid"))
    before(gate, policy=policy)


def test_a_tenant_that_cannot_send_is_not_asked_for_codes(
    running: RunningSandbox, tenant: Tenant
) -> None:
    with pytest.raises(GateClosedError, match="no phone provider"):
        before(gate_of(running), policy="all-applications")
    assert tenant.policies() == []
    assert not tenant.factor_enabled("sms")


def test_a_provider_that_needs_no_action_is_good_enough(
    running: RunningSandbox, tenant: Tenant
) -> None:
    tenant.providers.create(dict(TWILIO))
    before(gate_of(running), policy="all-applications", phone={"enabled": True})
    assert tenant.policies() == ALWAYS


def test_what_is_not_declared_stays(running: RunningSandbox, tenant: Tenant) -> None:
    fill(tenant)
    tenant.guardian.set_factor("sms", enabled=True)
    tenant.guardian.set_message_types(["sms"])
    before(gate_of(running), policy="all-applications", phone={"enabled": True})
    assert tenant.message_types() == ["sms"]


def test_a_policy_over_other_factors_alone_switches_no_phone_on(
    running: RunningSandbox, tenant: Tenant
) -> None:
    before(gate_of(running), policy="all-applications", phone={"enabled": False})
    assert tenant.policies() == ALWAYS
    assert not tenant.factor_enabled("sms")


def test_a_legacy_tenant_needs_a_bound_action(running: RunningSandbox, tenant: Tenant) -> None:
    tenant.reset("legacy")
    gate = gate_of(running, experience=Experience.LEGACY)
    hook = {"enabled": True, "provider": "phone-message-hook", "messageTypes": ["sms"]}
    with pytest.raises(GateClosedError, match="No Action is bound"):
        before(gate, policy="all-applications", phone=hook)
    assert tenant.policies() == []


def test_a_legacy_tenants_hook_and_texts_are_there_before_the_policy(
    running: RunningSandbox, tenant: Tenant
) -> None:
    tenant.reset("legacy")
    action = tenant.versions.create({**ACTION, "supported_triggers": [LEGACY_TRIGGER]})
    ref = {"type": "action_id", "value": action["id"]}
    tenant.bindings.replace("send-phone-message", [{"ref": ref, "display_name": "sender"}])
    gate = gate_of(running, experience=Experience.LEGACY)
    texts = {"enrollmentMessage": "{{ code }} 登録", "verificationMessage": "{{ code }} 確認"}
    hook = {"enabled": True, "provider": "phone-message-hook", "messageTypes": ["sms"]}
    before(gate, policy="all-applications", phone={**hook, "options": texts})
    assert tenant.policies() == ALWAYS
    assert tenant.guardian.selected_provider()["provider"] == "phone-message-hook"
    written = tenant.guardian.templates("sms") or {}
    assert written["verification_message"] == "{{ code }} 確認"

    # As found: texts that are not declared stay, and whoever sends without an Action needs none.
    tenant.guardian.set_policies([])
    tenant.bindings.replace("send-phone-message", [])
    before(gate, policy="all-applications", phone={**hook, "provider": "twilio"})
    assert tenant.policies() == ALWAYS
    assert tenant.guardian.selected_provider()["provider"] == "twilio"
    assert tenant.guardian.templates("sms") == written


def test_a_custom_provider_without_a_deployed_action_sends_nothing(
    running: RunningSandbox, tenant: Tenant
) -> None:
    fill(tenant)
    (action,) = tenant.actions.all()
    tenant.actions.delete(action["id"], force=True)
    tenant.versions.create({**ACTION, "deploy": False})
    with pytest.raises(GateClosedError, match="No Action is deployed on custom-phone-provider"):
        before(gate_of(running), policy="all-applications")
    assert tenant.policies() == []


def test_what_is_as_wanted_is_not_written_again(running: RunningSandbox, tenant: Tenant) -> None:
    fill(tenant)
    before(gate_of(running), policy="all-applications")
    headers = running.control_headers
    with httpx.Client(base_url=f"{running.tenant_url}/_sandbox", headers=headers) as control:
        control.delete("/requests")
        again = gate_of(running)
        before(again, policy="all-applications")
        log = control.get("/requests").json()["requests"]
    assert {one["method"] for one in log if "oauth" not in one["path"]} == {"GET"}
    failed(again)
    assert tenant.policies() == ALWAYS, "nothing was changed that could be taken back"


def test_the_gate_is_the_one_that_the_settings_ask_for(
    running: RunningSandbox, tenant: Tenant
) -> None:
    values = {
        "experience": "unified",
        "deliveryMethods": ["voice"],
        "policy": "always",
        "cpaasBaseHost": "cpaas.example.com",
        "voiceSender": "+815012345678",
        "gate": "smoke",
        "testNumbers": ["+819012345678"],
    }
    settings = StackSettings.check("dev", values)
    loaded = Loaded(
        settings=settings,
        cpaas_api_key=pulumi.Output.secret("k"),
        tenant=access_of(running),
        project=Path(),
    )
    gate = PolicyLast.of(loaded)
    fill(tenant)
    assert (gate._experience, gate._gate) == (Experience.UNIFIED, Gate.SMOKE)
    assert (gate._trial.to, gate._trial.methods) == ("+819012345678", [DeliveryMethod.VOICE])
    # The Action of this tenant ends without a word, which the tenant logs as sent.
    before(gate, policy="all-applications")
    assert tenant.policies() == ALWAYS


def test_a_tenant_whose_provider_went_meanwhile_is_told(
    running: RunningSandbox, tenant: Tenant
) -> None:
    async def tried() -> None:
        async with access_of(running).connect() as client:
            await Messages(to="+819012345678", methods=[DeliveryMethod.TEXT]).arrive(client)

    with pytest.raises(NotSentError, match="no phone provider"):
        asyncio.get_event_loop().run_until_complete(tried())


def test_an_action_that_drops_the_message_keeps_the_policy(
    running: RunningSandbox, tenant: Tenant
) -> None:
    dropping = "async (event, api) => { api.notification.drop('no credit'); };"
    tenant.versions.create({**ACTION, "code": f"exports.onExecuteCustomPhoneProvider = {dropping}"})
    tenant.providers.create(dict(CUSTOM))
    with pytest.raises(NotSentError, match="was not sent: no credit"):
        before(gate_of(running, gate=Gate.SMOKE), policy="all-applications")
    assert tenant.policies() == []


def test_every_channel_must_send_before_users_are_asked(
    running: RunningSandbox, tenant: Tenant
) -> None:
    voiceless = """async ({ notification }, api) => {
        if (notification.delivery_method === "voice") api.notification.drop("no credit");
    };"""
    tenant.versions.create(
        {**ACTION, "code": f"exports.onExecuteCustomPhoneProvider = {voiceless}"}
    )
    tenant.providers.create(dict(CUSTOM))
    gate = gate_of(running, gate=Gate.SMOKE)
    gate._trial = Messages(to="+819012345678", methods=list(DeliveryMethod))
    with pytest.raises(NotSentError, match="by voice was not sent: no credit"):
        before(gate, policy="all-applications")
    assert tenant.policies() == []


def test_a_log_that_says_nothing_keeps_the_policy(
    running: RunningSandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tenant that logs no test message; an earlier message to the number is no evidence.
    notifications = running.parts.notifications
    silent = replace(notifications.assumptions, test_message_logs=False)
    monkeypatch.setattr(notifications, "assumptions", silent)
    fill(tenant)
    earlier = {"authenticator": {"phone_number": "+819012345678"}}
    running.parts.tenant.logs.add("gd_send_sms", "sent", earlier)
    gate = gate_of(running, gate=Gate.SMOKE)
    gate._trial = Messages(to="+819012345678", methods=[DeliveryMethod.TEXT], patience=0.0)
    with pytest.raises(NotSentError, match="not known"):
        before(gate, policy="all-applications")
    assert tenant.policies() == []


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        ({"when": "after", "status": 503}, 1),
        ({"when": "after", "close": True}, 1),
        ({"status": 429}, 2),
    ],
)
def test_a_test_message_is_asked_for_again_only_when_it_was_surely_not_sent(
    running: RunningSandbox,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    asked: int,
) -> None:
    monkeypatch.setattr("components.guards.test_message._RATE_LIMIT_PAUSES", (0.0,))
    fill(tenant)
    headers = running.control_headers
    with httpx.Client(base_url=f"{running.tenant_url}/_sandbox", headers=headers) as control:
        control.delete("/requests")
        control.post("/faults", json={"path": "/try$", "times": None if asked == 1 else 1, **fault})
        gate = gate_of(running, gate=Gate.SMOKE)
        if asked == 1:
            with pytest.raises(TenantCallError):
                before(gate, policy="all-applications")
        else:
            before(gate, policy="all-applications")
        control.delete("/faults")
        log = control.get("/requests").json()["requests"]
    assert len([one for one in log if one["path"].endswith("/try")]) == asked
    assert tenant.policies() == ([] if asked == 1 else ALWAYS)


def test_a_failed_write_puts_the_earlier_policy_back(
    running: RunningSandbox, tenant: Tenant
) -> None:
    fill(tenant)
    gate = gate_of(running)
    before(gate, policy="all-applications")
    assert failed(gate) is False, "the engine does not try again"
    assert tenant.policies() == []


def test_missing_credentials_say_what_to_set(running: RunningSandbox, tenant: Tenant) -> None:
    access = TenantAccess(access=Access(domain="t"))
    nobody = gate_of(running)
    nobody._access = access
    with pytest.raises(TenantCallError, match="AUTH0_CLIENT_ID"):
        before(nobody, policy="never")
