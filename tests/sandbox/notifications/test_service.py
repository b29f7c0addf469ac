"""The pipeline with a tenant and a runner made by hand: texts, events, attempts, test sends."""

import asyncio
from functools import partial
from typing import Any, Literal

import pytest

from sandbox.notifications.content import Order
from sandbox.notifications.service import NotificationService
from sandbox.runner.runner import ActionOutcome
from sandbox.tenant import Generation, Tenant
from sandbox.tenant.assumptions import Assumptions
from tests.sandbox.notifications.fakes import (
    TO,
    FakeRunner,
    Pipeline,
    Spoil,
    a_tenant,
    no_action,
    no_factor,
    no_provider,
    no_sms,
    provider,
    template,
)

RETRY = ActionOutcome("retry", "CPaaS limits the rate: HTTP 429", ["a line"])
VERIFY_TEXT = "482913 is your verification code for みらい銀行"


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def test_the_deployed_action_gets_auth0s_event_and_its_secrets(pipeline: Pipeline) -> None:
    delivery = pipeline.challenge(locale="en")
    (call,) = pipeline.runner.calls
    action = pipeline.tenant.deployed_action("custom-phone-provider")
    assert action is not None
    event = call.pop("event")
    assert call == {
        "handler": "onExecuteCustomPhoneProvider",
        "version_id": action.version_id,
        "code": action.code,
        "secrets": {"CPAAS_API_KEY": "k"},
        "delivery_id": delivery.id,
    }
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
    assert (delivery.outcome, delivery.attempts) == ("success", 1)
    assert (delivery.code, delivery.text) == ("482913", "482913 みらい銀行")


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
    sent = asyncio.run(service.challenge(Order(to=TO, delivery_method="text")))
    assert sent.code is not None
    assert (len(sent.code), sent.code.isdecimal()) == (digits, True)
    assert service.preview("otp_verify", "text") == "1234567890"[:digits]


@pytest.mark.parametrize(
    ("changes", "assumptions", "message_type", "key", "value"),
    [
        ({}, {}, "otp_verify", "locale", "ja"),
        ({}, {"client_locale": "absent"}, "otp_verify", "locale", None),
        ({"content": {"from": "+815012345678"}}, {}, "otp_verify", "from", "+815012345678"),
        ({"content": {"from": ""}}, {}, "otp_verify", "from", None),
        ({}, {}, "blocked_account", "code", None),
    ],
)
def test_the_event_names_locale_sender_and_code_where_there_is_one(
    changes: dict[str, Any], assumptions: dict[str, str], message_type: str, key: str, value: str
) -> None:
    pipeline = Pipeline(a_tenant(spoil=template(**changes)), **assumptions)
    delivery = pipeline.challenge(message_type=message_type)
    assert pipeline.event["notification"].get(key) == value
    assert (delivery.code is None) == (message_type == "blocked_account")


ENDLESS = "{% for i in (1..200000) %}{% endfor %}"
TWILIO = {"sid": "AC0", "default_from": "+815099999999", "delivery_methods": ["text"]}
FACTOR: list[tuple[Spoil, str]] = [
    (no_factor, "the phone factor (sms) is not enabled"),
    (no_sms, "the message type sms is not enabled for the phone factor"),
]
OBSTACLES: dict[Generation, list[tuple[Spoil, str]]] = {
    "unified": [
        *FACTOR,
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
        (no_action, "no Action is deployed for the trigger custom-phone-provider"),
        (template(content={"body": {"text": "{{ code"}}), "the template does not render"),
        (template(content={"body": {"text": ENDLESS}}), "the template does not render"),
    ],
    "legacy": [
        *FACTOR,
        (no_action, "no Action is deployed for the trigger send-phone-message"),
        (
            lambda tenant: tenant.guardian.set_selected_provider("auth0"),
            "the selected phone provider is auth0; the sandbox delivers only through phone-message",
        ),
    ],
}


@pytest.mark.parametrize(
    ("generation", "spoil", "reason"),
    [(generation, *one) for generation, found in OBSTACLES.items() for one in found],
)
def test_each_setting_in_the_way_is_named(
    generation: Generation, spoil: Spoil, reason: str
) -> None:
    pipeline = Pipeline(a_tenant(generation, spoil))
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.attempts) == ("not_sent", 0)
    assert (delivery.reason or "").startswith(reason)
    assert pipeline.runner.calls == []
    assert pipeline.service.deliveries() == [delivery]


def test_password_reset_needs_no_mfa_factor_and_a_legacy_tenant_sends_none() -> None:
    tenant = a_tenant(spoil=no_factor)
    assert Pipeline(tenant).challenge(message_type="change_password").outcome == "success"
    assert Pipeline(tenant).challenge(message_type="otp_enroll").outcome == "not_sent"
    assert Pipeline(legacy()).challenge(message_type="change_password").outcome == "not_sent"


def test_a_retry_is_repeated_after_the_delay_until_it_ends() -> None:
    pipeline = Pipeline(None, RETRY, RETRY, retry_delay=7.0)
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.attempts, delivery.reason) == ("success", 3, None)
    assert pipeline.slept == [7.0, 7.0]
    assert delivery.console == ["a line", "a line"]
    events = [call["event"] for call in pipeline.runner.calls]
    assert events[0] == events[1] == events[2], "the same notification, the same code"


THROW = ActionOutcome("error", "Error: boom")


@pytest.mark.parametrize(
    ("generation", "outcome", "assumptions", "attempts"),
    [
        ("unified", RETRY, {}, 6),
        ("unified", RETRY, {"max_retries": 0}, 1),
        ("unified", THROW, {"throw_in_custom_provider": "drop"}, 1),
        ("unified", THROW, {"throw_in_custom_provider": "retry"}, 6),
        ("legacy", THROW, {"throw_in_custom_provider": "retry"}, 1),
    ],
)
def test_what_is_repeated_and_how_often(
    generation: Generation, outcome: ActionOutcome, assumptions: dict[str, Any], attempts: int
) -> None:
    pipeline = Pipeline(a_tenant(generation), *[outcome] * 10, **assumptions)
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.reason) == (outcome.kind, outcome.reason)
    assert delivery.attempts == len(pipeline.runner.calls) == attempts


def test_a_delivery_is_under_way_until_it_ends_or_the_sandbox_does() -> None:
    first = Pipeline(None, RETRY)
    journal = first.service._journal

    async def killed(_: float) -> None:
        assert first.service.deliveries() == []
        (one,) = journal.unfinished()
        assert (one["outcome"], one["attempts"]) == ("pending", 1)
        raise KeyboardInterrupt

    first.service._sleep = killed
    with pytest.raises(KeyboardInterrupt):
        first.challenge()
    (cut,) = NotificationService(a_tenant(), FakeRunner(), journal=journal).deliveries()
    assert (cut.outcome, cut.attempts) == ("error", 1)
    assert cut.reason == "the sandbox ended before this delivery did"
    assert journal.unfinished() == []


@pytest.mark.parametrize(("choice", "text"), [("default_text", VERIFY_TEXT), ("not_sent", None)])
def test_what_a_disabled_template_means_is_a_switch(choice: str, text: str | None) -> None:
    pipeline = Pipeline(a_tenant(spoil=template(disabled=True)), disabled_template=choice)
    delivery = pipeline.challenge()
    assert (delivery.outcome, delivery.text) == ("success" if text else "not_sent", text)


SETTINGS: dict[str, Any] = {
    "friendly_name": "F",
    "support_email": "e@example.com",
    "support_url": "https://s.example.com",
    "picture_url": "https://l.example.com",
    "home_url": "https://h.example.com",
}


def test_the_documented_variables_are_there() -> None:
    names = [
        *("tenant", "friendly_name", "support_email", "support_url", "logo_url", "home_url"),
        *("region", "locale", "code", "connection", "user.name", "user.email"),
        *("user.phone_number", "user.source_ip", "user.city", "user.country"),
        *("client.name", "client.clientID", "application.name"),
    ]
    text = "|".join(f"{{{{ {name} }}}}" for name in names)
    rendered = Pipeline(a_tenant(text=text, **SETTINGS)).challenge().text or ""
    assert [name for name, value in zip(names, rendered.split("|"), strict=True) if not value] == []
    assert Pipeline(a_tenant(text="[{{ unknown.thing }}]")).challenge().text == "[]"


def test_a_blocked_account_is_told_where_the_login_came_from(pipeline: Pipeline) -> None:
    told = pipeline.challenge(message_type="blocked_account").text or ""
    request = pipeline.event["request"]
    assert f"from the ip {request['ip']} from Tokyo, Japan. Logins" in told
    assert not {"source_ip", "city", "country"} & set(pipeline.event["user"])


def test_the_event_has_of_the_tenant_what_its_settings_say() -> None:
    pipeline = Pipeline(a_tenant(**SETTINGS))
    pipeline.challenge()
    told = {key.replace("picture", "logo"): one for key, one in SETTINGS.items()}
    assert pipeline.event["tenant"] == {"id": "mirai", **told}
    nameless = Pipeline(a_tenant(friendly_name=""))
    assert nameless.challenge().text == "482913 mirai", "by its own name where it has no other"


# -- test sends ----------------------------------------------------------------------------------


def test_trying_the_provider_needs_no_factor_and_uses_its_first_method() -> None:
    tenant = a_tenant(spoil=no_factor)
    provider(configuration={"delivery_methods": ["voice"]})(tenant)
    pipeline = Pipeline(tenant)
    pipeline.try_provider(None)
    assert pipeline.event["notification"]["delivery_method"] == "voice"
    assert pipeline.event["notification"]["message_type"] == "otp_verify"
    pipeline.try_provider("text")
    assert pipeline.service.deliveries()[-1].outcome == "not_sent"


def test_trying_a_template_sends_that_template_even_when_disabled(pipeline: Pipeline) -> None:
    tried = {
        "tenant": "mirai",
        "type": "change_password",
        "disabled": True,
        "content": {"body": {"text": "tried {{ code }}", "voice": "v"}},
    }
    asyncio.run(pipeline.service.try_out(TO, "text", tried))
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


@pytest.mark.parametrize("unset", ["204", "empty", "defaults"])
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
    message_type: str, action: str, text: str, unset: Literal["204", "empty", "defaults"]
) -> None:
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


ALL_VARIABLES = "{{message_type}} {{code}} {{locale}} {{requestInfo.lang}} {{tenant.friendlyName}}"


@pytest.mark.parametrize(
    ("texts", "order", "text"),
    [
        (("-", "認証 {{code}} {{tenant.friendly_name}}"), {}, "認証 482913 みらい銀行"),
        (("登録 {{code}}", "-"), {"message_type": "otp_enroll"}, "登録 482913"),
        (
            ("登録 {{code}}", "-"),
            {"message_type": "otp_enroll", "delivery_method": "voice"},
            "登録 4. 8. 2. 9. 1. 3.",
        ),
        (("-", ALL_VARIABLES), {"locale": "en"}, "sms 482913 en en みらい銀行"),
        (
            ("-", ALL_VARIABLES),
            {"delivery_method": "voice"},
            "voice 4. 8. 2. 9. 1. 3. ja ja みらい銀行",
        ),
    ],
)
def test_legacy_texts_of_the_tenant_are_used_with_their_documented_variables(
    texts: tuple[str, str], order: dict[str, str], text: str
) -> None:
    assert Pipeline(legacy(*texts)).challenge(**order).text == text


def test_the_last_deliveries_are_kept_in_order(pipeline: Pipeline) -> None:
    made = [pipeline.challenge() for _ in range(205)]
    assert pipeline.service.deliveries() == made[5:]
    pipeline.service.reset()
    assert pipeline.service.deliveries() == []


# -- test runs -----------------------------------------------------------------------------------

EVENT = {"notification": {"recipient": "r1"}}


@pytest.mark.parametrize(
    ("assumed", "payload", "seen"),
    [
        ("under_event", {"event": EVENT}, EVENT),
        ("under_event", EVENT, {}),
        ("payload", EVENT, EVENT),
        ("payload", {"event": EVENT}, {"event": EVENT}),
        ("under_event", None, {}),
    ],
)
def test_a_test_run_has_its_secrets_and_finds_its_event_where_it_is_assumed_to_be(
    assumed: Literal["under_event", "payload"], payload: Any, seen: dict[str, Any]
) -> None:
    pipeline = Pipeline(test_run_event=assumed)
    secrets = {"CPAAS_API_KEY": "k"}
    test = partial(pipeline.service.test_action, code="", secrets=secrets, event=payload)
    assert "error" not in asyncio.run(test(trigger_id="send-phone-message"))
    other = asyncio.run(test(trigger_id="post-login"))
    assert other["error"]["message"].endswith("not post-login.")
    assert [(one["event"], one["secrets"]) for one in pipeline.runner.calls] == [(seen, secrets)]
