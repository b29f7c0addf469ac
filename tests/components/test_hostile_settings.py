"""No config, however strange, ends in a traceback or in a log: it is taken, or its faults are told.

A key that somebody put where none belongs is in the file already; no message repeats it.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.config_files import Turned, decoded
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.raw_config import turned_fault
from tests.components.test_settings import GOOD

KEYS = sorted({field.alias or name for name, field in StackSettings.model_fields.items()})
STRANGE_TEXTS = [
    "",
    "\0",
    "\ud800",
    "\x1b[2J\x9b0m",
    "\u202e",
    "x" * 5000,
    "٠٩٠١٢٣٤٥٦٧٨",
    "+𝟖𝟏𝟗𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
    "{{ code }}" * 2000,
    "{% if " * 2000,
    "{{ code }}" + "(" * 5000,
    "{{ " + "a|" * 5000 + "b }}",
    "{{ " + "a." * 5000 + "b }}",
    "{% if a %}" * 2000 + "{{ code }}",
    "{{ code }}{% for i in (1..99999999) %}x{% endfor %}",
    "{{ code }}{% assign a = (1..99999999) %}",
    "{{ code | append: code }}" * 1000,
]
WORDS = ["unified", "legacy", "text", "voice", "always", "never", "smoke", "otp_verify"]
INNER = ["otp_verify", "otp_enroll", "text", "voice", "email", "action", "code"]
TEXTS = st.text(st.characters(), max_size=30) | st.sampled_from(
    [one for one in STRANGE_TEXTS if len(one) < 1000]
)
NUMBERS = st.integers() | st.just(10**400) | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(INNER) | TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)
CONFIGS = st.dictionaries(st.sampled_from(KEYS) | TEXTS, VALUES, max_size=8)
QUICK = settings(max_examples=60, suppress_health_check=list(HealthCheck))


def taken_or_told(values: dict[str, Any]) -> None:
    try:
        StackSettings.check("dev", values)
    except SettingsError as error:
        text = str(error)
        text.encode("utf-8")
        assert all(one.isprintable() or one == "\n" for one in text)
        assert "Fix: " in text
        assert len(text) < 100_000


@QUICK
@given(CONFIGS)
def test_any_config_is_taken_or_told(changes: dict[str, Any]) -> None:
    taken_or_told(GOOD | changes)


@pytest.mark.thorough
@settings(QUICK, max_examples=1000)
@given(CONFIGS)
def test_many_configs_are_taken_or_told(changes: dict[str, Any]) -> None:
    taken_or_told(GOOD | changes)


@QUICK
@given(st.sampled_from(KEYS), VALUES)
def test_any_value_of_a_setting_as_the_engine_hands_it_over(key: str, value: Any) -> None:
    raw = value if isinstance(value, str) else json.dumps(value)
    taken_or_told(GOOD | {key: decoded(raw)})


@QUICK
@given(st.text(st.characters(), max_size=50))
def test_any_text_can_be_decoded(tail: str) -> None:
    for head in ("", "[", "{", '["', "true"):
        decoded(head + tail)


@pytest.mark.parametrize("depth", [40, 500, 20_000])
@pytest.mark.parametrize("kind", [list, dict])
def test_a_value_that_is_nested_too_deep_is_told(depth: int, kind: type) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    for key in KEYS if depth < 1000 else ["texts", "experience"]:
        with pytest.raises(SettingsError, match=rf"phonemfa:{key} = .*\n.*nested more than"):
            StackSettings.check("dev", GOOD | {key: value})


def test_a_value_that_is_too_deep_for_json_stays_text() -> None:
    assert decoded("[" * 100_000) == "[" * 100_000


@pytest.mark.parametrize("text", STRANGE_TEXTS, ids=range(len(STRANGE_TEXTS)))
def test_a_strange_text_anywhere_is_taken_or_told(text: str) -> None:
    for key in KEYS:
        for value in (text, [text], {text: text}):
            taken_or_told(GOOD | {key: value})
    taken_or_told(GOOD | {"texts": {"otp_verify": {"text": text, "voice": text}}})


def test_a_huge_value_is_not_repeated() -> None:
    for key in ("actionName", "texts", "testNumbers", "nope"):
        for value in ("x" * 2_000_000, ["x" * 2_000_000], {"x" * 2_000_000: 1}):
            taken_or_told(GOOD | {key: value})


def test_a_thousand_faults_are_counted_and_the_first_are_told() -> None:
    with pytest.raises(SettingsError, match=r"more\.") as failed:
        StackSettings.check("dev", GOOD | {f"nope{n}": n for n in range(1000)})
    assert str(failed.value).startswith("1000 faults")
    assert len(str(failed.value)) < 50_000


MISPLACED = (
    "App 0123456789",
    "App 003026bbc133714df1834b8638bb496e-8f4b3d9a-e931-478d-a994-28a725159ab9",
    "003026bbc133714df1834b8638bb496e-8f4b3d9a",
    "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "abcdefghijklmnopqrstuvwxyzABCDEF",
)


def fault_of(values: dict[str, Any]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        StackSettings.check("dev", values)
    return caught.value


@pytest.mark.parametrize("key", MISPLACED)
@pytest.mark.parametrize("setting", KEYS)
def test_no_fault_of_a_setting_repeats_a_key(setting: str, key: str) -> None:
    for value in (key, [key], {"a": key}, {"smsSender": key}):
        # An unknown policy as well, so that there is a message whatever the setting takes.
        error = fault_of({"experience": "unified", "policy": "no-such-policy", setting: value})
        told = [str(error), *map(str, error.faults)]
        assert not [text for text in told if key.rpartition(" ")[2] in text]


@pytest.mark.parametrize("key", MISPLACED[:5])
def test_no_fault_of_an_unknown_setting_repeats_it(key: str) -> None:
    assert key.rpartition(" ")[2] not in str(fault_of({"cpaasKey": key, key: "x"}))


def test_neither_does_the_fault_of_a_number_that_is_longer_than_any() -> None:
    number = "0123456701234567012345670"
    turned = Turned(file="Pulumi.dev.yaml", key="phonemfa:smsSender", path=(), written=number)
    assert number not in str(turned_fault(turned))
