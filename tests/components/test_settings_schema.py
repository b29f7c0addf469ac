"""An editor that checks a stack file by the JSON Schema judges it as the program does."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from tests.components.test_settings import GOOD

SCHEMA = Draft202012Validator(StackSettings.model_json_schema())

ACCEPTED: list[tuple[str, Any]] = [
    ("cpaasBaseHost", "abc123.api.example.com"),
    ("smsSender", "Bank"),
    ("smsSender", "0005212345"),
    ("smsSender", "+815012345678"),
    ("voiceSender", "+815012345678"),
    ("allowedPrefixes", ["+81", "+8190"]),
    ("allowedPrefixes", ["+1808", "+39", "+3906"]),
    ("voiceSender", "+390612345678"),
    ("testNumbers", ["+819012345678"]),
    ("recipientLimit", 99),
    ("voiceLimit", 10),
    ("tenantLimit", 99_999),
    ("ringTimeout", 60),
    ("texts", {"otp_verify": {"text": "{{ code }}"}}),
]
REFUSED: list[tuple[str, Any]] = [
    ("cpaasBaseHost", "https://abc123.api.example.com"),
    ("cpaasBaseHost", "abc123.api.example.com/sms"),
    ("cpaasBaseHost", "example"),
    ("cpaasBaseHost", 1),
    ("smsSender", "x0005212345x5678"),
    ("smsSender", "ab"),
    ("smsSender", "my bank"),
    ("voiceSender", "+815012345678x"),
    ("voiceSender", "05012345678"),
    ("voiceSender", "x+815012345678"),
    ("allowedPrefixes", ["81"]),
    ("allowedPrefixes", ["+81 90"]),
    ("allowedPrefixes", ["+8"]),
    ("allowedPrefixes", ["+870"]),
    ("allowedPrefixes", ["+810"]),
    ("smsSender", "+8109012345678"),
    ("smsSender", "8109012345678"),
    ("voiceSender", "+8105012345678"),
    ("testNumbers", ["+8109012345678"]),
    ("testNumbers", ["09012345678"]),
    ("testNumbers", ["+81 90 1234 5678"]),
    ("recipientLimit", -1),
    ("recipientLimit", 100),
    ("voiceLimit", 100),
    ("tenantLimit", -1),
    ("ringTimeout", 4),
    ("texts", {"otp_verify": {"text": ""}}),
    ("policy", "sometimes"),
    ("unknown", True),
]


def program_accepts(values: dict[str, Any]) -> bool:
    try:
        StackSettings.check("dev", values)
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize(("key", "value"), ACCEPTED)
def test_what_the_program_accepts_no_editor_marks(key: str, value: Any) -> None:
    values = GOOD | {key: value}
    assert SCHEMA.is_valid(values), list(SCHEMA.iter_errors(values))
    assert program_accepts(values)


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_what_an_editor_marks_the_program_refuses_too(key: str, value: Any) -> None:
    values = GOOD | {key: value}
    assert not SCHEMA.is_valid(values)
    assert not program_accepts(values)
