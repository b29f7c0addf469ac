"""What the doctor says of token, scopes, plan and rate limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.tenant import guardian
from components.tenant.client import Heard, TenantUnreadableError
from components.tenant.model import Why
from phonemfa import scopes
from phonemfa.doctor.access import requests_of_first_up
from phonemfa.doctor.checks import check, installed_sdk
from phonemfa.doctor.findings import Level, Subject
from phonemfa.scopes import Need
from tests.contract import load_json
from tests.phonemfa.doctor.support import (
    about,
    action,
    factors,
    granted,
    reading,
    refused,
    settings,
    troubles,
)


def test_a_missing_scope_is_a_fault_that_says_what_it_is_for() -> None:
    found = check(reading(heard=granted("update:mfa_policies")), settings())
    assert troubles(found) == [("fault", "scopes")]
    (one,) = about(Subject.SCOPES, found)
    assert "update:mfa_policies is missing: it is needed to set when users are asked" in one.what
    assert one.fix.startswith("tick it: ")


def test_all_missing_scopes_are_one_fault_with_one_fix() -> None:
    found = check(reading(heard=Heard(scopes=frozenset())), settings())
    (one,) = about(Subject.SCOPES, found)
    needed = scopes.names(scopes.needed_by(scopes.needs_of(settings())))
    pressing, _, later = one.what.partition("; and only to remove something: ")
    assert one.level is Level.FAULT
    assert pressing.startswith(f"{len(needed)} are missing: ")
    assert {*pressing.partition(": ")[2].split(", "), *later.split(", ")} == needed
    assert {name.partition(":")[0] for name in later.split(", ")} == {"delete"}
    assert one.fix.startswith("tick them: ")


@pytest.mark.parametrize(
    "missing", [{"delete:phone_templates"}, {"delete:phone_templates", "delete:actions"}]
)
def test_scopes_that_only_removing_needs_are_a_warning(missing: set[str]) -> None:
    found = check(reading(heard=granted(*missing)), settings())
    assert troubles(found) == [("warning", "scopes")]
    assert all(name in about(Subject.SCOPES, found)[0].what for name in missing)


@pytest.mark.parametrize(
    ("change", "scope", "needed"),
    [
        ({}, "update:tenant_settings", False),
        ({"transition": True}, "update:tenant_settings", True),
        ({"experience": "legacy"}, "update:tenant_settings", True),
        ({"rememberBrowser": {}}, "update:tenant_settings", True),
        ({"oneTimeCode": {}}, "update:tenant_settings", False),
        ({"experience": "legacy"}, "create:phone_providers", False),
        ({"experience": "legacy", "transition": True}, "create:phone_providers", True),
        ({}, "read:logs", False),
        ({"gate": "smoke", "testNumbers": ["+819012345678"]}, "read:logs", True),
        # The guide goes on to send a test message.
        ({"testNumbers": ["+819012345678"]}, "read:logs", True),
        ({"testNumbers": ["+819012345678"]}, "read:attack_protection", False),
    ],
)
def test_a_scope_is_missing_only_where_the_stack_needs_it(
    change: dict[str, Any], scope: str, *, needed: bool
) -> None:
    stack = settings(**change)
    tenant = reading(unified=stack.experience == "unified", heard=granted(scope))
    assert bool(about_faults(check(tenant, stack))) is needed


def about_faults(findings: Any) -> list[str]:
    return [one.what for one in about(Subject.SCOPES, findings) if one.level is Level.FAULT]


def test_a_read_that_was_refused_for_its_scope_counts_whatever_the_token_says() -> None:
    no = refused(Why.SCOPE, scope="read:phone_providers")
    found = check(reading(provider=no), settings())
    assert troubles(found) == [("fault", "scopes"), ("unknown", "provider")]
    assert "needs read:phone_providers" in about(Subject.PROVIDER, found)[0].what


def test_a_token_that_says_nothing_is_judged_by_its_reads_and_its_writes_are_unknown() -> None:
    no = refused(Why.SCOPE, scope="read:actions")
    found = check(reading(heard=Heard(), actions=no), settings())
    missing, unsaid = about(Subject.SCOPES, found)
    assert missing.level is Level.FAULT
    assert "read:actions is missing" in missing.what
    assert unsaid.level is Level.WARNING
    assert "create:actions" in unsaid.what
    assert "read:" not in unsaid.what


def test_scopes_that_nothing_needs_are_counted_and_only_noted() -> None:
    more = {f"delete:thing{number}" for number in range(7)}
    heard = Heard(scopes=scopes.names(scopes.SCOPES) | more)
    found = check(reading(heard=heard), settings())
    assert troubles(found) == []
    assert any("delete:thing4 and 2 more" in one.what for one in about(Subject.SCOPES, found))


def test_without_a_token_only_that_is_told_and_what_needs_none() -> None:
    text = "t.example.com refused a token. Check AUTH0_CLIENT_ID."
    no = TenantUnreadableError(text, fix="Check AUTH0_CLIENT_ID.")
    found = check(reading(unreachable=no), settings())
    assert troubles(found) == [("unknown", "token")]
    assert {one.subject for one in found} == {Subject.TOKEN, Subject.TEXTS, Subject.SENDERS}
    token = found[0]
    assert token.what == "t.example.com refused a token. Nothing of the tenant was looked at"
    assert token.fix == "Check AUTH0_CLIENT_ID"


def test_what_the_plan_refuses_to_show_is_one_fault_and_not_two() -> None:
    no = refused(Why.PLAN, what="GET /y was answered 403 feature_not_enabled: no")
    found = check(reading(provider=no, templates=no), settings())
    assert troubles(found) == [("fault", "plan")]
    assert "feature_not_enabled" in about(Subject.PLAN, found)[0].what


def test_adaptive_is_doubtful_and_what_no_read_tells_is_said() -> None:
    assert ("warning", "plan") in troubles(check(reading(), settings(policy="adaptive")))
    (note,) = about(Subject.PLAN, check(reading(), settings()))
    assert note.level is Level.NOTE
    assert "only a write tells" in note.what


def test_an_expired_trial_of_the_phone_factor_is_told() -> None:
    found = check(reading(login={guardian.FACTORS: factors(trial_expired=True)}), settings())
    assert troubles(found) == [("warning", "plan")]


def test_no_room_for_the_action_is_a_fault_unless_ours_is_there() -> None:
    assert troubles(check(reading(action_count=99), settings())) == []
    assert troubles(check(reading(action_count=100), settings())) == [("fault", "plan")]
    there = (action("ours"),)
    assert troubles(check(reading(action_count=100, actions=there), settings())) == []


def heard(**rate: Any) -> Heard:
    return replace(granted(), **rate)


def rate_limit(**rate: int) -> str:
    (one,) = about(Subject.RATE_LIMIT, check(reading(heard=heard(**rate)), settings()))
    return f"{one.level}: {one.what}"


def test_the_free_plans_limit_is_told_with_the_time_that_it_costs() -> None:
    needed = requests_of_first_up(settings(), installed_sdk())
    told = rate_limit(limit=2, refusals=3)
    assert told.startswith("note")
    assert f"about {needed} and takes {-(-needed // 2)} s or more" in told
    assert [rate_limit(limit=one)[:2] for one in (9, 10, 50)] == ["no", "ok", "ok"]
    assert "do not tell" in rate_limit()


def test_a_limit_that_somebody_else_uses_up_is_a_warning() -> None:
    found = check(reading(heard=heard(limit=50, refusals=2)), settings())
    assert troubles(found) == [("warning", "rate limit")]


# An older one reads no MFA settings, and sends the same otherwise.
@pytest.mark.parametrize(("sdk", "unread"), [("3.54.0", 0), ("3.53.0", 3)])
@pytest.mark.parametrize(
    ("trace", "change"),
    [("unified", {"messageTypes": ["otp_enroll", "otp_verify"]}), ("legacy", {})],
)
def test_the_requests_of_a_first_up_are_about_those_that_were_recorded(
    trace: str, change: dict[str, Any], sdk: str, unread: int
) -> None:
    (create,) = [one for one in load_json(f"official/{trace}.json") if one["step"] == "create"]
    guessed = requests_of_first_up(settings(experience=trace, gate="off", **change), sdk)
    # Ours asks for the generation too, and a legacy stack has tenant settings, which that had not.
    ours = {"unified": 1, "legacy": 6}[trace]
    assert abs(guessed - ours - len(create["requests"]) + unread) <= 1


def test_every_need_has_scopes() -> None:
    assert all(scopes.needed_by([need]) for need in Need)
