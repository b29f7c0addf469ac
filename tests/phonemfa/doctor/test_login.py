"""Who is asked for a second factor after `pulumi up`, and what users may lose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.tenant.attack_protection import ADDRESSES, BOTS, BREACHES, AttackProtection
from components.tenant.guardian import FACTORS, MESSAGE_TYPES, POLICIES
from components.tenant.model import Why
from components.tenant.phone_provider import PhoneProvider
from phonemfa.doctor.checks import check
from phonemfa.doctor.findings import Subject
from tests.phonemfa.doctor.support import (
    SHIELDED,
    action,
    factors,
    is_said,
    lines,
    reading,
    refused,
    says,
    settings,
    troubles,
)

POLICY_WORDS = {"never": [], "adaptive": ["confidence-score"], "always": ["all-applications"]}


def asking(policy: str, *on: str, **more: Any) -> dict[str, Any]:
    """A tenant with this policy, and these factors on."""
    login = {POLICIES: POLICY_WORDS[policy], FACTORS: factors(*on)}
    return {"login": login | more.pop("login", {}), **more}


@pytest.mark.parametrize("declared", POLICY_WORDS)
@pytest.mark.parametrize("there", POLICY_WORDS)
def test_a_policy_is_raised_with_a_warning_and_lowered_by_no_deploy(
    there: str, declared: str
) -> None:
    words = f"ok: {declared}, as declared"
    if [*POLICY_WORDS].index(there) < [*POLICY_WORDS].index(declared):
        words = (
            f"warning … pulumi up makes it {declared}. Asked afterwards: … untried … → pulumi "
            "config set phonemfa:policy never"
        )
    elif there != declared:
        words = "fault … no pulumi up does … break-glass"
    is_said(Subject.POLICY, words, {"policy": declared}, asking(there, "otp"))


def test_a_way_is_called_untried_as_long_as_something_of_it_is_missing() -> None:
    deployed = replace(action("ours"), deployed=True)
    provider = PhoneProvider(delivery_methods=("text",))
    whole: dict[str, Any] = {"actions": (deployed,), "provider": provider}
    offered = {MESSAGE_TYPES: {"message_types": ["sms"]}}
    for on, changes, words in (
        (["sms"], {}, "warning … ¬ untried"),
        ([], {}, "untried: the phone factor is switched off."),
        (["sms"], {"provider": None}, "there is no phone provider"),
    ):
        tenant = asking("never", *on, login=offered, **whole | changes)
        is_said(Subject.POLICY, words, {"policy": "always"}, tenant)


@pytest.mark.parametrize(
    ("on", "config", "first"),
    [
        ([], {}, "warning … cannot log in"),
        (["recovery-code"], {}, "warning … cannot log in"),
        (["sms"], {"gate": "off"}, "warning: gate is off"),
    ],
)
def test_a_policy_that_nobody_can_obey_or_without_its_gate_is_a_warning(
    on: list[str], config: dict[str, Any], first: str
) -> None:
    tenant, stack = asking("always", *on), {"policy": "always"} | config
    warning, fine = lines(Subject.POLICY, reading(**tenant), settings(**stack))
    assert all(one in warning for one in first.split(" … "))
    assert fine.startswith("ok: ")


@pytest.mark.parametrize(
    ("subject", "words", "stack", "tenant"),
    [
        says(Subject.POLICY, "ok: never ¬ gate is off", {"gate": "off"}),
        says(  # Unread factors accuse nobody.
            Subject.POLICY,
            "ok: always",
            {"policy": "always"},
            **asking("always", login={FACTORS: refused(Why.OTHER)}),
        ),
        says(
            Subject.FACTORS,
            "ok: phone is off, and will be switched on",
            login={MESSAGE_TYPES: {"message_types": ["sms", "voice"]}},
        ),
    ],
)
def test_what_is_said_of_a_login(subject: Subject, words: str, stack: Any, tenant: Any) -> None:
    is_said(subject, words, stack, tenant)


def test_a_policy_that_nobody_knows_is_told() -> None:
    unknown = reading(login={POLICIES: ["some-day"]})
    assert "some-day" in lines(Subject.POLICY, unknown)[0]


@pytest.mark.parametrize(
    ("named", "leaving", "staying"),
    [("otp", "otp", "webauthn-roaming"), ("webauthnRoaming", "webauthn-roaming", "otp")],
)
def test_a_factor_that_is_switched_off_is_a_warning(named: str, leaving: str, staying: str) -> None:
    tenant = reading(login={FACTORS: factors("sms", "otp", "webauthn-roaming")})
    stack = settings(otherFactors={named: False})
    assert troubles(check(tenant, stack)) == [("warning", "factors")]
    warning, other = lines(Subject.FACTORS, tenant, stack)
    assert f"switches off {leaving}:" in warning
    assert f"{staying} on too, and left so" in other


def test_a_channel_that_users_lose_is_a_warning_while_the_phone_is_on() -> None:
    offered = {MESSAGE_TYPES: {"message_types": ["sms", "voice"]}}
    on = reading(login=offered | {FACTORS: factors("sms")})
    assert troubles(check(on, settings())) == [("warning", "factors")]
    assert "does not declare voice" in lines(Subject.FACTORS, on)[0]


NEVER = {"challenge_password_policy": "never", "challenge_password_reset_policy": "never"}
WATCHING = {"challenge_password_policy": "always", "monitoring_mode_enabled": True}
UNREAD = refused(Why.SCOPE, scope="read:attack_protection")
ALL = "bot detection, suspicious IP throttling, brute-force protection, breached password detection"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, f"ok: on: {ALL} →"),
        # It takes another plan.
        (
            {BREACHES: {"enabled": False, "shields": []}},
            "note … off: breached password detection … Attack Protection",
        ),
        ({ADDRESSES: {"enabled": False}}, "warning … off: suspicious IP throttling"),
        (
            {ADDRESSES: {"enabled": True, "shields": []}},
            "warning … only watching: suspicious IP throttling",
        ),
        ({BOTS: NEVER}, "note … off: bot detection"),
        ({BOTS: WATCHING}, "note … only watching: bot detection"),
        (dict.fromkeys(SHIELDED, UNREAD), f"note: unseen (needs read:attack_protection): {ALL}"),
        (
            {BOTS: refused(Why.PLAN, what="403 feature_not_enabled")},
            "note … unseen (403 feature_not_enabled): bot detection",
        ),
    ],
)
def test_auth0s_own_controls_are_told_on_off_watching_or_unseen(
    answers: dict[str, Any], words: str
) -> None:
    protection = AttackProtection.of_api(SHIELDED | answers)
    is_said(Subject.PROTECTION, words, {}, {"protection": protection})
