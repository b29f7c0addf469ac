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


def paths(schema: Any, state: dict[str, Any], inputs: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item.path, item.change) for item in differences(schema, state, inputs)]


def test_equal_inputs_are_no_difference() -> None:
    inputs = {key: value for key, value in ACTION_STATE.items() if key != "versionId"}
    assert paths(ACTION, ACTION_STATE, inputs) == []


def test_a_changed_secret_is_named_by_its_place() -> None:
    inputs = ACTION_STATE | {"secrets": [{"name": "K", "value": "2"}, {"name": "H", "value": "h"}]}
    del inputs["versionId"]
    assert paths(ACTION, ACTION_STATE, inputs) == [("secrets[0].value", "update")]


def test_what_the_tenant_fills_in_is_left_alone_when_the_program_says_nothing() -> None:
    inputs = {key: ACTION_STATE[key] for key in ("code", "name", "secrets", "supportedTriggers")}
    assert paths(ACTION, ACTION_STATE, inputs | {"deploy": True}) == []


def test_what_the_program_takes_back_returns_to_its_default() -> None:
    inputs = {key: ACTION_STATE[key] for key in ("code", "name", "supportedTriggers")}
    assert paths(ACTION, ACTION_STATE, inputs) == [
        ("deploy", "update"),
        ("secrets[0]", "delete"),
        ("secrets[1]", "delete"),
    ]


@pytest.mark.parametrize("zero", [None, False, "", [], {}])
def test_a_zero_value_equals_an_absent_one(zero: Any) -> None:
    assert paths(PROVIDER, {"disabled": None}, {"disabled": zero}) == []


def test_delivery_methods_are_a_set() -> None:
    state = {"configuration": {"deliveryMethods": ["text", "voice"]}}
    assert paths(PROVIDER, state, {"configuration": {"deliveryMethods": ["voice", "text"]}}) == []
    assert paths(PROVIDER, state, {"configuration": {"deliveryMethods": ["text"]}}) == [
        ("configuration.deliveryMethods[1]", "delete")
    ]


def test_message_types_are_a_list_whose_order_counts() -> None:
    state = {"phone": {"enabled": True, "messageTypes": ["sms", "voice"]}}
    inputs = {"phone": {"enabled": True, "messageTypes": ["voice", "sms"]}}
    assert paths(GUARDIAN, state, inputs) == [
        ("phone.messageTypes[0]", "update"),
        ("phone.messageTypes[1]", "update"),
    ]


def test_leaving_out_a_factor_block_changes_nothing() -> None:
    state = {"phone": {"enabled": True, "messageTypes": ["sms"]}, "policy": "never"}
    assert paths(GUARDIAN, state, {"policy": "never"}) == []


def test_leaving_out_a_factor_switch_switches_it_off() -> None:
    assert paths(GUARDIAN, {"otp": True}, {}) == [("otp", "update")]


def test_a_template_of_another_type_is_another_template() -> None:
    (found,) = differences(TEMPLATE, {"type": "otp_verify"}, {"type": "otp_enroll"})
    assert (found.path, found.replace) == ("type", True)


def test_an_unknown_value_is_a_difference() -> None:
    assert paths(ACTION, ACTION_STATE, ACTION_STATE | {"code": UNKNOWN}) == [("code", "update")]


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
