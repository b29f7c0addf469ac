"""The Action: what is deployed is what a reviewer reads, and what it is told are the settings."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pulumi.runtime import rpc

from components import action_code
from components.action_code import (
    MAX_BYTES,
    SHARED_PARTS,
    SOURCE_DIR,
    Trigger,
    assemble,
    is_assembled,
)
from tests.components.test_phone_mfa import ACTION, declare_phone_mfa

TRIGGERS = get_args(Trigger)


@pytest.fixture(params=TRIGGERS)
def trigger(request: pytest.FixtureRequest) -> Trigger:
    found: Trigger = request.param
    return found


def test_every_part_is_in_the_code_whole_and_once_and_nothing_else_but_headings(
    trigger: Trigger,
) -> None:
    rest = assemble(trigger)
    for part in (trigger, *SHARED_PARTS):
        text = (SOURCE_DIR / f"{part}.js").read_text(encoding="utf-8")
        assert rest.count(text) == 1
        rest = rest.replace(text, "")
    lines = [line for line in rest.splitlines() if line]
    assert [line for line in lines if not line.startswith("//")] == ["'use strict';"]


def test_every_source_belongs_to_a_trigger_each_with_its_own_handler_and_only_that() -> None:
    assert {path.stem for path in SOURCE_DIR.glob("*.js")} == {*TRIGGERS, *SHARED_PARTS}
    unified, legacy = (assemble(trigger) for trigger in TRIGGERS)
    assert "exports.onExecuteCustomPhoneProvider" in unified
    assert "exports.onExecuteSendPhoneMessage" in legacy
    assert unified.count("exports.") == legacy.count("exports.") == 1


def test_a_text_is_known_as_ours_until_a_character_of_it_changes(trigger: Trigger) -> None:
    code = assemble(trigger)
    assert is_assembled(code)
    for place in range(0, len(code), 97):
        assert not is_assembled(code[:place] + "x" + code[place:]), place
    assert not is_assembled(code[:-1])
    assert not is_assembled("")


def test_the_code_is_the_same_text_every_time_and_everywhere(
    trigger: Trigger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = assemble(trigger)
    command = [sys.executable, str(Path(action_code.__file__)), trigger]
    printed = subprocess.run(command, capture_output=True, check=True, cwd="/").stdout
    assert printed.decode("utf-8") == code == assemble(trigger)
    assert "\r" not in code
    assert str(SOURCE_DIR.parent) not in code
    # Line ends of a checkout do not change it.
    for path in SOURCE_DIR.glob("*.js"):
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(action_code, "SOURCE_DIR", tmp_path)
    assert assemble(trigger) == code


def test_the_code_has_no_dependency_and_stays_within_its_bound(trigger: Trigger) -> None:
    code = assemble(trigger)
    assert len(code.encode("utf-8")) < MAX_BYTES == 36_000
    required = re.findall(r"require\('([^']*)'\)", code)
    assert sorted(required) == ["crypto", "node:https"]
    assert code.count("require(") == len(required)
    assert "import " not in code.replace("important ", "")


@pytest.mark.parametrize(
    ("trigger", "bound", "says"),
    [
        ("custom-phone-provider", 1000, "over the bound of 1000; shorten its parts"),
        ("post-login", MAX_BYTES, r"'post-login' has no handler.*custom-phone-provider"),
    ],
)
def test_code_over_the_bound_and_an_unknown_trigger_are_refused(
    monkeypatch: pytest.MonkeyPatch, trigger: Any, bound: int, says: str
) -> None:
    monkeypatch.setattr(action_code, "MAX_BYTES", bound)
    with pytest.raises(ValueError, match=says):
        assemble(trigger)


# --- What it is told -----------------------------------------------------------------------------


def secrets_of(**changes: Any) -> dict[str, Any]:
    """The Action's secrets by name."""
    action = declare_phone_mfa(**changes).only(ACTION)
    return {one["name"]: one["value"] for one in rpc.unwrap_rpc_secret(action.inputs["secrets"])}


def test_every_setting_of_the_action_is_sent_and_nothing_else() -> None:
    config = (SOURCE_DIR / "config.js").read_text(encoding="utf-8")
    table = config.partition("const SETTINGS = {")[2].partition("};")[0]
    sent = secrets_of(
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
    )
    assert set(sent) == set(re.findall(r"^  ([A-Z_]+):", table, flags=re.MULTILINE))
    assert sent == {
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
    assert set(sent) - set(secrets_of()) == {"ORIGIN_BOUND_CODE"}


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"deliveryMethods": ["text"], "voiceSender": None}, "VOICE_SENDER", None),
        ({"deliveryMethods": ["voice"], "smsSender": None}, "SMS_SENDER", None),
        # Half of the messages unless the stack says otherwise.
        ({}, "VOICE_LIMIT", "5"),
        ({"recipientLimit": 0}, "VOICE_LIMIT", "0"),
        ({"voiceLimit": 2}, "VOICE_LIMIT", "2"),
        ({"recipientLimit": 0, "voiceLimit": 2}, "VOICE_LIMIT", "2"),
    ],
    ids=str,
)
def test_what_a_stack_does_not_say_is_left_out_or_follows_from_the_rest(
    changes: dict[str, Any], name: str, value: str | None
) -> None:
    assert secrets_of(**changes).get(name) == value
