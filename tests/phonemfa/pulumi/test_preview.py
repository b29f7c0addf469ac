"""What is read of the engine's answer, and what is refused."""

from typing import Any

import pytest

from components.tenant.action import TOKEN as ACTION_TYPE
from components.tenant.model import LEFT_ALONE, UNSEEN
from components.vocabulary import COMPONENT
from phonemfa.pulumi.preview import Operation, PreviewError, Step, read_preview, read_refresh
from tests.phonemfa.report.previews import ACTION, GUARDIAN, VERIFY, Change

STACK = {"op": "same", "urn": "urn:pulumi:t1::p::pulumi:pulumi:Stack::p-t1"}
HALVES = ("create-replacement", "delete-replaced")


def step_of(change: Change, name: str) -> Step:
    (step,) = [one for one in change.preview().steps if one.name == name]
    return step


def test_components_are_no_resources_of_the_tenant() -> None:
    preview = Change(stack="dev").preview()
    assert (preview.stack, len(preview.steps)) == ("dev", 6)
    assert {one.operation for one in preview.steps} == {Operation.SAME}


def test_a_replacement_told_in_three_steps_is_one() -> None:
    change = Change().replace(ACTION)
    step = change.step(ACTION)
    change.answer["steps"] += [{**step, "op": one} for one in HALVES]
    assert step_of(change, ACTION).operation is Operation.REPLACE


def test_a_secret_is_a_mark_on_both_sides() -> None:
    step = step_of(Change().rotates(), ACTION)
    assert step.old["secrets"] is step.new["secrets"] is UNSEEN


def test_what_a_refresh_looked_at_is_told_by_what_it_found_and_what_becomes_of_it() -> None:
    change = Change().says("{{ code }} after")
    there = change.step(VERIFY)["oldState"]["outputs"]["content"]["body"]
    there["text"] = "{{ code }} of the tenant"
    looked_at = [{**one, "op": "refresh"} for one in change.answer["steps"]]
    change.answer["steps"] = [*looked_at, *change.answer["steps"]]
    operations = [one.operation for one in change.preview().steps]
    assert sorted(operations) == [*[Operation.SAME] * 5, Operation.UPDATE]
    old = step_of(change, VERIFY).old
    assert old["content"]["body"]["text"] == "{{ code }} of the tenant"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"steps": []},
        {"steps": [None]},
        {"steps": [{"op": "create", "urn": "no urn"}]},
        {"steps": [{"op": "create", "urn": "urn:pulumi:t1::p::t::n", "newState": {"custom": 1}}]},
        {"steps": [STACK, {"op": "create", "urn": 5}]},
        {"steps": [STACK, {"op": "create", "urn": "urn:a::b", "newState": {"type": 5}}]},
        {"steps": [{"op": "dance", "urn": "urn:pulumi:t1::p::t::n"}]},
        {"steps": [{"op": "same", "urn": "urn:pulumi:t1::p::t::n"}], "changeSummary": 3},
        {"steps": [{"op": "same", "urn": "urn:pulumi:t1::p::t::n"}], "diagnostics": ["x"]},
    ],
)
def test_what_is_no_preview_is_refused_in_words(answer: Any) -> None:
    with pytest.raises(PreviewError):
        read_preview(answer)


def test_the_stack_itself_may_be_left_out_and_nothing_else_and_a_failure_says_why() -> None:
    answer = Change().done()
    steps = answer["steps"]
    read_preview(answer)
    answer["steps"] = [one for one in steps if "::pulumi:pulumi:Stack::" not in one["urn"]]
    assert len(answer["steps"]) == len(steps) - 1
    read_preview(answer)
    for some in steps[:-1], [one for one in steps if one["op"] != "same"]:
        with pytest.raises(PreviewError, match="--show-sames"):
            read_preview(answer | {"steps": some})
    said = [{"severity": "error", "message": "error: 1 fault in the config\n"}]
    with pytest.raises(PreviewError, match="1 fault in the config"):
        read_preview(answer | {"diagnostics": said})


def test_what_the_program_ignores_is_left_alone_and_what_is_in_no_known_form_is_unseen() -> None:
    change = Change().update(GUARDIAN, lambda inputs: inputs.update(otp=True), "otp")
    change.step(GUARDIAN)["newState"]["inputs"]["phoneSettings"] = {"otpLength": ["six"]}
    step = step_of(change, GUARDIAN)
    assert (step.was.otp, step.will.otp) == (False, LEFT_ALONE)
    assert step.will.code_length is UNSEEN
    named = Change().named("otp").update(GUARDIAN, lambda inputs: inputs.update(otp=True), "otp")
    assert step_of(named, GUARDIAN).will.otp is True


def one(step: dict[str, Any]) -> Step:
    (read,) = read_refresh({"steps": [step]})
    return read


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {"settings": {"policy": "always"}, "tenant": "a"}, False),
        ({"settings": {"policy": "always"}}, {"settings": {"policy": "always", "new": 1}}, False),
        ({"settings": {"policy": "always"}}, {"settings": {"policy": "never"}}, True),
        ({"settings": {"policy": "always", "old": 1}}, {"settings": {"policy": "always"}}, True),
        ({"settings": {"policy": "always"}}, {"settings": "[secret]"}, True),
        ({"settings": {"policy": "always"}}, {}, True),
    ],
)
def test_settings_that_only_appear_in_a_state_are_no_change(
    before: dict[str, Any], after: dict[str, Any], changes: bool
) -> None:
    step = {
        "op": "update",
        "urn": f"urn:a::{COMPONENT}::phone-mfa",
        "oldState": {"type": COMPONENT, "inputs": before},
        "newState": {"type": COMPONENT, "inputs": after},
    }
    assert one(step).is_change is changes
    created = {name: value for name, value in step.items() if name != "oldState"}
    assert one(created | {"op": "create"}).is_change
    elsewhere = step | {"oldState": {"type": ACTION_TYPE, "inputs": before}}
    assert one(elsewhere).is_change


KEY: dict[str, Any] = {
    "op": "update",
    "urn": f"urn:pulumi:t1::phonemfa::{ACTION_TYPE}::the-action",
    "oldState": {"type": ACTION_TYPE},
    "newState": {"type": ACTION_TYPE},
    "detailedDiff": {"secrets[0].value": {}},
}


@pytest.mark.parametrize(
    ("changes", "is_only"),
    [
        ({}, True),
        ({"detailedDiff": None, "diffReasons": ["secrets"]}, True),
        ({"op": "replace"}, False),
        ({"op": "delete"}, False),
        ({"detailedDiff": {"secrets[0].value": {}, "code": {}}}, False),
        ({"detailedDiff": {"secretsNot": {}}}, False),
        ({"detailedDiff": {}, "diffReasons": []}, False),
        ({"oldState": {"type": "auth0:index/guardian:Guardian"}}, False),
    ],
)
def test_only_an_update_of_an_actions_secrets_is_the_keys_change(
    changes: dict[str, Any], is_only: bool
) -> None:
    step = one(KEY | changes)
    assert step.is_change
    assert step.is_only(ACTION_TYPE, "secrets") is is_only


@pytest.mark.parametrize("side", ["oldState", "newState"])
def test_what_is_deleted_is_there_now_and_will_not_be(side: str) -> None:
    state = {"type": ACTION_TYPE, "inputs": {"name": "a"}, "ignoreChanges": ["name"]}
    step = one({"op": "delete", "urn": KEY["urn"], side: state})
    assert (step.type, step.was.name, step.will) == (ACTION_TYPE, "a", None)
    assert (step.old, step.new) == ({"name": "a"}, {})
    assert step.is_change


def test_what_a_refresh_finds_is_a_change_though_nothing_is_written_back() -> None:
    looked = KEY | {"op": "refresh"}
    same = KEY | {"op": "same", "detailedDiff": None}
    (step,) = read_refresh({"steps": [looked, same]})
    assert (step.operation, step.is_change) == (Operation.SAME, True)
    assert step.line == "refresh the-action (secrets[0].value)"
    (step,) = read_refresh({"steps": [looked, KEY | {"detailedDiff": {"code": {}}}]})
    assert step.line == "update the-action (code)"
    assert not step.is_only(ACTION_TYPE, "code")


@pytest.mark.parametrize("becomes", [{"op": "delete"}, {"detailedDiff": {"code": {}}}])
def test_a_resource_that_waits_to_be_deleted_is_not_taken_for_its_successor(
    becomes: dict[str, Any],
) -> None:
    looked = KEY | {"op": "refresh", "detailedDiff": None}
    old = looked | {"oldState": {"type": ACTION_TYPE, "delete": True}} | becomes
    steps = read_refresh({"steps": [looked, old]})
    assert [one.is_change for one in steps] == [False, True]
