"""What the gate does in a tenant, before the provider writes; a sandbox tenant over HTTPS."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pulumi
import pytest

from components.guards.hooks import RefusedError
from components.guards.policy_last import PolicyLast
from components.guards.test_message import Messages, _entries, find
from components.phone_mfa import PhoneMfaArgs
from components.settings.stack_config import Loaded
from components.tenant.access import Access
from components.tenant.guardian import TOKEN
from components.tenant.stack_access import TenantCallError
from components.vocabulary import DeliveryMethod, Experience, Gate
from tests.components.conftest import NOBODY, At, awaited
from tests.stacks import stack_settings

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
ON = {"enabled": True}
HOOK = {"enabled": True, "provider": "phone-message-hook", "messageTypes": ["sms"]}
ALWAYS = ["all-applications"]
ADAPTIVE = ["confidence-score"]


def gate(at: At, methods: Any = (DeliveryMethod.TEXT,), **changes: Any) -> PolicyLast:
    patience = {key: changes.pop(key) for key in ("patience",) if key in changes}
    given: dict[str, Any] = {
        "experience": Experience.UNIFIED,
        "gate": Gate.READY,
        "trial": Messages(to="+819012345678", methods=list(methods), **patience),
    }
    return PolicyLast(at.access, **given | changes)


def action(**changes: Any) -> dict[str, Any]:
    """An Action that ends without a word, which the tenant logs as sent."""
    return {
        "name": "sender",
        "supported_triggers": [{"id": "custom-phone-provider", "version": "v1"}],
        "code": "exports.onExecuteCustomPhoneProvider = async (event, api) => {};",
        "deploy": True,
    } | changes


def fill(at: At, **changes: Any) -> None:
    """Something that sends."""
    at.tenant.versions.create(action(**changes))
    at.tenant.providers.create(dict(CUSTOM))


def before(
    gate: PolicyLast, policy: str | None = ALWAYS[0], *, phone: Mapping[str, Any] = PHONE
) -> None:
    """What the engine calls before it writes the Guardian resource."""
    inputs = {"policy": policy, "phone": phone}
    args = pulumi.ResourceHookArgs(urn="u", id="id", name="g", type=TOKEN, new_inputs=inputs)
    awaited(gate._before(args))


def failed(gate: PolicyLast) -> bool:
    """What the engine calls when its own write failed."""
    args = pulumi.ErrorHookArgs(urn="u", id="id", name="g", type=TOKEN, failed_operation="u")
    return awaited(gate._failed(args))


def nothing(_: At) -> None:
    """A tenant as it was made."""


def twilio(at: At) -> None:
    at.tenant.providers.create(dict(TWILIO))


def by_sms(at: At) -> None:
    fill(at)
    at.tenant.guardian.set_factor("sms", enabled=True)
    at.tenant.guardian.set_message_types(["sms"])


@pytest.mark.parametrize(
    ("made", "policy", "phone", "left"),
    [
        pytest.param(fill, ALWAYS[0], PHONE, (ALWAYS, ["sms", "voice"]), id="all of it"),
        pytest.param(nothing, "never", PHONE, ([], None), id="never needs nothing that sends"),
        pytest.param(twilio, ALWAYS[0], ON, (ALWAYS, []), id="a provider without an Action"),
        pytest.param(by_sms, ALWAYS[0], ON, (ALWAYS, ["sms"]), id="what is not declared stays"),
        pytest.param(nothing, ALWAYS[0], {"enabled": False}, (ALWAYS, None), id="other factors"),
    ],
)
def test_the_factor_is_ready_before_the_policy_asks_for_it(
    at: At, made: Callable[[At], None], policy: str, phone: dict[str, Any], left: Any
) -> None:
    made(at)
    before(gate(at), policy, phone=phone)
    types = at.tenant.message_types() if at.tenant.factor_enabled("sms") else None
    assert (at.tenant.policies(), types) == left


LOWER = [
    (ALWAYS, "never"),
    (ALWAYS, "confidence-score"),
    (ADAPTIVE, "never"),
    (["some-day"], "never"),
    ([*ADAPTIVE, *ALWAYS], "confidence-score"),
]
AS_HIGH = [
    ([], "never"),
    ([], "confidence-score"),
    (ADAPTIVE, "confidence-score"),
    (ADAPTIVE, ALWAYS[0]),
]


@pytest.mark.parametrize("kind", [Gate.READY, Gate.OFF])
@pytest.mark.parametrize(("live", "wanted"), [*LOWER, *AS_HIGH])
def test_a_deploy_raises_the_policy_that_a_tenant_has_and_lowers_none(
    at: At, live: list[str], wanted: str, kind: Gate
) -> None:
    fill(at)
    at.tenant.guardian.set_policies(live)
    if (live, wanted) in LOWER:
        with pytest.raises(RefusedError, match="break-glass"):
            before(gate(at, gate=kind), wanted)
        assert (at.tenant.policies(), at.tenant.factor_enabled("sms")) == (live, False)
        return
    before(gate(at, gate=kind), wanted)
    # Without the gate the auth0 provider writes it.
    written = live if kind is Gate.OFF else [] if wanted == "never" else [wanted]
    assert at.tenant.policies() == written


def test_a_preview_says_that_the_policy_would_be_lowered_and_writes_nothing(
    at: At, previewed: list[str]
) -> None:
    at.tenant.guardian.set_policies(ALWAYS)
    before(gate(at), "never")
    (said,) = previewed
    assert said.startswith("pulumi up will stop here: the tenant's policy is always")
    assert at.tenant.policies() == ALWAYS


@pytest.mark.usefixtures("previewed")
@pytest.mark.parametrize("policy", [*ALWAYS, None])
def test_a_preview_that_can_lower_nothing_asks_nothing(at: At, policy: str | None) -> None:
    guard = gate(at)
    guard._access = replace(guard._access, access=Access(domain="nobody.invalid"))
    before(guard, policy)


def no_action_deployed(at: At) -> None:
    at.tenant.versions.create(action())
    at.tenant.providers.create(dict(CUSTOM))
    (there,) = at.tenant.actions.all()
    at.tenant.actions.delete(there["id"], force=True)
    at.tenant.versions.create(action(deploy=False))


@pytest.mark.parametrize(
    ("made", "experience", "why"),
    [
        (lambda _: None, Experience.UNIFIED, "There is no phone provider"),
        (no_action_deployed, Experience.UNIFIED, "No Action is deployed on custom-phone-provider"),
        (lambda at: at.tenant.reset("legacy"), Experience.LEGACY, "No Action is bound"),
    ],
)
def test_a_tenant_that_cannot_send_is_not_asked_for_codes(
    at: At, made: Callable[[At], None], experience: Experience, why: str
) -> None:
    made(at)
    phone = HOOK if experience is Experience.LEGACY else PHONE
    with pytest.raises(RefusedError, match=why):
        before(gate(at, experience=experience), phone=phone)
    assert (at.tenant.policies(), at.tenant.factor_enabled("sms")) == ([], False)


def test_a_legacy_tenants_hook_and_texts_are_there_before_the_policy(at: At) -> None:
    at.tenant.reset("legacy")
    bound = at.tenant.versions.create(action(supported_triggers=[LEGACY_TRIGGER]))
    ref = {"type": "action_id", "value": bound["id"]}
    at.tenant.bindings.replace("send-phone-message", [{"ref": ref, "display_name": "sender"}])
    guard = gate(at, experience=Experience.LEGACY)
    texts = {"enrollmentMessage": "{{ code }} 登録", "verificationMessage": "{{ code }} 確認"}
    before(guard, phone={**HOOK, "options": texts})
    assert at.tenant.policies() == ALWAYS
    assert at.tenant.guardian.selected_provider()["provider"] == "phone-message-hook"
    written = at.tenant.guardian.templates("sms") or {}
    assert written["verification_message"] == "{{ code }} 確認"

    # As found: texts that are not declared stay, and whoever sends without an Action needs none.
    at.tenant.guardian.set_policies([])
    at.tenant.bindings.replace("send-phone-message", [])
    before(guard, phone={**HOOK, "provider": "twilio"})
    assert at.tenant.policies() == ALWAYS
    assert at.tenant.guardian.selected_provider()["provider"] == "twilio"
    assert at.tenant.guardian.templates("sms") == written


def test_what_is_as_wanted_is_not_written_again(at: At) -> None:
    fill(at)
    before(gate(at))
    with at.control() as control:
        again = gate(at)
        before(again)
        log = control.get("/requests").json()["requests"]
    assert {one["method"] for one in log if "oauth" not in one["path"]} == {"GET"}
    failed(again)
    assert at.tenant.policies() == ALWAYS, "nothing was changed that could be taken back"


def test_the_gate_is_the_one_that_the_settings_ask_for(at: At) -> None:
    calls = {"deliveryMethods": ["voice"], "voiceSender": "+815012345678", "policy": "always"}
    settings = stack_settings(**calls, gate="smoke", testNumbers=["+819012345678"])
    key = pulumi.Output.secret("k")
    loaded = Loaded(settings=settings, cpaas_api_key=key, tenant=at.access, project=Path())
    *_, guard = PhoneMfaArgs.of(loaded).guards
    assert isinstance(guard, PolicyLast)
    fill(at)
    assert (guard._experience, guard._gate) == (Experience.UNIFIED, Gate.SMOKE)
    assert (guard._trial.to, guard._trial.methods) == ("+819012345678", [DeliveryMethod.VOICE])
    before(guard)
    assert at.tenant.policies() == ALWAYS


def test_a_tenant_whose_provider_went_meanwhile_is_told(at: At) -> None:
    async def tried() -> None:
        async with at.access.connect() as client:
            await Messages(to="+819012345678", methods=[DeliveryMethod.TEXT]).arrive(client)

    with pytest.raises(RefusedError, match="no phone provider"):
        awaited(tried())


DROPPING = "exports.onExecuteCustomPhoneProvider = async ({ notification }, api) => { %s };"
DROP = "api.notification.drop('no credit');"


@pytest.mark.parametrize(
    ("code", "methods", "why"),
    [
        (DROP, [DeliveryMethod.TEXT], "was not sent: no credit"),
        pytest.param(
            f"if (notification.delivery_method === 'voice') {DROP}",
            list(DeliveryMethod),
            "by voice was not sent: no credit",
            id="every channel must send",
        ),
    ],
)
def test_a_message_that_the_action_drops_keeps_the_policy(
    at: At, code: str, methods: list[DeliveryMethod], why: str
) -> None:
    fill(at, code=DROPPING % code)
    with pytest.raises(RefusedError, match=why):
        before(gate(at, methods, gate=Gate.SMOKE))
    assert at.tenant.policies() == []


def test_a_log_that_says_nothing_keeps_the_policy(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenant that logs no test message; an earlier message to the number is no evidence.
    at.assume(monkeypatch, at.running.parts.notifications, test_message_logs=False)
    fill(at)
    earlier = {"authenticator": {"phone_number": "+819012345678"}}
    at.tenant.logs.add("gd_send_sms", "sent", earlier)
    with pytest.raises(RefusedError, match="not known"):
        before(gate(at, gate=Gate.SMOKE, patience=0.0))
    assert at.tenant.policies() == []


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        ({"when": "after", "status": 503, "times": None}, 1),
        ({"when": "after", "close": True, "times": None}, 1),
        ({"status": 429, "times": 1}, 2),
    ],
)
def test_a_test_message_is_asked_for_again_only_when_it_was_surely_not_sent(
    at: At, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], asked: int
) -> None:
    monkeypatch.setattr("components.guards.test_message._RATE_LIMIT_PAUSES", (0.0,))
    fill(at)
    with at.control() as control:
        control.post("/faults", json={"path": "/try$", **fault})
        if asked == 1:
            with pytest.raises(TenantCallError):
                before(gate(at, gate=Gate.SMOKE))
        else:
            before(gate(at, gate=Gate.SMOKE))
        control.delete("/faults")
        log = control.get("/requests").json()["requests"]
    assert len([one for one in log if one["path"].endswith("/try")]) == asked
    assert at.tenant.policies() == ([] if asked == 1 else ALWAYS)


def test_a_failed_write_puts_the_earlier_policy_back(at: At) -> None:
    fill(at)
    guard = gate(at)
    before(guard)
    assert failed(guard) is False, "the engine does not try again"
    assert at.tenant.policies() == []


def test_missing_credentials_say_what_to_set(at: At) -> None:
    guard = gate(at)
    guard._access = NOBODY
    with pytest.raises(TenantCallError, match="AUTH0_CLIENT_ID"):
        before(guard, "never")


# --- An entry of the log is evidence only for the message that it is about ------------------------

TO = "+819012345678"
TEXT, VOICE = DeliveryMethod.TEXT, DeliveryMethod.VOICE


def sent(number: str | None, *, event: str = "gd_send_sms", **details: Any) -> dict[str, Any]:
    authenticator = {"type": "sms", **({"phone_number": number} if number else {})}
    return {
        "type": event,
        "log_id": "900",
        "date": "2026-11-23T00:00:00.000Z",
        "details": {"authenticator": authenticator, **details},
    }


def not_sent(number: str, **details: Any) -> dict[str, Any]:
    return {"type": "fn", "log_id": "901", "date": "…", "details": {"to": number, **details}}


@pytest.mark.parametrize(
    ("entry", "method", "of_it"),
    [
        # Every digit that a masked number shows agrees, and it shows enough of them.
        *((sent(one), TEXT, True) for one in (TO, "XXXXXXXXX5678", "*********5678")),
        (sent("+81 90 1234 5678"), TEXT, True),
        *((sent(one), TEXT, False) for one in ("+819087654321", "XXXXXXXXX4321", "+8180XXXX5678")),
        *((sent(one), TEXT, False) for one in ("XXXXXXXXXXX78", "XXXXXXXXXXXXX", "", None)),
        # The other channel's entry is about another message.
        (sent(TO), VOICE, False),
        (not_sent(TO, notification_type="voice"), TEXT, False),
        (sent(TO, event="gd_send_voice"), VOICE, True),
    ],
)
def test_an_entry_is_evidence_where_number_and_channel_are_those_of_the_message(
    entry: dict[str, Any], method: DeliveryMethod, of_it: bool
) -> None:
    found = find([entry], [], TO, method)
    told = found and (found.sent, found.event, found.log_id)
    assert told == ((True, entry["type"], "900") if of_it else None)


def test_the_newest_entry_decides_as_a_repeat_may_have_come_through() -> None:
    entries = [sent(TO), not_sent(TO, notification_type="sms", error="no credit")]
    newest = [find(one, [], TO, TEXT) for one in (entries, entries[::-1])]
    assert [one and one.sent for one in newest] == [True, False]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (not_sent(TO, error=f"cannot reach {TO}"), "cannot reach ****"),
        (not_sent(TO, error={"message": "code 493021 refused"}), "code **** refused"),
        (not_sent(TO, error={"errorCode": "drop"}), "drop"),
        (not_sent(TO), "the log gives no reason"),
        (
            sent(TO, event="gd_send_sms_failure", provider_error={"message": "no credit"}),
            "no credit",
        ),
    ],
)
def test_a_failures_reason_is_told_without_numbers_and_codes(
    entry: dict[str, Any], reason: str
) -> None:
    found = find([entry], [], TO, TEXT)
    assert found is not None
    assert (found.sent, found.reason) == (False, reason)


def test_the_search_asks_for_one_channel_and_for_failures() -> None:
    logs = AsyncMock()
    tenant: Any = SimpleNamespace(logs=logs)
    for method in (TEXT, VOICE):
        asyncio.run(_entries(tenant, method))
    options = [one.kwargs["request_options"] for one in logs.list.call_args_list]
    asked = [one["additional_query_parameters"] for one in options]
    assert asked[0] == {"q": "type:gd_send_sms OR type:gd_send_sms_failure OR type:fn"}
    assert "gd_send_voice" in asked[1]["q"]


def test_only_what_the_log_shows_of_a_time_after_the_send_is_news() -> None:
    def entry(log_id: str, date: str) -> dict[str, Any]:
        return sent(TO) | {"log_id": log_id, "date": date}

    def found(entries: list[dict[str, Any]], before: list[dict[str, Any]]) -> str | None:
        evidence = find(entries, before, TO, TEXT)
        return evidence.log_id if evidence else None

    before = [entry("2", "2026-11-23T00:00:02Z"), entry("1", "2026-11-23T00:00:01Z")]
    late, new = entry("0", "2026-11-23T00:00:00Z"), entry("3", "2026-11-23T00:00:02Z")
    assert found([late, *before, new], before) == "3"
    assert found([late, *before], before) is None
    assert found([late], []) == "0", "an empty log says nothing of the time"
