"""Secrets that somebody added or removed are named, whichever plugin and version wrote the state.

The official plugin has an Action's secrets as one secret, the stand-in of July had each value as
one, and an earlier version of the package had no settings in its component.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from components.guards.finish_failed_writes import ways_out
from components.settings.model import StackSettings
from phonemfa.drift.findings import Level, Repair
from tests.contract import contract_file, load_json
from tests.sandbox.drift.stacks import CONFIG, LEGACY, TYPES, UNIFIED, World

NAMES, NOT_COMPARED = f"secret-names:{UNIFIED}", "not-compared:settings"
BOTH = "added: EXTRA; removed: SMS_SENDER"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
SHAPES: dict[str, Any] = {
    "each value": [{"name": "CPAAS_API_KEY", "value": "[secret]"}],
    "shown whole": "[secret]",
    "sealed whole": SECRET | {"ciphertext": "v1:sealed"},
    "none": None,
}


def add(at: World) -> None:
    at.action["secrets"].append({"name": "EXTRA", "updated_at": "2026-01-01T00:00:00Z"})
    at.action["deployed_version"]["secrets"] = at.action["secrets"]


def remove(at: World, name: str = "SMS_SENDER") -> None:
    """By hand, and deployed: that version is not the stack's own."""
    left = [one for one in at.action["secrets"] if one["name"] != name]
    at.action["secrets"] = left
    at.action["deployed_version"] = at.action["deployed_version"] | {"secrets": left}


def before_settings(at: World) -> None:
    """The state is of an earlier version of the package."""
    at.component["inputs"], at.component["outputs"] = {}, {"policy": "all-applications"}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_names_are_compared_whatever_form_the_state_has_secrets_in(shape: Any) -> None:
    at = World()
    for one in at.resources:
        if one["type"] == TYPES["Action"]:
            one["inputs"]["secrets"] = one["outputs"]["secrets"] = shape
    assert at.findings() == {}
    add(at)
    remove(at)
    at.finds(NAMES, found=BOTH)


def test_an_added_secret_is_named_with_what_it_stands_in_the_way_of() -> None:
    at = World()
    add(at)
    # They are deployed: pulumi up makes it no worse.
    finding = at.finds(NAMES, found="added: EXTRA", repair=Repair.BY_HAND, blocks=False)
    assert "every change of its secrets is refused" in finding.how
    assert ways_out(["EXTRA"]) in finding.how, "as the hook says it"


def test_a_removed_secret_is_named_with_how_it_comes_back() -> None:
    at = World()
    remove(at)
    assert "set a new CPaaS key" in at.finds(NAMES, found="removed: SMS_SENDER").how
    at = World()
    remove(at, "VOICE_LIMIT")
    at.finds(NAMES, found="removed: VOICE_LIMIT")


def test_after_a_failed_run_names_are_compared_and_what_cannot_be_is_said() -> None:
    at = World()
    at.component["outputs"] = {}
    what = "the last pulumi up did not finish; what was applied before is unknown"
    assert "was not" in at.finds(NOT_COMPARED, level=Level.NOTICE, what=what).found
    remove(at)
    found = at.finds(NAMES, NOT_COMPARED, found="removed: SMS_SENDER", repair=Repair.UP)
    assert "set a new CPaaS key" in found.how, "where finishing the run does not bring it back"
    add(at)
    at.finds(NAMES, NOT_COMPARED, found=BOTH, repair=Repair.BY_HAND, blocks=True)


def test_a_state_of_an_earlier_version_is_compared_by_names() -> None:
    at = World()
    before_settings(at)
    assert "earlier version" in at.finds(NOT_COMPARED, level=Level.NOTICE).what
    add(at)
    remove(at)
    at.finds(NAMES, NOT_COMPARED, found=BOTH)


def of_a_version_before(at: World, *names: str) -> None:
    """The version that ran last had no such secrets."""
    for name in names:
        remove(at, name)
    at.set_live(deployed_by_us={at.action["id"]: at.action["deployed_version"]})


OF_SETTINGS = {
    "cpaasBaseHost": ["CPAAS_BASE_URL"],
    "smsSender": ["SMS_SENDER"],
    "voiceSender": ["VOICE_SENDER"],
    "recipientLimit": ["RECIPIENT_LIMIT", "VOICE_LIMIT"],
    "voiceLimit": ["VOICE_LIMIT"],
    "tenantLimit": ["TENANT_LIMIT"],
    "machineDetection": ["MACHINE_DETECTION"],
    "ringTimeout": ["RING_TIMEOUT"],
    "language": ["LANGUAGE"],
    "allowedPrefixes": ["ALLOWED_PREFIXES"],
}


@pytest.mark.parametrize("key", sorted(StackSettings.check("dev", CONFIG).plain()))
@pytest.mark.parametrize("sent", [False, True], ids=["never sent", "sent"])
def test_a_setting_that_came_with_this_version_waits_and_alarms_nobody(
    key: str, sent: bool
) -> None:
    """Whichever it is: an older record lacks its key, and its secrets may not be there."""
    at = World(recipientLimit=33, tenantLimit=500, ringTimeout=20, language="en")
    del at.component["outputs"]["applied"]["settings"][key]
    names = [] if sent else OF_SETTINGS.get(key, [])
    of_a_version_before(at, *names)
    found = at.findings()
    assert all(one.level is Level.NOTICE for one in found.values()), found
    # Without these no settings can be read at all.
    required = {"experience", "deliveryMethods", "policy", *list(OF_SETTINGS)[:3]}
    assert (NOT_COMPARED in found) == (key in required)
    waits = found.get(f"action-settings:{UNIFIED}")
    assert (waits is not None) == bool(names)
    if waits:
        assert all(f"{name}: none" in waits.found for name in names)
        assert waits.repair is Repair.UP


@pytest.mark.parametrize("earlier", [False, True], ids=["other settings", "no settings"])
def test_after_an_upgrade_what_somebody_took_away_is_told_from_what_waits(earlier: bool) -> None:
    at = World()
    if earlier:
        before_settings(at)
    else:
        del at.component["outputs"]["applied"]["settings"]["tenantLimit"]
    of_a_version_before(at, "TENANT_LIMIT")
    remove(at, "SMS_SENDER")
    found = at.findings()
    assert found[NAMES].found == "removed: SMS_SENDER"
    assert found[f"action-settings:{UNIFIED}"].found == "applied: TENANT_LIMIT: none"


@pytest.mark.parametrize(
    "applied",
    [
        {"settings": {"noSuchSetting": 1}},
        {"settings": "[secret]"},
        {"settings": None},
        {},
        "[secret]",
        [],
    ],
    ids=str,
)
def test_what_this_version_cannot_read_is_said_and_the_rest_compared(applied: Any) -> None:
    at = World()
    at.component["outputs"] = {"applied": applied}
    add(at)
    assert "not of this version" in at.finds(NOT_COMPARED, NAMES).what


def test_two_components_in_one_state_are_not_guessed_about() -> None:
    at = World()
    at.resources.append(at.component | {"urn": "urn:pulumi:dev::phonemfa::another"})
    assert "more than one component" in at.finds(NOT_COMPARED).what


def test_a_tenant_as_it_was_found_declares_no_secrets() -> None:
    at = World(adopted={"phone": {"enabled": False}}, policy="never")
    before_settings(at)
    assert at.findings() == {}, "it has no secrets that could be compared"


# --- The recorded states -------------------------------------------------------------------------


def recorded_states() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each state, and what each preview shows of one, that has an Action in it."""
    folder = contract_file("official")
    for file in sorted(folder.rglob("*.json")):
        for step in load_json(f"official/{file.relative_to(folder)}"):
            preview = step["preview"] or []
            steps = preview["steps"] if isinstance(preview, dict) else preview
            shown = [one["oldState"] for one in steps if one.get("oldState")]
            for resources in step["state_after"] or [], shown:
                if any(one["type"] == TYPES["Action"] for one in resources):
                    yield f"{file.stem}: {step['step']}", resources


def test_what_the_official_plugin_recorded_is_compared_by_names() -> None:
    states = list(recorded_states())
    assert len(states) > 20
    for where, resources in states:
        action = next(one for one in resources if one["type"] == TYPES["Action"])
        trigger = action["outputs"]["supportedTriggers"]["id"]
        at = World(experience="legacy" if trigger == LEGACY else "unified")
        at.action["id"] = action["id"]
        at.set_live(deployed_by_us={action["id"]: at.action["deployed_version"]})
        at.resources = [at.component, *resources]
        add(at)
        remove(at)
        assert at.findings()[f"secret-names:{trigger}"].found == BOTH, where
