"""Who is asked for a second factor after `pulumi up`, and what users may lose."""

from __future__ import annotations

from typing import Any

import pytest

from phonemfa.doctor.answers import Reading, Why
from phonemfa.doctor.checks import check
from phonemfa.doctor.findings import Level, Subject
from tests.phonemfa.doctor.support import about, factors, reading, refused, settings, troubles

ALWAYS, ADAPTIVE = ("all-applications",), ("confidence-score",)


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


def test_the_phone_is_called_untried_only_while_it_is_off() -> None:
    ((_, what, _),) = policy(reading(factors=factors("sms")), policy="always")
    assert "untried" not in what


@pytest.mark.parametrize(
    ("there", "declared"), [(ALWAYS, "never"), (ALWAYS, "adaptive"), (ADAPTIVE, "never")]
)
def test_a_laxer_policy_is_a_warning_that_says_what_is_lost(
    there: tuple[str, ...], declared: str
) -> None:
    ((level, what, _),) = policy(reading(policies=there, factors=factors("sms")), policy=declared)
    assert level is Level.WARNING
    assert "lose the protection" in what


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
