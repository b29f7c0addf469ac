"""Secrets that somebody added or removed are named, in states as the official plugin writes them.

It has an Action's secrets as one secret, of which a preview of a refresh shows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.vocabulary import COMPONENT
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from tests.end_to_end.drifting import Applied, applied_stack

# On every change, without the engine: phonemfa/drift/test_official_states.py.
pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.thorough,
    pytest.mark.xdist_group("drift of secrets"),
]

NAMES = "secret-names:custom-phone-provider"
SETTINGS = "action-settings:custom-phone-provider"
NOT_COMPARED = "not-compared:settings"
WRITTEN = "secret-changed:custom-phone-provider"
"""Whoever writes one secret writes all of them."""

SEAL = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def opened(value: Any) -> Any:
    """A value of a state that was exported with its secrets, without a seal inside."""
    if isinstance(value, dict):
        if value.get(SEAL) == SECRET:
            return opened(json.loads(value["plaintext"]))
        return {key: opened(one) for key, one in value.items()}
    return [opened(one) for one in value] if isinstance(value, list) else value


def as_the_official_plugin_has_it(state: dict[str, Any]) -> dict[str, Any]:
    """A state, exported with its secrets, with each Action's secrets as one."""
    for one in state["deployment"]["resources"]:
        for side in ("inputs", "outputs") if one["type"].endswith(":Action") else ():
            secrets = json.dumps(opened(one[side]["secrets"]))
            one[side]["secrets"] = {SEAL: SECRET, "plaintext": secrets}
    return state


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, plugin: Plugin
) -> Iterator[Applied]:
    for one in applied_stack("unified", tmp_path_factory.mktemp("official"), engine, plugin):
        shown = json.loads(one.stack.run("stack", "export", "--show-secrets").out)
        one.state = json.dumps(as_the_official_plugin_has_it(shown))
        yield one


@pytest.fixture
def at(stack: Applied) -> Iterator[Applied]:
    stack.restore_stack()
    file = stack.stack.config.read_bytes()
    yield stack
    stack.stack.config.write_bytes(file)
    stack.tenant.control("DELETE", "/faults")
    stack.restore()


def write(at: Applied, *, add: str = "", drop: str = "") -> None:
    """Add or drop a secret of the Action, and deploy it."""
    kept = [{"name": one["name"]} for one in at.action()["secrets"] if one["name"] != drop]
    added = [{"name": add, "value": "by-hand"}] if add else []
    at.api("PATCH", f"/actions/actions/{at.action()['id']}", {"secrets": [*kept, *added]})
    at.hands.deploy_action()


def names(at: Applied) -> set[str]:
    return {one["name"] for one in at.action()["secrets"]}


def test_an_untouched_tenant_has_no_drift(at: Applied) -> None:
    assert at.findings(expect=0) == {}


def test_secrets_that_were_added_and_removed_by_hand_are_named(at: Applied) -> None:
    write(at, add="EXTRA")
    found = at.findings()
    assert found.keys() == {NAMES, WRITTEN}
    assert found[NAMES]["found"] == "added: EXTRA"
    write(at, drop="RECIPIENT_LIMIT")
    found = at.findings()
    assert found.keys() == {NAMES, WRITTEN}
    assert found[NAMES]["found"] == "added: EXTRA; removed: RECIPIENT_LIMIT"


def test_a_setting_that_waits_is_told_by_its_values(at: Applied) -> None:
    at.stack.configure(recipientLimit=33, voiceLimit=5)
    found = at.findings()
    assert found.keys() == {SETTINGS}
    assert found[SETTINGS]["expected"] == "RECIPIENT_LIMIT: 33"
    assert found[SETTINGS]["found"] == "applied: RECIPIENT_LIMIT: 10"


def test_after_a_failed_run_a_look_names_what_differs_and_what_it_could_not_compare(
    at: Applied,
) -> None:
    write(at, add="EXTRA")
    at.stack.configure(recipientLimit=33, policy="never")  # which no deploy lowers
    assert at.stack.up(expect=None).exit != 0
    found = at.findings()
    assert {NAMES, NOT_COMPARED} <= found.keys()
    assert "did not finish" in found[NOT_COMPARED]["what"]
    assert "EXTRA" in found[NAMES]["found"]


def test_a_state_without_settings_is_compared_by_names(at: Applied) -> None:
    state = json.loads(at.state)
    for one in state["deployment"]["resources"]:
        if one["type"] == COMPONENT:
            one["inputs"], one["outputs"] = {}, {}
    at.stack.run("stack", "import", stdin=json.dumps(state))
    assert at.findings(expect=0).keys() == {NOT_COMPARED}
    write(at, add="EXTRA")
    assert at.findings().keys() == {NAMES, WRITTEN, NOT_COMPARED}


def test_the_advice_for_an_undeclared_secret_is_true(at: Applied) -> None:
    write(at, add="EXTRA", drop="RECIPIENT_LIMIT")
    assert "phonemfa:retiredSecrets" in at.findings()[NAMES]["how"]
    at.stack.configure(retiredSecrets=["EXTRA"])
    found = at.findings()
    assert found.keys() == {SETTINGS, NAMES, WRITTEN}
    assert {one["repair"] for one in found.values()} == {"pulumi up --refresh"}, "all at once"
    at.stack.up("--refresh")
    assert (at.findings(expect=0), "EXTRA" in names(at)) == ({}, True)
    at.stack.configure(retiredSecrets=[])
    at.stack.up()
    assert (at.findings(expect=0), "EXTRA" in names(at)) == ({}, False)
    assert "RECIPIENT_LIMIT" in names(at)
