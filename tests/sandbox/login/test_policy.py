"""What a tenant's policy, factor and channels make of a login."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from sandbox.login.policy import Confidence
from tests.sandbox.login.world import LoginWorld


def step(world: LoginWorld, name: str = "Hanako", confidence: Confidence = "high") -> str:
    return world.desk.begin(name, confidence=confidence).decision.step


def test_always_asks_whoever_has_a_phone_and_enrols_whoever_has_none(world: LoginWorld) -> None:
    assert step(world) == "enrol"
    world.enrolled()
    assert step(world) == "challenge"


def test_never_asks_nobody(world: LoginWorld) -> None:
    world.enrolled()
    world.tenant.guardian.set_policies([])
    login = world.desk.begin("Hanako", confidence="low")
    assert (login.decision.policy, login.stage) == ("never", "in")


@pytest.mark.parametrize("confidence", get_args(Confidence))
def test_adaptive_asks_at_low_confidence_only(world: LoginWorld, confidence: Confidence) -> None:
    world.enrolled()
    world.tenant.guardian.set_policies(["confidence-score"])
    wanted = "challenge" if confidence == "low" else "in"
    assert step(world, confidence=confidence) == wanted


def test_adaptive_enrols_nobody_unless_an_action_demands_it(world: LoginWorld) -> None:
    world.tenant.guardian.set_policies(["confidence-score"])
    assert step(world, confidence="low") == "elsewhere"
    world.desk = world.a_desk(adaptive_unenrolled="enroll")
    assert step(world, confidence="low") == "enrol"


def test_always_without_any_factor_locks_everybody_out_and_says_why(world: LoginWorld) -> None:
    world.enrolled()
    world.tenant.guardian.set_factor("sms", enabled=False)
    decision = world.desk.begin("Hanako").decision
    assert decision.step == "refused"
    assert "the phone factor (sms) is not enabled" in decision.why
    world.tenant.guardian.set_factor("recovery-code", enabled=True)
    assert step(world) == "refused", "a recovery code is no factor of its own"
    world.desk = world.a_desk(policy_without_factor="let_in")
    assert step(world) == "in"


def test_another_factor_takes_the_place_of_a_phone_factor_that_is_off(world: LoginWorld) -> None:
    world.tenant.guardian.set_factor("sms", enabled=False)
    world.tenant.guardian.set_factor("otp", enabled=True)
    decision = world.desk.begin("Hanako").decision
    assert (decision.step, "otp" in decision.why) == ("elsewhere", True)


def test_only_channels_that_factor_and_provider_have_are_offered(world: LoginWorld) -> None:
    world.tenant.guardian.set_message_types(["sms"])
    text, voice = world.desk.channels()
    assert (text.is_offered, voice.is_offered) == (True, False)
    assert voice.why_not == "the message type voice is not enabled for the phone factor"

    world.tenant.guardian.set_message_types(["sms", "voice"])
    provider = world.tenant.phone_provider() or {}
    narrowed = {"configuration": {"delivery_methods": ["text"]}}
    world.tenant.providers.update(provider["id"], narrowed)
    _, voice = world.desk.channels()
    assert voice.why_not == "the phone provider does not deliver by voice"
    world.desk = world.a_desk(unsendable_channel="shown")
    _, voice = world.desk.channels()
    assert (voice.is_offered, voice.obstacle) == (
        True,
        "the phone provider does not deliver by voice",
    )


def test_a_legacy_tenant_offers_what_its_factor_has() -> None:
    world = LoginWorld("legacy")
    narrow: dict[str, Any] = {"name": "twilio", "credentials": {"auth_token": "canary"}}
    narrow["configuration"] = {"sid": "AC1", "mssid": "MG1", "delivery_methods": ["text"]}
    world.tenant.providers.create(narrow)
    world.tenant.guardian.set_selected_provider("twilio")
    text, voice = world.desk.channels()
    assert text.is_offered
    assert voice.is_offered
    assert "twilio" in (text.obstacle or "")
