"""Secrets are told by name and fate; their values stay where they are."""

from __future__ import annotations

import json

import pytest

from components.phone_mfa import plain_configuration
from components.settings import StackSettings
from phonemfa.report.facts import SETTINGS, after
from phonemfa.report.markdown import as_markdown
from phonemfa.report.page import as_page
from phonemfa.report.secrets import Fate
from phonemfa.report.summary import Environment, as_json
from tests.end_to_end.conftest import CONFIG
from tests.phonemfa.report.previews import ACTION, Change, Inputs, recoded, rotated, setting

CANARY = "canary-value"


def fates(environment: Environment) -> dict[str, Fate]:
    return {one.name: one.fate for one in environment.secrets}


def everything(*environments: Environment) -> str:
    listed = list(environments)
    return as_markdown(listed, whole="x") + as_page(listed) + as_json(listed)


def test_a_rotated_key_is_told_from_one_that_stays() -> None:
    assert fates(rotated(Change()).environment())["CPAAS_API_KEY"] is Fate.CHANGED
    assert fates(recoded(Change(), "// other").environment())["CPAAS_API_KEY"] is Fate.UNCHANGED
    assert set(fates(Change().environment()).values()) == {Fate.UNCHANGED}


def test_a_plain_setting_is_told_by_its_value() -> None:
    change = Change().update(ACTION, setting("SMS_SENDER", "0005299999"), "secrets[2].value")
    found = fates(change.environment())
    assert {name for name, fate in found.items() if fate is Fate.CHANGED} == {"SMS_SENDER"}


def test_secrets_come_and_go() -> None:
    def change(inputs: Inputs) -> None:
        inputs["secrets"] = [one for one in inputs["secrets"] if one["name"] != "VOICE_SENDER"]
        inputs["secrets"].append({"name": "EXTRA", "value": "[secret]"})

    found = fates(Change().update(ACTION, change, "secrets[3].name").environment())
    assert found["VOICE_SENDER"] is Fate.REMOVED
    assert found["EXTRA"] is Fate.ADDED
    assert found["CPAAS_API_KEY"] is Fate.UNCHANGED


def test_a_hidden_value_that_moved_is_not_claimed_to_be_the_same() -> None:
    moved = Change().update(ACTION, lambda inputs: inputs["secrets"].reverse(), "secrets[8].value")
    assert fates(moved.environment())["CPAAS_API_KEY"] is Fate.UNTOLD
    replaced = Change().replace(ACTION)
    assert fates(replaced.environment())["CPAAS_API_KEY"] is Fate.UNTOLD


def test_a_new_action_adds_and_a_deleted_one_removes_all() -> None:
    assert set(fates(Change().create().environment()).values()) == {Fate.ADDED}
    assert set(fates(Change().delete(ACTION).environment()).values()) == {Fate.REMOVED}


@pytest.mark.parametrize("name", ["CPAAS_API_KEY", "SOMETHING_ELSE"])
def test_a_value_of_no_plain_setting_is_never_shown_even_in_plain_text(name: str) -> None:
    def leak(inputs: Inputs) -> None:
        inputs["secrets"].append({"name": name, "value": CANARY})

    change = Change().before(ACTION, lambda _: None).update(ACTION, leak, "secrets[9].value")
    environment = change.environment()
    assert CANARY in json.dumps(change.answer)
    assert CANARY not in repr(after(change.preview().steps))
    assert name in everything(environment)
    assert CANARY not in everything(environment)


def test_the_names_that_may_be_shown_are_the_plain_settings_alone() -> None:
    settings = StackSettings.check("t1", CONFIG | {"originBoundCode": "login.example.co.jp"})
    assert set(SETTINGS) == set(plain_configuration(settings))
