"""What the gate does in a tenant, before the provider writes; a sandbox tenant over HTTPS."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pulumi
import pytest

from components.guards.policy_last import GateClosedError, PolicyLast, PolicyLoweredError
from components.guards.test_message import Messages, NotSentError
from components.settings.stack_config import Loaded
from components.tenant.access import Access
from components.tenant.guardian import TOKEN
from components.tenant.stack_access import TenantAccess, TenantCallError
from components.vocabulary import DeliveryMethod, Experience, Gate
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of
from tests.stacks import stack_settings

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


@dataclass
class At:
    """A sandbox tenant, and the gate in front of its policy."""

    running: RunningSandbox
    tenant: Tenant

    def gate(self, **changes: Any) -> PolicyLast:
        given: dict[str, Any] = {
            "experience": Experience.UNIFIED,
            "gate": Gate.READY,
            "trial": Messages(to="+819012345678", methods=[DeliveryMethod.TEXT]),
        }
        return PolicyLast(access_of(self.running), **given | changes)

    def fill(self, action: Mapping[str, Any] = ACTION) -> None:
        """Something that sends."""
        self.tenant.versions.create(dict(action))
        self.tenant.providers.create(dict(CUSTOM))

    def is_as_it_was(self) -> bool:
        """Whether nobody is asked for a code, nor can be."""
        return self.tenant.policies() == [] and not self.tenant.factor_enabled("sms")


@pytest.fixture
def at(running: RunningSandbox, tenant: Tenant) -> At:
    return At(running, tenant)


def before(
    gate: PolicyLast, policy: str | None = "all-applications", *, phone: dict[str, Any] = PHONE
) -> None:
    """What the engine calls before it writes the Guardian resource."""
    inputs = {"policy": policy, "phone": phone}
    args = pulumi.ResourceHookArgs(
        urn="urn", id="id", name="guardian", type=TOKEN, new_inputs=inputs
    )
    asyncio.get_event_loop().run_until_complete(gate._before(args))


def failed(gate: PolicyLast) -> bool:
    """What the engine calls when its own write failed."""
    args = pulumi.ErrorHookArgs(urn="urn", id="id", name="g", type=TOKEN, failed_operation="u")
    return asyncio.get_event_loop().run_until_complete(gate._failed(args))


def test_the_factor_is_ready_before_the_policy_asks_for_it(at: At) -> None:
    at.fill()
    before(at.gate())
    assert at.tenant.policies() == ALWAYS
    assert at.tenant.factor_enabled("sms")
    assert at.tenant.message_types() == ["sms", "voice"]


def test_never_needs_nothing(at: At) -> None:
    before(at.gate(), "never")
    assert at.is_as_it_was()


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
    at: At, live: list[str], wanted: str, gate: Gate
) -> None:
    at.fill()
    at.tenant.guardian.set_policies(live)
    with pytest.raises(PolicyLoweredError, match="break-glass"):
        before(at.gate(gate=gate), wanted)
    assert (at.tenant.policies(), at.tenant.factor_enabled("sms")) == (live, False)


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
def test_what_lowers_nothing_passes(at: At, live: list[str], wanted: str, gate: Gate) -> None:
    at.fill()
    at.tenant.guardian.set_policies(live)
    before(at.gate(gate=gate), wanted)
    # Without the gate the auth0 provider writes it.
    assert at.tenant.policies() == (
        live if gate is Gate.OFF else [] if wanted == "never" else [wanted]
    )


def test_a_preview_says_that_the_policy_would_be_lowered_and_writes_nothing(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    at.tenant.guardian.set_policies(ALWAYS)
    before(at.gate(), "never")
    (said,) = warned
    assert said.startswith("pulumi up will stop here: the tenant's policy is always")
    assert at.tenant.policies() == ALWAYS


@pytest.mark.parametrize("policy", ["all-applications", None])
def test_a_preview_that_can_lower_nothing_asks_nothing(
    at: At, monkeypatch: pytest.MonkeyPatch, policy: str | None
) -> None:
    at.tenant.guardian.set_policies(ALWAYS)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    gate = at.gate()
    gate._access = replace(gate._access, access=Access(domain="nobody.invalid"))
    before(gate, policy)


def test_a_tenant_that_cannot_send_is_not_asked_for_codes(at: At) -> None:
    with pytest.raises(GateClosedError, match="no phone provider"):
        before(at.gate())
    assert at.is_as_it_was()


def test_a_provider_that_needs_no_action_is_good_enough(at: At) -> None:
    at.tenant.providers.create(dict(TWILIO))
    before(at.gate(), phone={"enabled": True})
    assert at.tenant.policies() == ALWAYS


def test_what_is_not_declared_stays(at: At) -> None:
    at.fill()
    at.tenant.guardian.set_factor("sms", enabled=True)
    at.tenant.guardian.set_message_types(["sms"])
    before(at.gate(), phone={"enabled": True})
    assert at.tenant.message_types() == ["sms"]


def test_a_policy_over_other_factors_alone_switches_no_phone_on(at: At) -> None:
    before(at.gate(), phone={"enabled": False})
    assert at.tenant.policies() == ALWAYS
    assert not at.tenant.factor_enabled("sms")


def test_a_legacy_tenant_needs_a_bound_action(at: At) -> None:
    at.tenant.reset("legacy")
    gate = at.gate(experience=Experience.LEGACY)
    hook = {"enabled": True, "provider": "phone-message-hook", "messageTypes": ["sms"]}
    with pytest.raises(GateClosedError, match="No Action is bound"):
        before(gate, phone=hook)
    assert at.tenant.policies() == []


def test_a_legacy_tenants_hook_and_texts_are_there_before_the_policy(at: At) -> None:
    at.tenant.reset("legacy")
    action = at.tenant.versions.create({**ACTION, "supported_triggers": [LEGACY_TRIGGER]})
    ref = {"type": "action_id", "value": action["id"]}
    at.tenant.bindings.replace("send-phone-message", [{"ref": ref, "display_name": "sender"}])
    gate = at.gate(experience=Experience.LEGACY)
    texts = {"enrollmentMessage": "{{ code }} 登録", "verificationMessage": "{{ code }} 確認"}
    hook = {"enabled": True, "provider": "phone-message-hook", "messageTypes": ["sms"]}
    before(gate, phone={**hook, "options": texts})
    assert at.tenant.policies() == ALWAYS
    assert at.tenant.guardian.selected_provider()["provider"] == "phone-message-hook"
    written = at.tenant.guardian.templates("sms") or {}
    assert written["verification_message"] == "{{ code }} 確認"

    # As found: texts that are not declared stay, and whoever sends without an Action needs none.
    at.tenant.guardian.set_policies([])
    at.tenant.bindings.replace("send-phone-message", [])
    before(gate, phone={**hook, "provider": "twilio"})
    assert at.tenant.policies() == ALWAYS
    assert at.tenant.guardian.selected_provider()["provider"] == "twilio"
    assert at.tenant.guardian.templates("sms") == written


def test_a_custom_provider_without_a_deployed_action_sends_nothing(at: At) -> None:
    at.fill()
    (action,) = at.tenant.actions.all()
    at.tenant.actions.delete(action["id"], force=True)
    at.tenant.versions.create({**ACTION, "deploy": False})
    with pytest.raises(GateClosedError, match="No Action is deployed on custom-phone-provider"):
        before(at.gate())
    assert at.tenant.policies() == []


def test_what_is_as_wanted_is_not_written_again(at: At) -> None:
    at.fill()
    before(at.gate())
    headers = at.running.control_headers
    with httpx.Client(base_url=f"{at.running.tenant_url}/_sandbox", headers=headers) as control:
        control.delete("/requests")
        again = at.gate()
        before(again)
        log = control.get("/requests").json()["requests"]
    assert {one["method"] for one in log if "oauth" not in one["path"]} == {"GET"}
    failed(again)
    assert at.tenant.policies() == ALWAYS, "nothing was changed that could be taken back"


def test_the_gate_is_the_one_that_the_settings_ask_for(at: At) -> None:
    calls = {"deliveryMethods": ["voice"], "voiceSender": "+815012345678", "policy": "always"}
    settings = stack_settings(**calls, gate="smoke", testNumbers=["+819012345678"])
    loaded = Loaded(
        settings=settings,
        cpaas_api_key=pulumi.Output.secret("k"),
        tenant=access_of(at.running),
        project=Path(),
    )
    gate = PolicyLast.of(loaded)
    at.fill()
    assert (gate._experience, gate._gate) == (Experience.UNIFIED, Gate.SMOKE)
    assert (gate._trial.to, gate._trial.methods) == ("+819012345678", [DeliveryMethod.VOICE])
    # The Action of this tenant ends without a word, which the tenant logs as sent.
    before(gate)
    assert at.tenant.policies() == ALWAYS


def test_a_tenant_whose_provider_went_meanwhile_is_told(at: At) -> None:
    async def tried() -> None:
        async with access_of(at.running).connect() as client:
            await Messages(to="+819012345678", methods=[DeliveryMethod.TEXT]).arrive(client)

    with pytest.raises(NotSentError, match="no phone provider"):
        asyncio.get_event_loop().run_until_complete(tried())


def test_an_action_that_drops_the_message_keeps_the_policy(at: At) -> None:
    dropping = "async (event, api) => { api.notification.drop('no credit'); };"
    at.fill({**ACTION, "code": f"exports.onExecuteCustomPhoneProvider = {dropping}"})
    with pytest.raises(NotSentError, match="was not sent: no credit"):
        before(at.gate(gate=Gate.SMOKE))
    assert at.tenant.policies() == []


def test_every_channel_must_send_before_users_are_asked(at: At) -> None:
    voiceless = """async ({ notification }, api) => {
        if (notification.delivery_method === "voice") api.notification.drop("no credit");
    };"""
    at.fill({**ACTION, "code": f"exports.onExecuteCustomPhoneProvider = {voiceless}"})
    gate = at.gate(gate=Gate.SMOKE)
    gate._trial = Messages(to="+819012345678", methods=list(DeliveryMethod))
    with pytest.raises(NotSentError, match="by voice was not sent: no credit"):
        before(gate)
    assert at.tenant.policies() == []


def test_a_log_that_says_nothing_keeps_the_policy(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenant that logs no test message; an earlier message to the number is no evidence.
    notifications = at.running.parts.notifications
    silent = replace(notifications.assumptions, test_message_logs=False)
    monkeypatch.setattr(notifications, "assumptions", silent)
    at.fill()
    earlier = {"authenticator": {"phone_number": "+819012345678"}}
    at.running.parts.tenant.logs.add("gd_send_sms", "sent", earlier)
    gate = at.gate(gate=Gate.SMOKE)
    gate._trial = Messages(to="+819012345678", methods=[DeliveryMethod.TEXT], patience=0.0)
    with pytest.raises(NotSentError, match="not known"):
        before(gate)
    assert at.tenant.policies() == []


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        ({"when": "after", "status": 503}, 1),
        ({"when": "after", "close": True}, 1),
        ({"status": 429}, 2),
    ],
)
def test_a_test_message_is_asked_for_again_only_when_it_was_surely_not_sent(
    at: At,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    asked: int,
) -> None:
    monkeypatch.setattr("components.guards.test_message._RATE_LIMIT_PAUSES", (0.0,))
    at.fill()
    headers = at.running.control_headers
    with httpx.Client(base_url=f"{at.running.tenant_url}/_sandbox", headers=headers) as control:
        control.delete("/requests")
        control.post("/faults", json={"path": "/try$", "times": None if asked == 1 else 1, **fault})
        gate = at.gate(gate=Gate.SMOKE)
        if asked == 1:
            with pytest.raises(TenantCallError):
                before(gate)
        else:
            before(gate)
        control.delete("/faults")
        log = control.get("/requests").json()["requests"]
    assert len([one for one in log if one["path"].endswith("/try")]) == asked
    assert at.tenant.policies() == ([] if asked == 1 else ALWAYS)


def test_a_failed_write_puts_the_earlier_policy_back(at: At) -> None:
    at.fill()
    gate = at.gate()
    before(gate)
    assert failed(gate) is False, "the engine does not try again"
    assert at.tenant.policies() == []


def test_missing_credentials_say_what_to_set(at: At) -> None:
    nobody = at.gate()
    nobody._access = TenantAccess(access=Access(domain="t"))
    with pytest.raises(TenantCallError, match="AUTH0_CLIENT_ID"):
        before(nobody, "never")
