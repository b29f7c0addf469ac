"""What the doctor says of a tenant before a stack is applied to it."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings import StackSettings
from phonemfa.doctor.checks import Finding, Level, check
from phonemfa.tenant import BoundAction, InstalledAction, TenantView

UNIFIED_TRIGGER, LEGACY_TRIGGER = "custom-phone-provider", "send-phone-message"


def settings(**changes: Any) -> StackSettings:
    values = {
        "experience": "unified",
        "deliveryMethods": ["text"],
        "policy": "always",
        "cpaasBaseHost": "cpaas.example.com",
        "smsSender": "12345",
        "actionName": "ours",
    }
    return StackSettings.check("dev", values | changes)


def tenant(*, unified: bool = True, **changes: Any) -> TenantView:
    values: dict[str, Any] = {
        "domain": "t.example.com",
        "settings": {"phone_consolidated_experience": unified},
        "actions": (),
        "bound": {UNIFIED_TRIGGER: (), LEGACY_TRIGGER: ()},
        "provider": None,
        "customised_templates": (),
    }
    return TenantView(**values | changes)


def action(name: str, trigger: str, *, from_marketplace: bool = False) -> InstalledAction:
    return InstalledAction(
        name=name,
        action_id=f"id-of-{name}",
        trigger=trigger,
        deployed=True,
        from_marketplace=from_marketplace,
    )


def bound(*names: str) -> dict[str, tuple[BoundAction, ...]]:
    bindings = tuple(BoundAction(name=name, action_id=f"id-of-{name}") for name in names)
    return {UNIFIED_TRIGGER: (), LEGACY_TRIGGER: bindings}


def about(subject: str, findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.subject == subject]


def not_ok(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level.value, one.subject) for one in findings if one.level is not Level.OK]


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_an_empty_tenant_of_the_right_generation_is_fit(experience: str) -> None:
    found = check(tenant(unified=experience == "unified"), settings(experience=experience))
    assert not_ok(found) == []


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_the_wrong_generation_is_a_fault_with_the_one_setting_to_change(experience: str) -> None:
    found = check(tenant(unified=experience == "legacy"), settings(experience=experience))
    (generation,) = about("generation", found)
    assert generation.level is Level.FAULT
    other = "legacy" if experience == "unified" else "unified"
    assert f"pulumi config set phonemfa:experience {other}" in generation.fix


def test_in_a_transition_the_other_generation_is_only_worth_a_warning() -> None:
    found = check(tenant(unified=False), settings(transition=True))
    assert not_ok(found) == [("warning", "generation")]


def test_a_foreign_action_on_the_one_place_is_a_fault() -> None:
    found = check(tenant(actions=(action("theirs", UNIFIED_TRIGGER),)), settings())
    (place,) = about(UNIFIED_TRIGGER, found)
    assert place.level is Level.FAULT
    assert "theirs" in place.what


def test_our_own_action_is_none() -> None:
    found = check(tenant(actions=(action("ours", UNIFIED_TRIGGER),)), settings())
    assert not_ok(found) == []


def test_a_marketplace_action_on_the_legacy_trigger_is_recognised() -> None:
    actions = (
        action("NTT CPaaS", LEGACY_TRIGGER, from_marketplace=True),
        action("ours-legacy", LEGACY_TRIGGER),
    )
    view = tenant(unified=False, actions=actions, bound=bound("NTT CPaaS", "ours-legacy"))
    (binding,) = about(LEGACY_TRIGGER, check(view, settings(experience="legacy")))
    assert binding.level is Level.WARNING
    assert "Marketplace" in binding.what
    assert "NTT CPaaS" in binding.what


def test_somebody_elses_bound_action_is_told_and_ours_is_not() -> None:
    actions = (action("theirs", LEGACY_TRIGGER), action("ours-legacy", LEGACY_TRIGGER))
    view = tenant(unified=False, actions=actions, bound=bound("theirs", "ours-legacy"))
    (binding,) = about(LEGACY_TRIGGER, check(view, settings(experience="legacy")))
    assert binding.level is Level.WARNING
    assert "theirs" in binding.what
    assert "Marketplace" not in binding.what


def test_a_twilio_provider_would_be_taken_over() -> None:
    found = check(tenant(provider={"name": "twilio"}), settings())
    assert not_ok(found) == [("warning", "phone provider")]
    assert not_ok(check(tenant(provider={"name": "custom"}), settings())) == []


def test_templates_that_are_in_the_way_are_named() -> None:
    view = tenant(customised_templates=("otp_verify", "blocked_account"))
    (templates,) = about("phone templates", check(view, settings()))
    assert "otp_verify" in templates.what
    assert "blocked_account" not in templates.what, "the stack does not declare that one"
