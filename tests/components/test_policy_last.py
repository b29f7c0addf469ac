"""What the gate does in a tenant, before the provider writes; a sandbox tenant over HTTPS."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pulumi
import pytest

from components.management import TenantAccess, TenantCallError
from components.policy_last import GUARDIAN, GateClosedError, PolicyLast
from components.trial import NotSentError, TrialMessages
from components.vocabulary import DeliveryMethod, Experience, Gate
from sandbox.server import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

ACTION = {
    "name": "sender",
    "supported_triggers": [{"id": "custom-phone-provider", "version": "v1"}],
    "code": "exports.onExecuteCustomPhoneProvider = async (event, api) => {};",
    "deploy": True,
}
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


def gate_of(running: RunningSandbox, **changes: Any) -> PolicyLast:
    given: dict[str, Any] = {
        "experience": Experience.UNIFIED,
        "gate": Gate.READY,
        "trial": TrialMessages("+819012345678", [DeliveryMethod.TEXT], patience=0.5),
    }
    return PolicyLast(access_of(running), **given | changes)


def before(gate: PolicyLast, *, policy: str, phone: dict[str, Any] | None = None) -> None:
    """What the engine calls before it writes the Guardian resource."""
    inputs = {"policy": policy, "phone": PHONE if phone is None else phone}
    args = pulumi.ResourceHookArgs(
        urn="urn", id="id", name="guardian", type=GUARDIAN, new_inputs=inputs
    )
    asyncio.get_event_loop().run_until_complete(gate._before(args))


def fill(tenant: Tenant) -> None:
    tenant.create_action(dict(ACTION))
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
    tenant.guardian.set_policies(ALWAYS)
    before(gate_of(running), policy="never")
    assert tenant.policies() == []
    assert not tenant.factor_enabled("sms")


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


def test_a_log_that_says_nothing_keeps_the_policy(running: RunningSandbox, tenant: Tenant) -> None:
    # The Action drops nothing and sends nothing, and another user's message is no evidence.
    tenant.create_action(dict(ACTION))
    tenant.providers.create(dict(CUSTOM))
    number = {"authenticator": {"phone_number": "+819099999999"}}
    running.parts.tenant.logs.add("gd_send_sms", "sent", number)
    silent = gate_of(running, gate=Gate.SMOKE)
    silent._trial = TrialMessages("+819012345678", [DeliveryMethod.TEXT], patience=0.0)
    with pytest.raises(NotSentError, match="not known"):
        before(silent, policy="all-applications")
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
    monkeypatch.setattr("components.trial._RATE_LIMIT_PAUSES", (0.0,))
    fill(tenant)
    with httpx.Client(base_url=f"{running.tenant_url}/_sandbox") as control:
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
    args = pulumi.ErrorHookArgs(urn="urn", id="id", name="g", type=GUARDIAN, failed_operation="u")
    again = asyncio.get_event_loop().run_until_complete(gate._failed(args))
    assert again is False, "the engine does not try again"
    assert tenant.policies() == []


def test_missing_credentials_say_what_to_set(running: RunningSandbox, tenant: Tenant) -> None:
    access = TenantAccess(domain="t", client_id="", client_secret=None, api_token=None)
    nobody = gate_of(running)
    nobody._access = access
    with pytest.raises(TenantCallError, match="AUTH0_CLIENT_ID"):
        before(nobody, policy="never")
