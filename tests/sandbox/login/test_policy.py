"""What a tenant's policy, factor and channels make of a login."""

from typing import Any

import pytest

from sandbox.login.policy import Confidence
from tests.sandbox.login.world import LoginWorld

Steps = tuple[str, str]
"""What a user without a phone meets, and one with a phone."""
ALWAYS: dict[str, Any] = {"policies": ["all-applications"]}
ADAPTIVE: dict[str, Any] = {"policies": ["confidence-score"]}
WITHOUT = ALWAYS | {"sms": False}
NO_ONE = ("refused", "refused")


@pytest.mark.parametrize(
    ("tenant", "confidence", "assumptions", "steps"),
    [
        (ALWAYS, "high", {}, ("enrol", "challenge")),
        ({"policies": []}, "low", {}, ("in", "in")),
        (ADAPTIVE, "high", {}, ("in", "in")),
        (ADAPTIVE, "medium", {}, ("in", "in")),
        (ADAPTIVE, "low", {}, ("elsewhere", "challenge")),
        (ADAPTIVE, "low", {"adaptive_unenrolled": "enroll"}, ("enrol", "challenge")),
        (WITHOUT, "high", {}, NO_ONE),
        (WITHOUT, "high", {"policy_without_factor": "let_in"}, ("in", "in")),
        (WITHOUT | {"recovery-code": True}, "high", {}, NO_ONE),  # no factor of its own
        (WITHOUT | {"otp": True}, "high", {}, ("elsewhere", "elsewhere")),
    ],
)
def test_policy_factors_and_confidence_decide(
    tenant: dict[str, Any], confidence: Confidence, assumptions: dict[str, Any], steps: Steps
) -> None:
    world = LoginWorld(**assumptions)
    world.enrolled("Taro")
    factors = dict(tenant)
    world.tenant.guardian.set_policies(factors.pop("policies"))
    for name, on in factors.items():
        world.tenant.guardian.set_factor(name, enabled=on)
    for user, step in zip(("Hanako", "Taro"), steps, strict=True):
        decision = world.desk.begin(user, confidence=confidence).decision
        assert decision.step == step
        assert ("the phone factor (sms) is not enabled" in decision.why) == ("sms" in factors)
        assert ("otp" in decision.why) == ("otp" in factors)


def test_only_channels_that_factor_and_provider_have_are_offered(world: LoginWorld) -> None:
    world.tenant.guardian.set_message_types(["sms"])
    text, voice = world.desk.channels()
    assert (text.is_offered, voice.is_offered) == (True, False)
    assert voice.why_not == "the message type voice is not enabled for the phone factor"

    world.tenant.guardian.set_message_types(["sms", "voice"])
    provider = world.tenant.providers.current() or {}
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
