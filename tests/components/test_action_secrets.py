"""The Action reads what the stack's settings say, under the names that it knows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pulumi.runtime import rpc

from components.action_code import SOURCE_DIR
from tests.components.test_phone_mfa import ACTION, declare_phone_mfa


def secrets_of(**changes: Any) -> dict[str, Any]:
    """The Action's secrets by name."""
    action = declare_phone_mfa(**changes).only(ACTION)
    return {one["name"]: one["value"] for one in rpc.unwrap_rpc_secret(action.inputs["secrets"])}


def test_every_setting_of_the_action_is_sent_and_nothing_else() -> None:
    config = (SOURCE_DIR / "config.js").read_text(encoding="utf-8")
    table = config.partition("const SETTINGS = {")[2].partition("};")[0]
    known = set(re.findall(r"^  ([A-Z_]+):", table, flags=re.MULTILINE))
    assert set(secrets_of(originBoundCode="login.example.co.jp")) == known
    assert set(secrets_of()) == known - {"ORIGIN_BOUND_CODE"}


def test_the_values_are_those_of_the_stack() -> None:
    assert secrets_of(
        voiceGender="male",
        allowedPrefixes=["+81", "+1"],
        messageTypes=["otp_verify", "otp_enroll"],
        deduplicate=True,
        originBoundCode="login.example.co.jp",
        recipientLimit=5,
        tenantLimit=300,
        language="en",
        ringTimeout=30,
        machineDetection=True,
    ) == {
        "CPAAS_API_KEY": "canary-key",
        "CPAAS_BASE_URL": "abc123.api.example.com",
        "SMS_SENDER": "0005212345",
        "VOICE_SENDER": "+815012345678",
        "VOICE_GENDER": "male",
        "ALLOWED_PREFIXES": "+81,+1",
        "MESSAGE_TYPES": "otp_enroll,otp_verify",
        "DEDUPLICATE": "on",
        "ORIGIN_BOUND_CODE": "login.example.co.jp",
        "RECIPIENT_LIMIT": "5",
        "VOICE_LIMIT": "3",
        "TENANT_LIMIT": "300",
        "LANGUAGE": "en",
        "RING_TIMEOUT": "30",
        "MACHINE_DETECTION": "on",
    }


@pytest.mark.parametrize(
    ("methods", "missing"), [(["text"], "VOICE_SENDER"), (["voice"], "SMS_SENDER")]
)
def test_a_sender_that_the_stack_does_not_have_is_left_out(
    methods: list[str], missing: str
) -> None:
    setting = {"VOICE_SENDER": "voiceSender", "SMS_SENDER": "smsSender"}[missing]
    assert missing not in secrets_of(deliveryMethods=methods, **{setting: None})


@pytest.mark.parametrize(("limits", "calls"), [({}, "5"), ({"recipientLimit": 0}, "0")])
def test_calls_are_half_of_the_messages_unless_the_stack_says_otherwise(
    limits: dict[str, Any], calls: str
) -> None:
    assert secrets_of(**limits)["VOICE_LIMIT"] == calls
    assert secrets_of(**limits, voiceLimit=2)["VOICE_LIMIT"] == "2"
