"""Who is asked for a second factor after `pulumi up`, and what users may lose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.tenant import guardian
from components.tenant.attack_protection import ADDRESSES, BOTS, BREACHES, AttackProtection
from components.tenant.model import Why
from components.tenant.phone_provider import PhoneProvider
from phonemfa.doctor.checks import check
from phonemfa.doctor.findings import Level, Subject
from phonemfa.doctor.reading import Reading
from tests.phonemfa.doctor.support import (
    SHIELDED,
    about,
    action,
    factors,
    refused,
    settings,
    troubles,
)
from tests.phonemfa.doctor.support import reading as tenant_with

NAMES = {
    "policies": guardian.POLICIES,
    "factors": guardian.FACTORS,
    "message_types": guardian.MESSAGE_TYPES,
}
ALWAYS, ADAPTIVE = ("all-applications",), ("confidence-score",)


def reading(**answers: Any) -> Reading:
    """A tenant that answers so about its login."""
    if "message_types" in answers:
        answers["message_types"] = {"message_types": answers["message_types"]}
    login = {path: answers.pop(name) for name, path in NAMES.items() if name in answers}
    return tenant_with(login=login, **answers)


def policy(tenant: Reading, **config: Any) -> list[tuple[Level, str, str]]:
    found = about(Subject.POLICY, check(tenant, settings(**config)))
    return [(one.level, one.what, one.fix) for one in found]


@pytest.mark.parametrize(
    ("there", "declared"), [((), "never"), (ALWAYS, "always"), (ADAPTIVE, "adaptive")]
)
def test_a_policy_as_declared_is_fine(there: tuple[str, ...], declared: str) -> None:
    ((level, what, _),) = policy(reading(policies=there, factors=factors("sms")), policy=declared)
    assert level is Level.OK
    assert f"{declared}, as declared" in what


@pytest.mark.parametrize(
    ("there", "declared"), [((), "always"), ((), "adaptive"), (ADAPTIVE, "always")]
)
def test_a_stricter_policy_is_a_warning_that_says_who_is_asked(
    there: tuple[str, ...], declared: str
) -> None:
    ((level, what, fix),) = policy(reading(policies=there, factors=factors("otp")), policy=declared)
    assert level is Level.WARNING
    assert f"pulumi up makes it {declared}. Asked afterwards:" in what
    assert "untried" in what
    assert "phonemfa:policy never" in fix


def test_a_way_is_called_untried_as_long_as_something_of_it_is_missing() -> None:
    there = PhoneProvider(delivery_methods=("text",))
    deployed = replace(action("ours"), deployed=True)
    whole: dict[str, Any] = {"provider": there, "actions": (deployed,), "message_types": ["sms"]}
    ((_, what, _),) = policy(reading(**whole, factors=factors("sms")), policy="always")
    assert "untried" not in what
    ((_, what, _),) = policy(reading(**whole, factors=factors()), policy="always")
    assert "untried: the phone factor is switched off." in what
    ((_, what, _),) = policy(
        reading(**whole | {"provider": None}, factors=factors("sms")), policy="always"
    )
    assert "there is no phone provider" in what


@pytest.mark.parametrize(
    ("there", "declared"), [(ALWAYS, "never"), (ALWAYS, "adaptive"), (ADAPTIVE, "never")]
)
def test_a_laxer_policy_is_not_ready_as_no_deploy_lowers_one(
    there: tuple[str, ...], declared: str
) -> None:
    ((level, what, fix),) = policy(reading(policies=there, factors=factors("sms")), policy=declared)
    assert level is Level.FAULT
    assert "no pulumi up does" in what
    assert "break-glass" in fix


@pytest.mark.parametrize("on", [(), ("recovery-code",)])
def test_a_policy_that_nobody_can_obey_is_told(on: tuple[str, ...]) -> None:
    tenant = reading(policies=ALWAYS, factors=factors(*on))
    first, second = policy(tenant, policy="always")
    assert first[0] is Level.WARNING
    assert "cannot log in" in first[1]
    assert second[0] is Level.OK


def test_a_policy_without_its_gate_is_a_warning() -> None:
    tenant = reading(policies=ALWAYS, factors=factors("sms"))
    first, _ = policy(tenant, policy="always", gate="off")
    assert first[0] is Level.WARNING
    assert "gate is off" in first[1]
    assert len(policy(reading(), policy="never", gate="off")) == 1


def test_unread_factors_accuse_nobody() -> None:
    no = refused(Why.OTHER, scope="read:guardian_factors")
    ((level, _, _),) = policy(reading(policies=ALWAYS, factors=no), policy="always")
    assert level is Level.OK


def test_a_policy_that_nobody_knows_is_told() -> None:
    found = policy(reading(policies=("some-day",)), policy="never")
    assert "some-day" in found[0][1]


def test_a_factor_that_is_switched_off_is_a_warning() -> None:
    tenant = reading(factors=factors("sms", "otp", "webauthn-roaming"))
    found = check(tenant, settings(otherFactors={"otp": False}))
    assert troubles(found) == [("warning", "factors")]
    warning, other = about(Subject.FACTORS, found)
    assert "switches off otp" in warning.what
    assert "webauthn-roaming on too, and left so" in other.what
    named_as_pulumi_does = settings(otherFactors={"webauthnRoaming": False})
    assert (
        "switches off webauthn-roaming"
        in about(Subject.FACTORS, check(tenant, named_as_pulumi_does))[0].what
    )


def test_a_channel_that_users_lose_is_a_warning_while_the_phone_is_on() -> None:
    both = ("sms", "voice")
    found = check(reading(factors=factors("sms"), message_types=both), settings())
    assert troubles(found) == [("warning", "factors")]
    assert "does not declare voice" in about(Subject.FACTORS, found)[0].what
    assert troubles(check(reading(message_types=both), settings())) == []


def protection(**answers: Any) -> tuple[Level, str, str]:
    told = {path: answers.get(path, SHIELDED[path]) for path in SHIELDED}
    tenant = tenant_with(protection=AttackProtection.of_api(told))
    (one,) = about(Subject.PROTECTION, check(tenant, settings()))
    return one.level, one.what, one.fix


def test_auth0s_own_controls_are_told_on_or_off() -> None:
    level, what, _ = protection()
    assert level is Level.OK
    assert what == (
        "on: bot detection, suspicious IP throttling, brute-force protection, "
        "breached password detection"
    )
    level, what, fix = protection(**{BREACHES: {"enabled": False, "shields": []}})
    assert level is Level.NOTE, "it takes another plan"
    assert "off: breached password detection" in what
    assert "Attack Protection" in fix


@pytest.mark.parametrize(
    ("answer", "word"),
    [({"enabled": False}, "off"), ({"enabled": True, "shields": []}, "only watching")],
)
def test_a_control_that_every_tenant_has_and_that_stops_nobody_is_a_warning(
    answer: dict[str, Any], word: str
) -> None:
    level, what, _ = protection(**{ADDRESSES: answer})
    assert level is Level.WARNING
    assert f"{word}: suspicious IP throttling" in what


def test_bots_are_challenged_somewhere_or_only_watched() -> None:
    never = {"challenge_password_policy": "never", "challenge_password_reset_policy": "never"}
    assert "off: bot detection" in protection(**{BOTS: never})[1]
    watching = {"challenge_password_policy": "always", "monitoring_mode_enabled": True}
    assert "only watching: bot detection" in protection(**{BOTS: watching})[1]


def test_a_control_that_may_not_be_read_is_unseen_and_fails_nothing() -> None:
    no = refused(Why.SCOPE, scope="read:attack_protection")
    level, what, _ = protection(**dict.fromkeys(SHIELDED, no))
    assert level is Level.NOTE
    assert what.startswith("unseen (needs read:attack_protection): bot detection, ")
    level, what, _ = protection(**{BOTS: refused(Why.PLAN, what="403 feature_not_enabled")})
    assert level is Level.NOTE
    assert "unseen (403 feature_not_enabled): bot detection" in what
