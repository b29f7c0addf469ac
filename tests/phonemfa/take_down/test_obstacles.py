"""Whatever would stop a destroy half-way is said before the first deletion, with a way out."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from components.tenant import action as model_action
from components.tenant import guardian, phone_provider, trigger
from components.tenant.snapshot import Snapshot
from phonemfa.cli import app
from phonemfa.pulumi.state import Resource, State
from phonemfa.take_down import command
from phonemfa.take_down.obstacles import obstacles, other_factors
from tests.phonemfa.adopt.tenants import UNIFIED, action, bound, provider, tenant
from tests.phonemfa.recover.test_command import ACCESS, SETTINGS


def held(token: str, identifier: str, *, protect: bool = False, **outputs: Any) -> Resource:
    urn = f"urn:pulumi:t1::phonemfa::{token}::{identifier}"
    return Resource(type=token, urn=urn, id=identifier, protect=protect, outputs=outputs)


ACTION = held(model_action.TOKEN, "a1")
BINDING = held(trigger.TOKEN, f"{UNIFIED}::a1")
PROVIDER = held(phone_provider.TOKEN, "pro_1", name="custom")
GUARDIAN = held(guardian.TOKEN, "guardian")
STATE = [ACTION, BINDING, PROVIDER, GUARDIAN]


def applied(**changes: Any) -> Snapshot:
    """A tenant as our own stack left it, the policy off."""
    values: dict[str, Any] = {"actions": (action(),), "bindings": bound("a1")}
    return tenant(**values | {"provider": provider()} | changes)


def told(resources: list[Resource], there: Snapshot) -> str:
    """What is in the way; one thing, or nothing."""
    found = list(obstacles(State(resources=resources), there))
    assert len(found) <= 1
    assert all(one.way_out for one in found)
    return found[0].what if found else ""


def test_what_only_the_stack_made_is_in_nobodys_way() -> None:
    assert told(STATE, applied()) == ""


def test_a_policy_that_asks_goes_first() -> None:
    assert "(the policy is always)" in told(STATE, applied(policy="all-applications"))
    assert told([ACTION, BINDING], applied(policy="all-applications")) == "", "not this stack's"


def test_what_is_protected_is_named() -> None:
    state = [*STATE[:3], held(guardian.TOKEN, "guardian", protect=True)]
    assert told(state, applied()).endswith(": guardian")


def test_an_action_that_was_bound_by_hand_is_named() -> None:
    assert "by hand" in told([ACTION, PROVIDER, GUARDIAN], applied())
    theirs = applied(bindings=bound("a1", "theirs"))
    assert told(STATE, theirs) == "", "another's binding is not ours to delete"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actions": (action(), action("theirs"))}, "name of theirs"),
        ({"provider": provider("twilio")}, "twilio now, not custom"),
    ],
)
def test_a_provider_that_somebody_else_uses_is_named(changes: Any, words: str) -> None:
    assert words in told(STATE, applied(**changes))
    without = [ACTION, BINDING, GUARDIAN]
    assert told(without, applied(**changes)) == "", "the way out leads on"


def test_a_draft_beside_ours_does_not_use_the_provider() -> None:
    assert told(STATE, applied(actions=(action(), action("theirs", runs=None)))) == ""


def test_other_factors_that_go_off_with_guardian_are_told() -> None:
    there = applied(factors={"otp": True, "push": True})
    assert other_factors(State(resources=STATE), there) == ["otp", "push-notification"]
    assert other_factors(State(resources=[ACTION]), there) == []


@pytest.mark.parametrize(("policy", "status"), [("never", 0), ("all-applications", 1)])
def test_the_command_changes_nothing_and_says_it_by_its_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, status: int
) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text(SETTINGS, encoding="utf-8")
    engine = SimpleNamespace(state=lambda: State(resources=STATE))
    monkeypatch.setattr("phonemfa.pulumi.stack_file.PulumiCli", lambda *_, **__: engine)
    monkeypatch.setattr(command, "ask", lambda *_, **__: applied(policy=policy))
    words = ["take-down", "--stack", "prod", "--project", str(tmp_path)]
    ended = CliRunner().invoke(app, words, env=ACCESS)
    assert (ended.exit_code, "pulumi destroy --stack prod" in ended.stdout) == (status, not status)
    shown = CliRunner().invoke(app, [*words, "--json"], env=ACCESS)
    assert len(json.loads(shown.stdout)["obstacles"]) == status
