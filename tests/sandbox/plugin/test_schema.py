"""What counts as a difference, and how the engine is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.plugin.resources import RESOURCES
from sandbox.plugin.schema import differences, problems
from sandbox.plugin.values import UNKNOWN

ACTION = RESOURCES["auth0:index/action:Action"].schema
PROVIDER = RESOURCES["auth0:index/phoneProvider:PhoneProvider"].schema
TEMPLATE = RESOURCES["auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"].schema
GUARDIAN = RESOURCES["auth0:index/guardian:Guardian"].schema

ACTION_STATE: dict[str, Any] = {
    "code": "old",
    "deploy": True,
    "name": "a",
    "runtime": "node22",
    "secrets": [{"name": "K", "value": "1"}, {"name": "H", "value": "h"}],
    "supportedTriggers": {"id": "custom-phone-provider", "version": "v1"},
    "versionId": "v",
}


ACTION_INPUTS = {key: value for key, value in ACTION_STATE.items() if key != "versionId"}
REQUIRED = {key: ACTION_STATE[key] for key in ("code", "name", "supportedTriggers")}
ROTATED = ACTION_INPUTS | {"secrets": [{"name": "K", "value": "2"}, {"name": "H", "value": "h"}]}
LEFT_OUT = REQUIRED | {"deploy": True, "secrets": ACTION_STATE["secrets"]}
TAKEN_BACK = [("deploy", "update"), ("secrets[0]", "delete"), ("secrets[1]", "delete")]
UNKNOWN_CODE = ACTION_INPUTS | {"code": UNKNOWN}
REORDERED = [("phone.messageTypes[0]", "update"), ("phone.messageTypes[1]", "update")]
ZEROS: tuple[Any, ...] = (None, False, "", [], {})


def methods(*names: str) -> dict[str, Any]:
    return {"configuration": {"deliveryMethods": [*names]}}


def types(*names: str) -> dict[str, Any]:
    return {"phone": {"enabled": True, "messageTypes": [*names]}, "policy": "never"}


DIFFERENCES: dict[str, tuple[Any, Any, Any, list[tuple[str, str]]]] = {
    "equal inputs": (ACTION, ACTION_STATE, ACTION_INPUTS, []),
    "a secret": (ACTION, ACTION_STATE, ROTATED, [("secrets[0].value", "update")]),
    "what the tenant fills in": (ACTION, ACTION_STATE, LEFT_OUT, []),
    "what is taken back returns to its default": (ACTION, ACTION_STATE, REQUIRED, TAKEN_BACK),
    "an unknown value": (ACTION, ACTION_STATE, UNKNOWN_CODE, [("code", "update")]),
    **{
        f"{zero!r} for an absent value": (PROVIDER, {"disabled": None}, {"disabled": zero}, [])
        for zero in ZEROS
    },
    "a set": (PROVIDER, methods("text", "voice"), methods("voice", "text"), []),
    "a set with one less": (
        PROVIDER,
        methods("text", "voice"),
        methods("text"),
        [("configuration.deliveryMethods[1]", "delete")],
    ),
    "a list's order": (GUARDIAN, types("sms", "voice"), types("voice", "sms"), REORDERED),
    "a factor's block that is left out": (GUARDIAN, types("sms"), {"policy": "never"}, []),
    "a factor's switch that is left out": (GUARDIAN, {"otp": True}, {}, [("otp", "update")]),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_what_is_a_difference(case: str) -> None:
    schema, state, inputs, found = DIFFERENCES[case]
    assert [(one.path, one.change) for one in differences(schema, state, inputs)] == found


def test_a_template_of_another_type_is_another_template() -> None:
    (found,) = differences(TEMPLATE, {"type": "otp_verify"}, {"type": "otp_enroll"})
    assert (found.path, found.replace) == ("type", True)


def test_every_problem_of_the_inputs_is_told() -> None:
    found = dict(problems(GUARDIAN, {"policy": "sometimes", "phone": {"provider": "x"}, "wat": 1}))
    assert set(found) == {"policy", "phone.enabled", "phone.provider", "wat"}


@pytest.mark.parametrize(
    ("configuration", "wrong"),
    [
        ({"sid": "AC1", "defaultFrom": "+1"}, set()),
        ({"sid": "AC1", "mssid": "MG1"}, set()),
        ({"sid": "AC1", "mssid": "MG1", "defaultFrom": "+1"}, {"defaultFrom", "mssid"}),
        ({"mssid": "MG1"}, {"mssid"}),
        ({"deliveryMethods": ["text", "sms"]}, {"deliveryMethods"}),
    ],
)
def test_senders_and_methods_keep_the_official_providers_rules(
    configuration: dict[str, Any], wrong: set[str]
) -> None:
    inputs: dict[str, Any] = {"name": "twilio", "credentials": {}}
    inputs |= {"configuration": {"deliveryMethods": ["text"]} | configuration}
    found = {path for path, _ in problems(PROVIDER, inputs)}
    assert found == {f"configuration.{name}" for name in wrong}


def test_the_official_plugins_notes_in_a_state_are_no_problem() -> None:
    noted = {"__defaults": [], "policy": "never", "push": {"__defaults": [], "enabled": False}}
    assert list(problems(GUARDIAN, noted)) == []


def test_an_unknown_value_is_no_problem() -> None:
    assert list(problems(GUARDIAN, {"policy": UNKNOWN, "phone": UNKNOWN})) == []
