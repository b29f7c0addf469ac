"""The pipeline with a tenant and a runner made by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.notifications.delivery import Delivery
from sandbox.notifications.service import NotificationService
from sandbox.runner.runner import ActionOutcome
from sandbox.tenant import Assumptions, Tenant
from tests.sandbox.notifications.fakes import (
    FakeRunner,
    Spoil,
    a_tenant,
    no_action,
    no_factor,
    no_provider,
    no_sms,
    provider,
    template,
)

TO = "+819012345678"
RETRY = ActionOutcome("retry", "CPaaS limits the rate: HTTP 429", ["a line"])


class Pipeline:
    """A service, and what it slept and ran."""

    def __init__(self, tenant: Tenant | None = None, **assumptions: Any) -> None:
        self.tenant = tenant or a_tenant()
        self.runner = FakeRunner()
        self.slept: list[float] = []
        self.service = NotificationService(
            self.tenant,
            self.runner,
            assumptions=NotificationAssumptions(**assumptions),
            sleep=self._sleep,
            new_code=lambda _: "482913",
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def challenge(self, **order: Any) -> Delivery:
        order = {"to": TO, "delivery_method": "text", **order}
        return asyncio.run(self.service.challenge(**order))

    @property
    def event(self) -> dict[str, Any]:
        return dict(self.runner.calls[-1]["event"])


def test_the_deployed_action_gets_auth0s_event_and_its_secrets() -> None:
    pipeline = Pipeline()
    delivery = pipeline.challenge(locale="en")
    (call,) = pipeline.runner.calls
    action = pipeline.tenant.deployed_action("custom-phone-provider")
    assert action is not None
    assert (call["handler"], call["version_id"], call["code"], call["secrets"]) == (
        "onExecuteCustomPhoneProvider",
        action.version_id,
        action.code,
        {"CPAAS_API_KEY": "k"},
    )
    event = call["event"]
    assert event["notification"] == {
        "as_text": "482913 みらい銀行",
        "as_voice": "みらい銀行: 4. 8. 2. 9. 1. 3., , 4. 8. 2. 9. 1. 3.",
        "code": "482913",
        "delivery_method": "text",
        "locale": "en",
        "message_type": "otp_verify",
        "recipient": TO,
    }
    assert event["tenant"] == {"id": "mirai", "friendly_name": "みらい銀行"}
    assert event["transaction"] == {"correlation_id": delivery.id}
    assert event["request"]["geoip"]["countryCode"] == "JP"
    assert event["user"]["phone_number"] == TO
    assert set(event) == {"notification", "client", "request", "tenant", "transaction", "user"}
    assert (delivery.outcome, delivery.attempts, delivery.code, delivery.text) == (
        "success",
        1,
        "482913",
        "482913 みらい銀行",
    )


def test_a_call_shows_the_voice_text() -> None:
    delivery = Pipeline().challenge(delivery_method="voice")
    assert delivery.text == "みらい銀行: 4. 8. 2. 9. 1. 3., , 4. 8. 2. 9. 1. 3."
    plain = Pipeline(voice_code="plain", pause=" / ").challenge(delivery_method="voice")
    assert plain.text == "みらい銀行: 482913 / 482913"


@pytest.mark.parametrize("digits", range(4, 11))
def test_a_code_and_a_preview_have_as_many_digits_as_the_tenant_says(digits: int) -> None:
    tenant = a_tenant(text="{{ code }}")
    tenant.mfa_settings.write_codes("phone", {"otp_length": digits, "otp_expiration_time": 300})
    service = NotificationService(tenant, FakeRunner())
    sent = asyncio.run(service.challenge(to=TO, delivery_method="text"))
    assert sent.code is not None
    assert (len(sent.code), sent.code.isdecimal()) == (digits, True)
    assert service.preview("otp_verify", "text") == "1234567890"[:digits]


def test_the_tenants_first_locale_stands_in_for_a_missing_one() -> None:
    pipeline = Pipeline()
    pipeline.challenge()
    assert pipeline.event["notification"]["locale"] == "ja"
    absent = Pipeline(client_locale="absent")
    absent.challenge()
    assert "locale" not in absent.event["notification"]


def test_the_templates_sender_is_passed_on_when_there_is_one() -> None:
    for given, expected in (("+815012345678", "+815012345678"), ("", None)):
        pipeline = Pipeline(a_tenant(spoil=template(content={"from": given})))
        pipeline.challenge()
        assert pipeline.event["notification"].get("from") == expected


def test_no_code_goes_with_a_blocked_account() -> None:
    pipeline = Pipeline()
    delivery = pipeline.challenge(message_type="blocked_account")
    assert delivery.code is None
    assert "code" not in pipeline.event["notification"]


TWILIO = {"sid": "AC0", "default_from": "+815099999999", "delivery_methods": ["text"]}
OBSTACLES: list[tuple[Spoil, str]] = [
    (no_provider, "the tenant has no phone provider"),
    (provider(disabled=True), "the phone provider is disabled"),
    (
        provider(name="twilio", configuration=TWILIO),
        "the phone provider is twilio; the sandbox delivers only through custom",
    ),
    (
        provider(configuration={"delivery_methods": ["voice"]}),
        "the phone provider does not deliver by text",
    ),
    (no_factor, "the phone factor (sms) is not enabled"),
    (no_sms, "the message type sms is not enabled for the phone factor"),
    (no_action, "no Action is deployed for the trigger custom-phone-provider"),
    (template(content={"body": {"text": "{{ code"}}), "the template does not render"),
    (
        template(content={"body": {"text": "{% for i in (1..200000) %}{% endfor %}"}}),
        "the template does not render",
    ),
]


@pytest.mark.parametrize(("spoil", "reason"), OBSTACLES)
def test_each_setting_in_the_way_stops_the_message_and_is_named(spoil: Spoil, reason: str) -> None:
    pipeline = Pipeline(a_tenant(spoil=spoil))
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.attempts) == ("not_sent", 0)
    assert (delivery.reason or "").startswith(reason)
    assert pipeline.runner.calls == []
    assert pipeline.service.deliveries() == [delivery]


def test_password_reset_needs_no_mfa_factor() -> None:
    tenant = a_tenant(spoil=no_factor)
    assert Pipeline(tenant).challenge(message_type="change_password").outcome == "success"
    assert Pipeline(tenant).challenge(message_type="otp_enroll").outcome == "not_sent"


def test_a_retry_is_repeated_after_the_delay_until_it_ends() -> None:
    pipeline = Pipeline(retry_delay=7.0)
    pipeline.runner.outcomes = [RETRY, RETRY]
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.attempts, delivery.reason) == ("success", 3, None)
    assert pipeline.slept == [7.0, 7.0]
    assert delivery.console == ["a line", "a line"]
    events = [call["event"] for call in pipeline.runner.calls]
    assert events[0] == events[1] == events[2], "the same notification, the same code"


def test_retries_end_after_five() -> None:
    pipeline = Pipeline()
    pipeline.runner.outcomes = [RETRY] * 10
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.attempts, delivery.reason) == ("retry", 6, RETRY.reason)
    assert len(pipeline.runner.calls) == 6
    once = Pipeline(max_retries=0)
    once.runner.outcomes = [RETRY]
    assert once.challenge().attempts == 1


@pytest.mark.parametrize(("meaning", "attempts"), [("drop", 1), ("retry", 6)])
def test_what_a_throw_means_is_a_switch(meaning: str, attempts: int) -> None:
    pipeline = Pipeline(throw_in_custom_provider=meaning)
    pipeline.runner.outcomes = [ActionOutcome("error", "Error: boom")] * 10
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.attempts) == ("error", attempts)


@pytest.mark.parametrize(
    ("choice", "outcome"), [("default_text", "success"), ("not_sent", "not_sent")]
)
def test_what_a_disabled_template_means_is_a_switch(choice: str, outcome: str) -> None:
    pipeline = Pipeline(a_tenant(spoil=template(disabled=True)), disabled_template=choice)
    delivery = pipeline.challenge()
    assert delivery.outcome == outcome
    if outcome == "success":
        assert delivery.text == "482913 is your verification code for みらい銀行"


def test_the_documented_variables_are_there() -> None:
    names = [
        *("tenant", "friendly_name", "support_email", "support_url", "logo_url", "home_url"),
        *("region", "locale", "code", "connection", "user.name", "user.email"),
        *("user.phone_number", "user.source_ip", "user.city", "user.country"),
        *("client.name", "client.clientID", "application.name"),
    ]
    settings: dict[str, Any] = {
        "friendly_name": "F",
        "support_email": "e@example.com",
        "support_url": "https://s.example.com",
        "picture_url": "https://l.example.com",
        "home_url": "https://h.example.com",
        "enabled_locales": ["ja"],
    }
    text = "|".join(f"{{{{ {name} }}}}" for name in names)
    tenant = a_tenant(text=text, **settings)
    rendered = Pipeline(tenant).challenge().text or ""
    assert [name for name, value in zip(names, rendered.split("|"), strict=True) if not value] == []
    assert Pipeline(a_tenant(text="[{{ unknown.thing }}]")).challenge().text == "[]"


def test_a_blocked_account_is_told_where_the_login_came_from() -> None:
    pipeline = Pipeline()
    told = pipeline.challenge(message_type="blocked_account").text or ""
    request = pipeline.event["request"]
    assert f"from the ip {request['ip']} from Tokyo, Japan. Logins" in told
    assert not {"source_ip", "city", "country"} & set(pipeline.event["user"])


def test_the_event_has_of_the_tenant_what_its_settings_say() -> None:
    told = {
        "friendly_name": "F",
        "support_email": "e@example.com",
        "support_url": "https://s.example.com",
    }
    settings: dict[str, Any] = {**told, "picture_url": "https://l.example.com"}
    pipeline = Pipeline(a_tenant(**settings))
    pipeline.challenge()
    assert pipeline.event["tenant"] == {
        "id": "mirai",
        "logo_url": "https://l.example.com",
        **told,
    }


def test_a_tenant_without_a_friendly_name_is_called_by_its_name() -> None:
    tenant = a_tenant(friendly_name="")
    assert Pipeline(tenant).challenge().text == "482913 mirai"


# -- test sends ----------------------------------------------------------------------------------


def test_trying_the_provider_needs_no_factor_and_uses_its_first_method() -> None:
    tenant = a_tenant(spoil=no_factor)
    provider(configuration={"delivery_methods": ["voice"]})(tenant)
    pipeline = Pipeline(tenant)
    asyncio.run(pipeline.service.try_provider(to=TO, delivery_method=None))
    assert pipeline.event["notification"]["delivery_method"] == "voice"
    assert pipeline.event["notification"]["message_type"] == "otp_verify"
    asyncio.run(pipeline.service.try_provider(to=TO, delivery_method="text"))
    assert pipeline.service.deliveries()[-1].outcome == "not_sent"


def test_trying_a_template_sends_that_template_even_when_disabled() -> None:
    pipeline = Pipeline()
    tried = {
        "tenant": "mirai",
        "type": "change_password",
        "disabled": True,
        "content": {"body": {"text": "tried {{ code }}", "voice": "v"}},
    }
    asyncio.run(pipeline.service.try_template(template=tried, to=TO, delivery_method="text"))
    assert pipeline.event["notification"]["as_text"] == "tried 482913"
    assert pipeline.event["notification"]["message_type"] == "change_password"


# -- legacy --------------------------------------------------------------------------------------


def legacy(enrolment: str = "", verification: str = "") -> Tenant:
    """One with these texts, where there are some."""
    tenant = a_tenant("legacy")
    if enrolment:
        texts = {"enrollment_message": enrolment, "verification_message": verification}
        tenant.guardian.set_templates(texts)
    return tenant


VERIFY_TEXT = "482913 is your verification code for みらい銀行"


@pytest.mark.parametrize(
    ("message_type", "action", "text"),
    [
        (
            "otp_enroll",
            "enrollment",
            f"{VERIFY_TEXT}. Please enter this code to verify your enrollment.",
        ),
        ("otp_verify", "second-factor-authentication", VERIFY_TEXT),
    ],
)
def test_a_legacy_tenant_runs_the_bound_action_with_its_event(
    message_type: str, action: str, text: str
) -> None:
    for unset in ("204", "empty", "defaults"):
        tenant = legacy()
        tenant.assumptions = Assumptions(unset_sms_templates=unset)
        pipeline = Pipeline(tenant)
        delivery = pipeline.challenge(message_type=message_type)
        assert pipeline.runner.calls[0]["handler"] == "onExecuteSendPhoneMessage"
        assert pipeline.event["message_options"] == {
            "action": action,
            "code": "482913",
            "message_type": "sms",
            "recipient": TO,
            "text": text,
        }
        assert pipeline.event["request"]["language"] == "ja"
        pipeline.challenge(locale="en")
        assert pipeline.event["request"]["language"] == "en"
        assert "notification" not in pipeline.event
        assert delivery.text == text


def test_legacy_texts_of_the_tenant_are_used() -> None:
    tenant = legacy("登録 {{code}}", "認証 {{code}} {{tenant.friendly_name}}")
    assert Pipeline(tenant).challenge().text == "認証 482913 みらい銀行"
    assert Pipeline(tenant).challenge(message_type="otp_enroll").text == "登録 482913"
    voice = Pipeline(tenant).challenge(message_type="otp_enroll", delivery_method="voice")
    assert voice.text == "登録 4. 8. 2. 9. 1. 3."


def test_the_documented_variables_of_legacy_texts_are_there() -> None:
    text = "{{message_type}} {{code}} {{locale}} {{requestInfo.lang}} {{tenant.friendlyName}}"
    tenant = legacy(text, text)
    assert Pipeline(tenant).challenge(locale="en").text == "sms 482913 en en みらい銀行"
    voice = Pipeline(tenant).challenge(delivery_method="voice").text or ""
    assert voice.startswith("voice 4. 8. 2. 9. 1. 3. ja ja ")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (no_factor, "the phone factor (sms) is not enabled"),
        (no_sms, "the message type sms is not enabled for the phone factor"),
        (no_action, "no Action is deployed for the trigger send-phone-message"),
    ],
)
def test_each_legacy_setting_in_the_way_is_named(spoil: Spoil, reason: str) -> None:
    delivery = Pipeline(a_tenant("legacy", spoil)).challenge()
    assert (delivery.outcome, delivery.reason) == ("not_sent", reason)


def test_a_legacy_tenant_delivers_only_through_the_hook_and_only_mfa() -> None:
    tenant = legacy()
    tenant.guardian.set_selected_provider("auth0")
    assert "phone-message-hook" in (Pipeline(tenant).challenge().reason or "")
    delivery = Pipeline(legacy()).challenge(message_type="change_password")
    assert delivery.outcome == "not_sent"


def test_a_legacy_throw_is_final() -> None:
    pipeline = Pipeline(legacy(), throw_in_custom_provider="retry")
    pipeline.runner.outcomes = [ActionOutcome("error", "Error: no")] * 3
    assert pipeline.challenge().attempts == 1


def test_the_last_deliveries_are_kept_in_order() -> None:
    pipeline = Pipeline()
    made = [pipeline.challenge() for _ in range(205)]
    assert pipeline.service.deliveries() == made[5:]
    pipeline.service.reset()
    assert pipeline.service.deliveries() == []
