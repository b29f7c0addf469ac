"""The rules over the steps of a preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policy import levels, preview
from policy.model import Declared, Hidden, Level
from tests.policy.resources import UNIFIED, action, component, guardian, provider

MARKS = {Hidden.SECRET: "[secret]", Hidden.UNKNOWN: "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}


def step(resource: Declared, op: str = "create") -> dict[str, Any]:
    """A step as `pulumi preview --json` prints it."""
    state = {
        "urn": resource.urn,
        "type": resource.type,
        "custom": True,
        "inputs": json.loads(json.dumps(resource.properties, default=MARKS.__getitem__)),
    }
    if resource.protect:
        state["protect"] = True
    gone = op in {"delete", "delete-replaced"}
    return {"op": op, "urn": resource.urn, "oldState" if gone else "newState": state}


def broken(steps: list[dict[str, Any]], **how: Any) -> list[str]:
    return [one.rule for one in preview.evaluate(steps, stack="t1", **how)]


def test_a_preview_of_a_compliant_stack_breaks_nothing() -> None:
    assert broken([step(one) for one in UNIFIED]) == []


def test_a_component_of_an_earlier_version_has_no_inputs_and_is_no_fault() -> None:
    odds: list[dict[str, Any]] = [
        {},
        {"inputs": None},
        {"inputs": []},
        {"inputs": {"settings": "[secret]"}},
    ]
    for odd in odds:
        state = {"urn": component().urn, "type": component().type, **odd}
        assert broken([{"op": "create", "urn": state["urn"], "newState": state}]) == []


def test_settings_are_read_of_the_component() -> None:
    abroad = step(component(allowedPrefixes=["+1"]), "update")
    assert broken([abroad, *(step(one) for one in UNIFIED[1:])]) == ["country-allow-list"]


def test_what_a_change_deletes_is_no_longer_declared() -> None:
    rest = [step(one) for one in UNIFIED]

    assert broken([*rest, step(action("old", runtime="node12"), "delete")]) == []
    assert broken([step(one, "delete") for one in UNIFIED]) == []


def test_a_replaced_resource_counts_once() -> None:
    first, *others = UNIFIED[1:]
    replaced = [step(first, op) for op in ("create-replacement", "replace", "delete-replaced")]

    assert broken([*replaced, *(step(one) for one in others)]) == []


def test_without_unchanged_resources_only_rules_over_one_resource_run() -> None:
    change = [step(guardian(policy="never"), "update"), step(action(runtime="node18"), "update")]

    assert broken(change) == ["pinned-runtime", "one-sender-per-channel"]
    assert broken(change, whole_stack=False) == ["pinned-runtime"]


def test_a_preview_tells_whether_it_is_whole() -> None:
    same = [step(one, "same") for one in UNIFIED]

    assert preview.is_whole({"steps": same, "changeSummary": {"same": 5}})
    assert not preview.is_whole({"steps": same[:1], "changeSummary": {"same": 5}})


def test_secrets_and_unknowns_are_told_from_values() -> None:
    sealed = preview.sealed(
        {
            "plain": "text",
            "printed": "[secret]",
            "wrapped": {"4dabf18193072939515e22adb298388d": "…", "value": "canary"},
            "later": ["1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", 1, None],
        }
    )

    assert sealed == {
        "plain": "text",
        "printed": Hidden.SECRET,
        "wrapped": Hidden.SECRET,
        "later": [Hidden.UNKNOWN, 1, None],
    }


def test_no_violation_tells_a_secret() -> None:
    plain = provider(credentials={"authToken": "canary-in-the-open"})

    found = preview.evaluate([step(plain)], stack="t1")

    assert "no-plaintext-secret" in {one.rule for one in found}
    assert "canary" not in repr(found)


def test_levels_of_the_stack_go_into_each_violation(
    tmp_path: Path,
) -> None:
    folder = tmp_path / levels.FOLDER
    folder.mkdir(parents=True)
    (folder / "t1.json").write_text(
        json.dumps({"pinned-runtime": "advisory", "one-sender-per-channel": "disabled"})
    )
    (found,) = preview.evaluate([step(action(runtime="node18"))], stack="t1", project=tmp_path)

    assert found.rule == "pinned-runtime"
    assert found.enforcement is Level.ADVISORY
    assert found.urn.endswith("::action")
    assert found.message
    assert found.fix


def test_what_is_declared_is_what_the_preview_says_of_it() -> None:
    protected = step(action(protect=True))
    unnamed = {**step(guardian()), "urn": "urn:pulumi:t1::p::t::of-the-step"}
    del unnamed["newState"]["urn"]

    first, second = preview.declared_in([protected, unnamed])

    assert (first.urn, first.protect) == (protected["urn"], True)
    assert (second.urn, second.protect) == ("urn:pulumi:t1::p::t::of-the-step", False)


def test_a_deletion_that_still_names_a_new_state_declares_nothing() -> None:
    leaving = step(action("old", runtime="node12"))
    for op in ("delete", "delete-replaced", "discard", "discard-replaced"):
        assert preview.declared_in([{**leaving, "op": op}]) == []


def test_a_preview_without_a_summary_or_steps_is_whole_when_nothing_is_missing() -> None:
    assert preview.is_whole({})
    assert preview.is_whole({"changeSummary": {"create": 1}, "steps": []})
    assert not preview.is_whole({"changeSummary": {"same": 2}})
    changed = [step(one, "update") for one in UNIFIED]
    assert not preview.is_whole({"steps": changed, "changeSummary": {"same": 2}})


def test_the_stack_itself_may_have_been_left_out_and_nothing_else() -> None:
    same = [step(one, "same") for one in UNIFIED]
    stack = {"op": "same", "urn": "urn:pulumi:t1::p::pulumi:pulumi:Stack::p-t1"}
    counted = {"same": len(UNIFIED) + 1}
    assert preview.is_whole({"steps": same, "changeSummary": counted})
    assert preview.is_whole({"steps": [*same, stack], "changeSummary": counted})
    assert not preview.is_whole({"steps": [*same[1:], stack], "changeSummary": counted})
