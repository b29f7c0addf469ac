"""Settings are told from the component; an Action's secrets are looked into nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.settings import words as setting_words
from components.settings.model import StackSettings
from components.settings.words import subject, value_in_words
from components.tenant.action import IN_SECRETS, plain_configuration, settings_behind
from phonemfa.pulumi.preview import read_preview
from phonemfa.report.differences import Difference
from phonemfa.report.document import as_comment
from phonemfa.report.settings import ASKED_ONLY, Known
from phonemfa.report.summary import Environment, environment
from tests.end_to_end.conftest import CONFIG
from tests.phonemfa.report.previews import (
    ACTION,
    COMPONENT,
    FIXTURE,
    GUARDIAN,
    SECRET,
    SECRETS_DIFFER,
    Change,
    in_every_format,
    policy,
    recoded,
    rotated,
    told,
    with_an_older_plugin,
)

CANARY = "canary-value"

OTHER_VALUES: dict[str, Any] = {
    "experience": "legacy",
    "deliveryMethods": ["text"],
    "policy": "never",
    "cpaasBaseHost": "other.sandbox.test",
    "smsSender": "0005299999",
    "voiceSender": "+815087654321",
    "voiceGender": "male",
    "ringTimeout": 20,
    "machineDetection": True,
    "language": "en",
    "messageTypes": ["otp_enroll", "otp_verify"],
    "texts": {"otp_verify": {"text": "{{ code }}"}},
    "allowedInTexts": ["links", "user"],
    "originBoundCode": "login.example.co.jp",
    "allowedPrefixes": ["+81", "+1"],
    "deduplicate": True,
    "recipientLimit": 33,
    "voiceLimit": 2,
    "tenantLimit": 500,
    "otherFactors": {"recoveryCode": True},
    "rememberBrowser": {"shown": True, "ticked": True, "inactivity": "12h", "overall": "7d"},
    "oneTimeCode": {"length": 8, "lifetime": "10m"},
    "retiredSecrets": ["TWILIO_TOKEN"],
    "actionName": "another",
    "bindAction": True,
    "transition": True,
    "gate": "off",
    "protect": True,
}
"""Another value of each setting but `adopted`, which stands for a whole tenant."""


def known(environment: Environment) -> list[Known]:
    return [one.known for one in environment.secrets]


def everything(environment: Environment) -> str:
    return "".join(in_every_format(environment))


@pytest.mark.parametrize("key", [*OTHER_VALUES, "aSettingOfANewerVersion"])
def test_every_changed_setting_is_told_from_the_component_alone(key: str) -> None:
    value = OTHER_VALUES.get(key, "its value")
    found = told(Change().asks(changes_the_action=False, **{key: value}).environment())
    ((what, (before, after)),) = found.items()
    assert what.startswith(subject(key))
    assert after
    applied = json.loads(json.dumps(Change().step(COMPONENT)["oldState"]["outputs"]["applied"]))
    was = applied["settings"].get(key)
    assert before == (None if was in (None, {}) else value_in_words(key, was))


def test_what_the_package_calls_a_setting_is_a_setting() -> None:
    keys = {field.alias or name for name, field in StackSettings.model_fields.items()}
    assert {*OTHER_VALUES} <= {*setting_words._WORDS} <= keys
    assert subject("somethingNew") == "somethingNew"


def test_sender_prefixes_and_policy_are_told_together() -> None:
    change = Change().asks(smsSender="0005299999", allowedPrefixes=["+81", "+886"], policy="never")
    change.update(GUARDIAN, policy("never"), "policy")
    environment = change.environment()
    assert told(environment) == {
        "policy": ("always", "never"),
        "SMS sender": ("0005212345", "0005299999"),
        "country prefixes that are sent to": ("+81", "+81, +886"),
    }
    assert environment.differences[0].meaning == "no login is asked for a second factor"
    assert all(one.meaning for one in environment.differences)
    assert known(environment) == [Known.BESIDE_SETTINGS]
    assert {one.name for one in environment.planned} == {"ntt-cpaas-phone", ""}
    assert {one.rule for one in environment.violations} == {"country-allow-list"}
    assert environment.not_compared == ()


def test_a_remembered_browser_is_told_in_a_users_words() -> None:
    def said(before: Any, after: Any) -> tuple[str | None, str | None, str]:
        change = Change().asks(changes_the_action=False, rememberBrowser=after)
        applied = change.step(COMPONENT)["oldState"]["outputs"]["applied"]
        applied["settings"]["rememberBrowser"] = before
        (one,) = change.environment().differences
        assert one.subject == "remembering of browsers"
        return one.before, one.after, one.meaning

    week = {"shown": True, "ticked": False, "inactivity": "12h", "overall": "7d"}
    shown = "checkbox shown, not ticked at first; 12 hours of inactivity, 7 days overall"
    before, after, meaning = said(None, week)
    assert (before, after) == (None, shown)
    assert "asked again after at most 7 days on a remembered browser" in meaning
    assert "whoever ticks it" in meaning
    _, after, meaning = said(week, week | {"ticked": True, "overall": "1d"})
    assert after == "checkbox shown, ticked at first; 12 hours of inactivity, 1 day overall"
    assert "asked again after at most 1 day" in meaning
    assert "whoever does not untick the box" in meaning
    before, after, meaning = said(week, week | {"shown": False})
    assert (before, after) == (shown, "checkbox not shown")
    assert meaning == "no browser is remembered: the policy holds at every login"
    assert said(week, None) == (shown, None, "")


def test_what_a_resource_says_otherwise_is_told_beside_the_setting() -> None:
    by_hand = Change().before(GUARDIAN, policy("confidence-score"))
    by_hand.asks(changes_the_action=False, policy="never")
    assert told(by_hand.update(GUARDIAN, policy("never"), "policy").environment()) == {
        "policy": ("always", "never"),
        "policy, as Pulumi's state has it": ("adaptive", "never"),
    }


def test_a_factor_that_was_left_alone_is_told_with_what_the_tenant_had() -> None:
    change = Change().named("otp").asks(changes_the_action=False, otherFactors={"otp": True})
    change.update(GUARDIAN, lambda inputs: inputs.update(otp=True), "otp")
    assert told(change.environment()) == {"other factor otp": ("off", "on")}
    alone = Change().asks(changes_the_action=False, otherFactors={"recoveryCode": True})
    assert told(alone.environment()) == {"other factor recovery_code": (None, "on")}


def test_a_setting_at_its_default_that_a_version_adds_is_no_change() -> None:
    change = Change().asks()
    for told_in in (change.step(COMPONENT)["oldState"]["outputs"]["applied"],):
        del told_in["settings"]["recipientLimit"]
    environment = change.environment()
    assert told(environment) == {}
    assert known(environment) == [Known.BESIDE_SETTINGS], "the Action is told of it"
    change.asks(recipientLimit=33)
    assert told(change.environment()) == {"messages per number and hour": (None, "33")}


def test_the_components_own_update_is_no_operation() -> None:
    environment = Change().asks(changes_the_action=False, gate="off").environment()
    assert environment.planned == ()
    assert told(environment) == {"check before users are asked for codes": ("ready", "off")}
    assert "nothing changes in the tenant" in as_comment([environment], whole=("x",))


def test_a_state_of_an_earlier_version_is_no_change() -> None:
    environment = Change().of_an_earlier_version().environment()
    assert told(environment) == {}
    assert environment.planned == ()
    assert environment.risks == ()
    assert "recorded for the first time" in " ".join(environment.not_compared)
    rotating = rotated(Change().of_an_earlier_version()).environment()
    assert known(rotating) == [Known.UNTOLD]


def test_after_a_run_that_did_not_finish_what_was_asked_is_said_to_be_no_more() -> None:
    environment = Change().unfinished().asks(recipientLimit=33).environment()
    assert environment.differences == (
        Difference(
            subject="messages per number and hour",
            before="10",
            after="33",
            meaning=environment.differences[0].meaning,
            before_is=ASKED_ONLY,
        ),
    )
    assert known(environment) == [Known.UNTOLD]
    shown = everything(environment)
    assert shown.count(ASKED_ONLY) >= 3, "each format"
    assert "did not finish" in " ".join(Change().unfinished().environment().not_compared)
    # The tenant may have anything: the same value again is told by no difference, but by a note.
    assert told(Change().unfinished().environment()) == {}


def test_without_settings_the_report_says_so() -> None:
    change = rotated(Change())
    change.answer["steps"].remove(change.step(COMPONENT))
    environment = change.environment()
    assert "Settings are not told in this preview" in everything(environment)
    assert known(environment) == [Known.UNTOLD]
    older = Change()
    for side in ("oldState", "newState"):
        older.step(COMPONENT)[side].pop("inputs")
    older.step(COMPONENT)["oldState"].pop("outputs")
    assert "Settings are not told in this preview" in everything(older.environment())


@pytest.mark.parametrize("hidden", [SECRET, "04da6b54-80e4-46f7-96ec-b56ff0331ba9"])
def test_a_hidden_setting_is_named_and_not_compared(hidden: str) -> None:
    environment = Change().asks(smsSender=hidden, recipientLimit=9).environment()
    assert told(environment) == {"messages per number and hour": ("10", "9")}
    assert environment.not_compared == ("Hidden in this preview, and not compared: SMS sender.",)
    whole = Change()
    whole.step(COMPONENT)["newState"]["inputs"]["settings"] = hidden
    assert "not told" in " ".join(whole.environment().not_compared)


def test_a_hidden_part_of_a_resource_that_differs_is_said_not_to_be_compared() -> None:
    unseen = "cannot be seen (a secret, or known only after the apply), and was not compared."
    assert recoded(Change(), SECRET).environment().not_compared == (
        f"The code of the Action ntt-cpaas-phone {unseen}",
    )
    assert recoded(Change(), SECRET).environment().code == ()
    unknown = policy("04da6b54-80e4-46f7-96ec-b56ff0331ba9")
    assert Change().update(GUARDIAN, unknown, "policy").environment().not_compared == (
        f"The policy of factor and policy {unseen}",
    )


def test_a_new_stack_tells_what_it_has_and_a_deleted_one_what_it_had() -> None:
    created = Change().create().environment()
    assert told(created)["SMS sender"] == (None, "0005212345")
    assert "suppression of repeated messages" not in told(created)
    assert created.secrets == ()
    deleted = Change()
    for step in deleted.answer["steps"]:
        step["op"] = "delete"
        del step["newState"]
    assert told(deleted.environment())["SMS sender"] == ("0005212345", None)


def test_a_key_is_told_to_change_when_nothing_else_can_be_why() -> None:
    assert known(rotated(Change()).environment()) == [Known.CHANGED]
    assert known(recoded(Change(), "// other").environment()) == []
    # A policy is no secret of the Action.
    beside = rotated(Change().asks(changes_the_action=False, policy="never"))
    assert known(beside.environment()) == [Known.CHANGED]
    assert known(Change().asks(recipientLimit=9).environment()) == [Known.BESIDE_SETTINGS]
    assert known(Change().replace(ACTION).environment()) == [Known.UNTOLD]


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_each_part_of_the_configuration_names_the_settings_that_change_it(key: str) -> None:
    before = plain_configuration(StackSettings.check("t1", CONFIG))
    after = plain_configuration(StackSettings.check("t1", CONFIG | {key: OTHER_VALUES[key]}))
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert all(key in settings_behind(name) for name in changed)
    others = {"retiredSecrets", "transition"}  # They change which secrets, or Actions, there are.
    assert (bool(changed) or key in others) == (key in IN_SECRETS)


OLDER = {"SMS_SENDER": "0005212345", "SOMETHING_ELSE": CANARY}


@pytest.mark.parametrize(
    "change",
    [
        Change,
        lambda: rotated(Change()),
        lambda: Change().asks(smsSender="0005299999"),
        lambda: Change().create(),
        lambda: Change().replace(ACTION),
        lambda: Change().of_an_earlier_version(),
    ],
)
def test_a_plugin_that_shows_the_list_of_secrets_changes_nothing(change: Any) -> None:
    whole = change().done()
    listed = with_an_older_plugin(whole, **OLDER)
    assert CANARY in json.dumps(listed)
    assert environment(read_preview(whole)) == environment(read_preview(listed))
    assert CANARY not in everything(environment(read_preview(listed)))


@pytest.mark.parametrize("odd", [None, 3, "text", [], [1], {"a": 1}, {"settings": [1]}])
def test_a_component_of_any_form_is_read(odd: Any) -> None:
    for side, kind in (("oldState", "outputs"), ("oldState", "inputs"), ("newState", "inputs")):
        change = rotated(Change())
        change.step(COMPONENT)[side][kind] = odd if kind == "inputs" else {"applied": odd}
        everything(environment(read_preview(change.done())))
        for key in CONFIG:
            change = Change().asks(**{key: odd})
            everything(environment(read_preview(change.done())))


def test_several_components_are_told_apart() -> None:
    change = Change().asks(changes_the_action=False, recipientLimit=33)
    second = json.loads(json.dumps(change.step(COMPONENT)))
    second["urn"] += "-two"
    change.answer["steps"].append(second)
    assert told(change.environment()) == {
        "messages per number and hour of phone-mfa": ("10", "33"),
        "messages per number and hour of phone-mfa-two": ("10", "33"),
    }


def test_the_fixture_is_as_the_official_plugin_prints_it() -> None:
    steps = json.loads(FIXTURE.read_text(encoding="utf-8"))["steps"]
    (action,) = [one for one in steps if one["urn"].endswith(f"::{ACTION}")]
    assert action["newState"]["inputs"]["secrets"] == SECRET
    assert SECRETS_DIFFER.startswith("secrets[")
    with pytest.raises(ValidationError):
        StackSettings.model_validate({"aSettingOfANewerVersion": 1})
