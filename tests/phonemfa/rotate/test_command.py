"""`rotate` checks a key before it sets it, and its last line says what may be revoked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from sandbox.cpaas.script import ScriptedAnswer
from sandbox.server.running import RunningSandbox
from tests.end_to_end.operators import NEW_KEY, writes
from tests.phonemfa.applied import Operator

Apply = Callable[..., Operator]


@pytest.fixture
def known_key(sandbox: RunningSandbox, applied: Apply) -> Callable[[], None]:
    """Lets the CPaaS take the new key too."""

    def add() -> None:
        url = f"{sandbox.cpaas_url}/_sandbox/keys"
        headers = sandbox.control_headers
        httpx.post(url, json={"key": NEW_KEY}, headers=headers).raise_for_status()

    return add


def key_of(desk: Operator) -> str:
    """The key that the tenant's Action runs with."""
    deployed = desk.engine.applied.tenant.deployed_action("custom-phone-provider")
    assert deployed is not None
    return str(deployed.secrets["CPAAS_API_KEY"])


def test_a_key_that_sends_is_deployed_and_the_old_one_dispensable(
    applied: Apply, known_key: Callable[[], None]
) -> None:
    desk = applied()
    known_key()
    done = desk.json("rotate", "--yes", stdin=f"{NEW_KEY}\n")
    assert (done["rotated"], done["old_key_may_be_revoked"]) == (True, True)
    assert done["key_checked"] == "accepted"
    assert done["key_written"].keys() == {"ntt-cpaas-phone"}
    assert key_of(desk) == NEW_KEY
    assert not [line for line in desk.engine.ran if NEW_KEY in line], "others could read it"

    again = desk.run("rotate", "--yes", stdin=NEW_KEY)
    assert "The tenant had this key already: nothing was deployed" in again.stderr


def test_a_key_of_which_nothing_is_seen_stays_and_is_not_called_good(
    applied: Apply, known_key: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied(deliveryMethods=["text"])
    known_key()
    notifications = desk.engine.sandbox.parts.notifications
    silent = replace(notifications.assumptions, test_message_logs=False)
    monkeypatch.setattr(notifications, "assumptions", silent)
    said = desk.run("rotate", "--yes", "--wait", "1", stdin=NEW_KEY, expect=2)
    assert "whether it sends is NOT known: revoke nothing" in said.stderr
    assert key_of(desk) == NEW_KEY


def test_the_key_of_an_adopted_action_is_not_the_stacks_to_rotate(applied: Apply) -> None:
    desk = applied()
    desk.engine.configure("phonemfa:adopted", {"phone": {"enabled": False}})
    refused = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert "Rotate it where it was set" in refused.stderr
    assert writes(desk.tenant) == []


def test_a_secret_that_nobody_declared_is_named_before_anything_is_written(
    applied: Apply, known_key: Callable[[], None]
) -> None:
    desk = applied()
    known_key()
    (action,) = desk.tenant.api("GET", "/actions/actions")["actions"]
    kept = [{"name": one["name"]} for one in action["secrets"]]
    foreign = {"name": "EXTRA", "value": "by-hand"}
    path = f"/actions/actions/{action['id']}"
    desk.tenant.api("PATCH", path, {"secrets": [*kept, foreign]})
    before = desk.engine.file.read_bytes()
    desk.tenant.forget_requests()
    refused = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert "does not declare (EXTRA)" in refused.stderr
    assert (desk.engine.file.read_bytes(), writes(desk.tenant)) == (before, [])


def test_a_key_that_sends_nothing_leaves_the_old_one(
    applied: Apply, known_key: Callable[[], None]
) -> None:
    desk = applied(deliveryMethods=["text"])
    old, before = key_of(desk), desk.engine.file.read_bytes()
    known_key()
    # Two requests about the key, then the test message.
    answers = [
        ScriptedAnswer(),
        ScriptedAnswer(),
        ScriptedAnswer(refusal="REJECTED_NOT_ENOUGH_CREDITS"),
    ]
    desk.engine.sandbox.parts.cpaas.script.add(answers)
    failed = desk.json("rotate", "--yes", stdin=NEW_KEY, expect=1)
    assert failed["rotated"] is False
    assert "Do not revoke it; the new one is not in use" in failed["why"]
    assert (key_of(desk), desk.engine.file.read_bytes()) == (old, before)


def test_a_key_that_the_cpaas_does_not_know_is_not_set(applied: Apply) -> None:
    desk = applied()
    before = desk.engine.file.read_bytes()
    for unchecked in ([], ["--unchecked"]):
        refused = desk.run("rotate", "--yes", *unchecked, stdin=NEW_KEY, expect=2)
        assert "refused (401): it is no key of this account" in refused.stderr
    assert (desk.engine.file.read_bytes(), desk.engine.ran, writes(desk.tenant)) == (before, [], [])


def test_a_key_that_nobody_can_check_needs_that_said(applied: Apply) -> None:
    desk = applied(deliveryMethods=["text"])
    desk.environment["PHONEMFA_CPAAS_ADDRESS"] = "localhost:1"
    unsure = desk.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert "could not be checked" in unsure.stderr
    assert "--unchecked" in unsure.stderr
    assert desk.engine.ran == []
    # The Action itself reaches the CPaaS, which does not know the key: the old one comes back.
    assert (
        "The old key is back"
        in desk.run("rotate", "--yes", "--unchecked", stdin=NEW_KEY, expect=1).stderr
    )


@pytest.mark.parametrize("key", ["", "two words", "two\nlines", "鍵"])
def test_what_can_be_no_key_is_refused_without_being_repeated(applied: Apply, key: str) -> None:
    desk = applied()
    refused = desk.run("rotate", "--yes", stdin=key, expect=2)
    assert "no key was given" in refused.stderr
    assert not key.strip() or key not in refused.stderr
    assert desk.engine.ran == []


def test_a_person_types_the_key_unseen_and_agrees(
    applied: Apply, known_key: Callable[[], None]
) -> None:
    desk = applied(deliveryMethods=["text"])
    known_key()
    desk.typed = f"{NEW_KEY}\nn\n"
    assert "nobody agreed" in desk.run("rotate", expect=2).stderr
    assert desk.engine.ran == []
    desk.typed = f"{NEW_KEY}\ny\n"
    assert "The old one may be revoked at NTT CPaaS" in desk.run("rotate").stderr
    assert key_of(desk) == NEW_KEY


def test_an_address_that_is_none_is_told_before_anything_else(applied: Apply) -> None:
    desk = applied()
    refused = desk.run("rotate", "--yes", "--cpaas-address", "no port", stdin=NEW_KEY, expect=2)
    assert "no port" in refused.stderr
    assert desk.engine.ran == []
