"""Config that is fit to declare, and what is said about config that is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from pulumi.runtime import config as runtime_config

from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.stack_config import load
from components.vocabulary import DeliveryMethod, Gate, Language, MessageType, Policy, VoiceGender
from tests.components.declared import declare

GOOD: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "abc123.api.example.com",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
}


def without(*keys: str, **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (GOOD | changes).items() if key not in keys}


def faults_in(values: dict[str, Any]) -> dict[str, str]:
    """Key → the whole fault, as it would be printed."""
    with pytest.raises(SettingsError) as caught:
        StackSettings.check("dev", values)
    return {fault.key: str(fault) for fault in caught.value.faults}


def test_the_smallest_config_is_complete_and_its_defaults_are_safe() -> None:
    settings = StackSettings.check("dev", GOOD)
    assert settings.delivery_methods == {DeliveryMethod.TEXT, DeliveryMethod.VOICE}
    assert settings.policy is Policy.ALWAYS
    assert settings.language is Language.JAPANESE
    assert settings.voice_gender is VoiceGender.FEMALE
    assert settings.allowed_prefixes == ("+81",)
    assert settings.message_types == {
        MessageType.OTP_ENROLL,
        MessageType.OTP_VERIFY,
        MessageType.CHANGE_PASSWORD,
    }
    assert settings.deduplicate is False
    assert settings.recipient_limit == 10
    assert settings.calls_per_number == 5
    assert settings.tenant_limit == 0
    assert settings.ring_timeout == 14
    assert settings.machine_detection is False
    assert settings.bind_action is None
    assert settings.transition is False
    assert settings.other_factors.model_dump(exclude_none=True) == {}
    assert (settings.health.success_percent, settings.health.completion_percent) == (90, 50)


def test_every_required_key_is_named_at_once() -> None:
    assert set(faults_in({})) == {
        "phonemfa:experience",
        "phonemfa:deliveryMethods",
        "phonemfa:policy",
        "phonemfa:cpaasBaseHost",
    }


def test_faults_of_all_kinds_are_reported_together() -> None:
    found = faults_in(
        without(
            "policy",
            "voiceSender",
            cpaasBaseHost="https://abc123.api.example.com",
            smsSender="a-sender-that-is-far-too-long",
            colour="blue",
            texts={"otp_verify": {"text": "no code here"}},
        )
    )
    assert set(found) == {
        "phonemfa:policy",
        "phonemfa:voiceSender",
        "phonemfa:cpaasBaseHost",
        "phonemfa:smsSender",
        "phonemfa:colour",
        "phonemfa:texts.otp_verify.text",
    }


def test_a_fault_has_the_key_the_value_the_consequence_and_the_fix() -> None:
    text = faults_in(GOOD | {"cpaasBaseHost": "https://abc.example.com"})["phonemfa:cpaasBaseHost"]
    assert 'phonemfa:cpaasBaseHost = "https://abc.example.com"' in text
    assert "receives the API key" in text
    assert "Fix: give the host alone" in text


REFUSED: dict[str, list[Any]] = {
    # The key goes to a bare host only.
    "cpaasBaseHost": [
        *("https://abc.example.com", "abc.example.com/sms", "abc.example.com:443", "localhost"),
        *("user@abc.example.com", "127.0.0.1", "ABC.example.com", "abc.example.com.", ""),
        *(
            "abc..example.com",
            "-abc.example.com",
            "abc.example.com\n",
            " abc.example.com",
            "例え.jp",
        ),
    ],
    "originBoundCode": ["https://login.example.jp", "login", "login.example.jp/x", ""],
    # Senders that the CPaaS would refuse; a caller ID is a full E.164 number.
    "smsSender": ["ab", "TwelveLetter", "1" * 16, "my bank", "銀行", "Bank!", "", "+"],
    "voiceSender": ["Bank", "05012345678", "+0501234567", "+81", "+81 50 1234 5678"],
    "deliveryMethods": [[], ["sms"], "text", ["text", "pigeon"], None],
    # Without its codes a stack is no use.
    "messageTypes": [["change_password"]],
    # A country, or a part of one, none that costs extra.
    "allowedPrefixes": [
        *([], ["81"], ["+0"], ["+81 90"], "+81", ["Japan"]),
        *([one] for one in ("+8", "+979", "+870", "+88", "+9", "+999", "+210", "+1900", "+81990")),
        *([one] for one in ("+44 7", "+810")),
    ],
    "testNumbers": [
        [one] for one in ("819012345678", "+0312345678", "+81 90 1234 5678", "", "+8190")
    ],
    "recipientLimit": [-1, 100, "many", 1.5],
    "voiceLimit": [-1, 100, "many", 11],
    "tenantLimit": [-1, 100_000, "all"],
    "ringTimeout": [4, 61, 1.5, "long"],
    "machineDetection": ["hangup", 2],
}
TAKEN: dict[str, list[Any]] = {
    "smsSender": ["Bank", "BANK123", "0005212345", "+815012345678", "123"],
    "voiceSender": ["+390612345678"],  # Italy's numbers begin with zero.
    "allowedPrefixes": [[one] for one in ("+1808", "+8190", "+39", "+3906", "+7", "+886")],
    "testNumbers": [["+819012345678"]],
    "recipientLimit": ["0"],
}


def cases(table: dict[str, list[Any]]) -> pytest.MarkDecorator:
    found = [(key, value) for key, values in table.items() for value in values]
    return pytest.mark.parametrize(("key", "value"), found, ids=str)


@cases(REFUSED)
def test_a_value_that_could_not_work_is_refused(key: str, value: Any) -> None:
    assert {one.partition("[")[0] for one in faults_in(GOOD | {key: value})} == {f"phonemfa:{key}"}


@cases(TAKEN)
def test_a_value_that_works_is_taken(key: str, value: Any) -> None:
    plain = StackSettings.check("dev", GOOD | {key: value}).model_dump(mode="json", by_alias=True)
    assert plain[key] == (int(value) if key == "recipientLimit" else value)


@pytest.mark.parametrize(
    ("methods", "sender"), [(["text"], "smsSender"), (["voice"], "voiceSender")]
)
def test_a_channel_needs_its_own_sender_and_no_other(methods: list[str], sender: str) -> None:
    other = ({"smsSender", "voiceSender"} - {sender}).pop()
    assert StackSettings.check("dev", without(other, deliveryMethods=methods))
    assert set(faults_in(without(sender, deliveryMethods=methods))) == {f"phonemfa:{sender}"}


def test_the_tenants_name_is_written_as_its_generation_knows_it() -> None:
    texts = {"otp_verify": {"text": "{{ tenant.friendly_name }} {{ code }}"}}
    found = faults_in(GOOD | {"texts": texts})
    assert "write {{ friendly_name }} instead" in found["phonemfa:texts.otp_verify.text"]
    legacy = GOOD | {"experience": "legacy", "texts": texts}
    assert StackSettings.check("dev", legacy)
    assert faults_in(legacy | {"transition": True})


def test_a_legacy_stack_cannot_do_without_its_binding() -> None:
    legacy = GOOD | {"experience": "legacy"}
    assert set(faults_in(legacy | {"bindAction": False})) == {"phonemfa:bindAction"}
    for values in (legacy, legacy | {"bindAction": True}, GOOD | {"bindAction": False}):
        assert StackSettings.check("dev", values)


def test_a_gate_that_sends_needs_a_route_and_a_number() -> None:
    smoke = GOOD | {"gate": "smoke"}
    assert "no number that a test message may go to" in faults_in(smoke)["phonemfa:gate"]
    numbered = smoke | {"testNumbers": ["+819012345678"]}
    assert StackSettings.check("dev", numbered).gate is Gate.SMOKE
    legacy = faults_in(numbered | {"experience": "legacy"})["phonemfa:gate"]
    assert "no route that sends a test message" in legacy
    assert "phonemfa:gate ready" in legacy


def test_a_tenant_that_is_declared_as_found_cannot_be_moved() -> None:
    found = without("cpaasBaseHost", "smsSender", "voiceSender", transition=True)
    moved = faults_in(found | {"adopted": {"phone": {"enabled": False}}})
    assert "take over first" in moved["phonemfa:transition"]


@pytest.mark.parametrize(
    ("senders", "told"),
    [
        ({"sid": "AC1", "defaultFrom": "+15005550006", "mssid": "MG1"}, "together"),
        ({"mssid": "MG1"}, "without sid"),
        ({"defaultFrom": "+15005550006"}, "without sid"),
    ],
)
def test_what_the_auth0_provider_would_refuse_is_not_adopted(
    senders: dict[str, str], told: str
) -> None:
    twilio = {"name": "twilio", "deliveryMethods": ["text"]}
    adopted = {"phone": {"enabled": False}, "provider": twilio | senders}
    (text,) = faults_in(GOOD | {"adopted": adopted}).values()
    assert told in text


@given(st.integers(1, 9999))
def test_a_prefix_begins_with_a_calling_code_that_a_country_has(digits: int) -> None:
    given = str(digits)
    codes = [code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions != ("001",)]
    code = next((code for code in codes if given.startswith(str(code))), None)
    values = GOOD | {"allowedPrefixes": ["+81", f"+{given}"]}
    try:
        StackSettings.check("dev", values)
        accepted = True
    except SettingsError as error:
        accepted = False
        (fault,) = error.faults
    if code is None:
        assert not accepted
    elif not accepted:
        assert "0 after" in fault.consequence or "costs extra" in fault.consequence


@pytest.mark.parametrize(
    ("key", "number", "fix"),
    [
        ("smsSender", "+8109012345678", "+819012345678"),
        ("smsSender", "8109012345678", "819012345678"),
        ("voiceSender", "+8105012345678", "+815012345678"),
        ("voiceSender", "+4402071234567", "+442071234567"),
        ("testNumbers", "+8109012345678", "+819012345678"),
    ],
)
def test_the_zero_dialled_at_home_is_no_part_of_a_number(key: str, number: str, fix: str) -> None:
    value = [number] if key == "testNumbers" else number
    (fault,) = faults_in(GOOD | {key: value}).values()
    assert f"leave that 0 out: {fix}" in fault


def test_a_test_number_is_one_that_the_action_sends_to() -> None:
    outside = faults_in(GOOD | {"testNumbers": ["+819012345678", "+14155550100"]})
    assert "does not have +14155550100" in outside["phonemfa:testNumbers"]
    abroad = {"testNumbers": ["+14155550100"], "allowedPrefixes": ["+81", "+1415"]}
    assert StackSettings.check("dev", GOOD | abroad)
    for expensive in ("+81990123456", "+19005550100", "+447012345678", "+870773111632"):
        values = GOOD | {"testNumbers": [expensive], "allowedPrefixes": ["+81", "+1", "+44"]}
        assert "costs extra" in faults_in(values)["phonemfa:testNumbers[0]"]


def test_a_limit_of_calls_that_is_never_reached_is_refused() -> None:
    both = {"recipientLimit": 3, "voiceLimit": 4}
    assert "never reached" in faults_in(GOOD | both)["phonemfa:voiceLimit"]
    for fine in ({"recipientLimit": 3, "voiceLimit": 3}, {"recipientLimit": 0, "voiceLimit": 9}):
        StackSettings.check("dev", GOOD | fine)


def test_an_unknown_key_is_refused_and_its_value_is_not_shown() -> None:
    found = faults_in(GOOD | {"cpaasApikey": "canary-misspelt-key"})
    assert set(found) == {"phonemfa:cpaasApikey"}
    assert "canary" not in str(found)


def test_a_misspelt_key_is_told_which_one_was_meant() -> None:
    fault = faults_in(GOOD | {"polciy": "always"})["phonemfa:polciy"]
    assert "Fix: remove it, or use policy" in fault


def test_unknown_entries_inside_a_setting_are_refused_too() -> None:
    found = faults_in(
        GOOD
        | {
            "otherFactors": {"sms": True},
            "texts": {"otp_verify": {"sms": "{{ code }}"}},
            "health": {"minimum": 0, "latency": 1},
        }
    )
    assert set(found) == {
        "phonemfa:otherFactors.sms",
        "phonemfa:texts.otp_verify.sms",
        "phonemfa:health.minimum",
        "phonemfa:health.latency",
    }


class TestLoad:
    """Reading the stack's config, where the one secret is."""

    @pytest.fixture(autouse=True)
    def _no_config_is_left_behind(self) -> Iterator[None]:
        yield
        runtime_config.set_all_config({}, [])

    def load(self, values: dict[str, Any], *, secret: tuple[str, ...] = ("cpaasApiKey",)) -> Any:
        """What the program gets of these config values; an Output in it is awaited."""
        raw = {
            f"phonemfa:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in values.items()
        }
        seen: list[Any] = []

        def program() -> pulumi.Output[Any]:
            runtime_config.set_all_config(raw, [f"phonemfa:{key}" for key in secret])
            loaded = load()
            seen.append(loaded)

            async def key_and_mark() -> None:
                key = loaded.cpaas_api_key
                seen.append((await key.future(), await key.is_secret()))

            marked: Any = asyncio.ensure_future(key_and_mark())
            return pulumi.Output.from_input(marked)

        declare(program, stack="dev")
        return seen

    def test_lists_objects_and_booleans_arrive_decoded(self) -> None:
        values = GOOD | {"cpaasApiKey": "k", "deduplicate": True, "otherFactors": {"otp": True}}
        loaded, (key, is_secret) = self.load(values)
        assert loaded.settings.delivery_methods == {DeliveryMethod.TEXT, DeliveryMethod.VOICE}
        assert loaded.settings.deduplicate is True
        assert loaded.settings.other_factors.otp is True
        assert (key, is_secret) == ("k", True)

    def test_the_key_is_in_no_model_and_no_repr(self) -> None:
        loaded, _ = self.load(GOOD | {"cpaasApiKey": "canary-key"})
        assert "canary" not in repr(loaded)
        assert "canary" not in loaded.settings.model_dump_json()

    def test_a_missing_key_is_reported_with_the_other_faults(self) -> None:
        with pytest.raises(SettingsError) as caught:
            self.load(without("policy"), secret=())
        keys = {fault.key for fault in caught.value.faults}
        assert keys == {"phonemfa:cpaasApiKey", "phonemfa:policy"}

    def test_a_plaintext_key_is_refused_and_never_printed(self) -> None:
        with pytest.raises(SettingsError, match="plain text") as caught:
            self.load(GOOD | {"cpaasApiKey": "canary-key"}, secret=())
        assert "canary" not in str(caught.value)
        assert "pulumi config set --secret phonemfa:cpaasApiKey" in str(caught.value)

    def test_a_setting_that_is_a_secret_is_refused_and_never_printed(self) -> None:
        values = GOOD | {"cpaasApiKey": "k", "smsSender": "canary-sender"}
        with pytest.raises(SettingsError, match="only cpaasApiKey is kept as one") as caught:
            self.load(values, secret=("cpaasApiKey", "smsSender"))
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("key", ["", "has space", "line\nbreak", "キー"])
    def test_a_key_that_cannot_be_a_header_is_refused_without_being_shown(self, key: str) -> None:
        with pytest.raises(pulumi.RunError, match="cpaasApiKey is empty, or holds") as caught:
            self.load(GOOD | {"cpaasApiKey": key})
        assert not key or key not in str(caught.value)

    def test_the_message_names_the_stack_and_that_nothing_was_sent(self) -> None:
        with pytest.raises(SettingsError, match="config of stack dev; nothing was sent"):
            self.load({})


def test_plain_settings_hold_what_is_in_force_in_one_order_and_no_test_number() -> None:
    number = "+819012345678"
    plain = StackSettings.check("dev", GOOD | {"testNumbers": [number], "gate": "smoke"}).plain()
    assert plain["deliveryMethods"] == ["text", "voice"]
    assert plain["messageTypes"] == ["change_password", "otp_enroll", "otp_verify"]
    assert plain["recipientLimit"] == 10, "a default is in force too"
    unset = without("voiceSender", deliveryMethods=["text"])
    assert StackSettings.check("dev", unset).plain()["voiceSender"] is None, "known, and not set"
    assert "health" not in plain, "it changes nothing in a tenant"
    assert "testNumbers" not in plain
    assert json.loads(json.dumps(plain)) == plain


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"testNumbers": ["+819012345678"], "gate": "smoke"},
        {
            "experience": "legacy",
            "transition": True,
            "texts": {"otp_verify": {"text": "{{ code }}"}},
        },
        {"allowedPrefixes": ["+81", "+1"], "retiredSecrets": ["A"], "otherFactors": {"otp": False}},
        {"adopted": {"phone": {"enabled": False}}, "bindAction": True},
    ],
    ids=str,
)
def test_plain_settings_are_read_back_as_they_were_but_for_the_test_numbers(
    values: dict[str, Any],
) -> None:
    settings = StackSettings.check("dev", GOOD | values)
    plain = json.loads(json.dumps(settings.plain()))
    assert StackSettings.of_plain(plain) == settings.model_copy(update={"test_numbers": ()})


@pytest.mark.parametrize("plain", [None, "[secret]", [], {}, {"gate": "x"}, {"noSuch": 1}], ids=str)
def test_plain_settings_of_another_version_are_refused(plain: Any) -> None:
    with pytest.raises(ValueError, match=r"plain settings|StackSettings|valid Gate"):
        StackSettings.of_plain(plain)
