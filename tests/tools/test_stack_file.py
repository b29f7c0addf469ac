"""The editors' JSON Schema of a stack's file says what the program would say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from components.config_files import config_in
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from tests.components import test_settings
from tests.contract import PROJECT
from tools.reference.settings import EXAMPLES, stack_file_schema

CONTENT = json.loads(stack_file_schema())
Draft7Validator.check_schema(CONTENT)
SCHEMA = Draft7Validator(CONTENT)
GOOD = test_settings.GOOD | {"testNumbers": ["+819012345678"]}
KEY = {"secure": "v1:abc:def"}


def in_file(values: dict[str, Any], **others: Any) -> dict[str, Any]:
    named = {f"phonemfa:{key}": value for key, value in values.items()}
    return {"config": named | {"auth0:domain": "example.jp.auth0.com"} | others}


def told_by_schema(values: dict[str, Any]) -> list[str]:
    return [error.message for error in SCHEMA.iter_errors(in_file(values))]


def told_by_program(values: dict[str, Any]) -> list[str]:
    try:
        StackSettings.check("dev", values)
    except SettingsError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("path", sorted(PROJECT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_every_stack_of_this_repository_fits_and_names_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    assert list(SCHEMA.iter_errors({"config": config_in(path.name, text)})) == []
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (PROJECT / first.partition("=")[2]).exists()


def examples_in_pages() -> Iterator[Any]:
    for page in sorted(PROJECT.glob("docs/**/*.md")):
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            whole = block if block.startswith("config:") else f"config:\n{indent(block, '  ')}"
            content = config_in(page.name, whole)
            if any(key.startswith("phonemfa:") for key in content):
                yield pytest.param(content, id=f"{page.stem}: {next(iter(content))}")


@pytest.mark.parametrize("config", list(examples_in_pages()))
def test_settings_that_a_page_shows_fit(config: dict[str, Any]) -> None:
    whole = in_file(GOOD)
    # Placeholders of the pages: an ellipsis is never a value.
    shown = {key: value for key, value in config.items() if "…" not in str(value)}
    whole["config"] |= shown
    assert [error.message for error in SCHEMA.iter_errors(whole)] == []


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_example_is_right_for_schema_and_program(key: str) -> None:
    values = GOOD | {key: EXAMPLES[key]}
    assert (told_by_schema(values), told_by_program(values)) == ([], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "blue"},
        {"experience": "modern"},
        {"deliveryMethods": []},
        {"cpaasBaseHost": "https://abc123.api.example.com"},
        {"smsSender": "far-too-long-a-sender"},
        {"voiceSender": "05012345678"},
        {"recipientLimit": 100},
        {"otherFactors": {"pigeon": True}},
        {"texts": {"otp_verify": {"fax": "{{ code }}"}}},
        {"texts": {"otp_verify": {"text": "  "}}},
        {"adopted": {"action": {}}},
        # What every stack needs.
        *({key: None} for key in ("experience", "deliveryMethods", "policy", "cpaasBaseHost")),
    ],
    ids=str,
)
def test_what_the_program_refuses_the_schema_refuses(wrong: dict[str, Any]) -> None:
    values = {key: value for key, value in (GOOD | wrong).items() if value is not None}
    assert told_by_program(values)
    assert told_by_schema(values)


@pytest.mark.parametrize("methods", [["text"], ["voice"], ["text", "voice"]])
@pytest.mark.parametrize("sender", ["smsSender", "voiceSender", "both"])
@pytest.mark.parametrize("adopted", [True, False])
def test_a_sender_is_needed_by_both_or_by_neither(
    methods: list[str], sender: str, adopted: bool
) -> None:
    values = GOOD | {"deliveryMethods": methods}
    for one in ("smsSender", "voiceSender") if sender == "both" else (sender,):
        del values[one]
    if adopted:
        values["adopted"] = EXAMPLES["adopted"]
    assert bool(told_by_schema(values)) == bool(told_by_program(values))


@pytest.mark.parametrize("key", ["canary-plain", "", {"secure": ""}, {"insecure": "x"}, None])
def test_a_key_that_is_not_encrypted_is_refused(key: Any) -> None:
    assert list(SCHEMA.iter_errors(in_file(GOOD, **{"phonemfa:cpaasApiKey": KEY}))) == []
    assert list(SCHEMA.iter_errors(in_file(GOOD, **{"phonemfa:cpaasApiKey": key})))


def test_what_pulumi_config_set_writes_as_text_is_right() -> None:
    written = {"deliveryMethods": '["text", "voice"]', "protect": "true", "recipientLimit": "20"}
    assert told_by_schema(GOOD | written) == []


TEXT = st.text("aZ0+.-é日 ", max_size=14)
PREFIXES = st.from_regex(r"\A\+?[0-9]{0,8}\Z")
NUMBERS = st.from_regex(r"\A\+?[0-9]{0,17}\Z")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "experience": st.sampled_from(["unified", "legacy", "Legacy", ""]),
    "deliveryMethods": st.lists(st.sampled_from(["text", "voice", "sms"]), unique=True),
    "policy": st.sampled_from(["always", "adaptive", "never", "on"]),
    "cpaasBaseHost": st.from_regex(r"\A[a-zA-Z0-9.:/-]{0,20}\.?(example|local)?\Z"),
    "smsSender": NUMBERS | TEXT,
    "voiceSender": NUMBERS | TEXT,
    "voiceGender": st.sampled_from(["female", "male", "none"]),
    "language": st.sampled_from(["ja", "en", "JA"]),
    "messageTypes": st.lists(
        st.sampled_from(["change_password", "blocked_account", "sms"]), unique=True
    ).map(lambda more: ["otp_enroll", "otp_verify", *more]),
    "allowedPrefixes": st.lists(PREFIXES, max_size=3),
    "recipientLimit": st.integers(-5, 120),
    "deduplicate": st.booleans() | st.just("maybe"),
    "testNumbers": st.lists(NUMBERS, max_size=3),
    "actionName": st.sampled_from(["", "a", "b" * 255, "c" * 256]),
    "gate": st.sampled_from(["ready", "smoke", "off", "shut"]),
    "protect": st.booleans() | st.just("maybe"),
}


@hypothesis_settings(max_examples=150)
@given(st.sampled_from(sorted(VALUES)).flatmap(lambda key: VALUES[key].map(lambda v: (key, v))))
def test_schema_and_program_agree_on_single_values(generated: tuple[str, Any]) -> None:
    key, value = generated
    values = GOOD | {key: value}
    told = told_by_program(values)
    if "costs extra" in str(told) or "does not have" in str(told):
        return  # a table of ranges and other settings' prefixes are beyond a schema
    assert bool(told_by_schema(values)) == bool(told), values
