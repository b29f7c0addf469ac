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
from phonemfa.doctor.findings import Subject
from phonemfa.scopes import Need
from tests.contract import load_json
from tests.phonemfa.doctor.support import (
    action,
    factors,
    granted,
    is_said,
    lines,
    reading,
    refused,
    says,
    settings,
    troubles,
)

NEEDED = scopes.names(scopes.needed_by(scopes.needs_of(settings())))
FIRST_UP = requests_of_first_up(settings(), installed_sdk())


def heard(**rate: Any) -> Heard:
    return replace(granted(), **rate)


@pytest.mark.parametrize(
    ("subject", "words", "stack", "tenant"),
    [
        says(
            Subject.SCOPES,
            "fault: update:mfa_policies is missing: it is needed to set when users are asked … "
            "→ tick it: ",
            heard=granted("update:mfa_policies"),
        ),
        says(
            Subject.SCOPES,
            "warning: delete:phone_templates is missing",
            heard=granted("delete:phone_templates"),
        ),
        says(
            Subject.SCOPES,
            "warning: 2 are missing … delete:phone_templates … delete:actions",
            heard=granted("delete:phone_templates", "delete:actions"),
        ),
        says(
            Subject.PLAN,
            "warning: policy adaptive needs an Enterprise plan",
            {"policy": "adaptive"},
        ),
        says(Subject.PLAN, "note: no read was refused for the plan … only a write tells"),
        says(Subject.RATE_LIMIT, "note: the tenant's answers do not tell"),
        says(
            Subject.RATE_LIMIT,
            f"note: 2 … about {FIRST_UP} and takes {-(-FIRST_UP // 2)} s or more",
            heard=heard(limit=2, refusals=3),
        ),
        says(Subject.RATE_LIMIT, "note: 9 requests at once", heard=heard(limit=9)),
        says(Subject.RATE_LIMIT, "ok: 10 requests at once", heard=heard(limit=10)),
    ],
)
def test_what_is_said_of_an_access(subject: Subject, words: str, stack: Any, tenant: Any) -> None:
    is_said(subject, words, stack, tenant)


@pytest.mark.parametrize(
    ("tenant", "told"),
    [
        ({"heard": granted("delete:phone_templates", "delete:actions")}, [("warning", "scopes")]),
        ({"login": {guardian.FACTORS: factors(trial_expired=True)}}, [("warning", "plan")]),
        ({"action_count": 99}, []),
        ({"action_count": 100}, [("fault", "plan")]),
        ({"action_count": 100, "actions": (action("ours"),)}, []),
        ({"heard": heard(limit=50, refusals=2)}, [("warning", "rate limit")]),
    ],
    ids=["only to remove", "trial", "room", "no room", "ours is there", "used up by others"],
)
def test_what_troubles_is_told_and_nothing_else(tenant: dict[str, Any], told: list[Any]) -> None:
    assert troubles(check(reading(**tenant), settings())) == told


def test_all_missing_scopes_are_one_fault_with_one_fix() -> None:
    (line,) = lines(Subject.SCOPES, reading(heard=Heard(scopes=frozenset())))
    what, _, fix = line.partition(" → ")
    pressing, _, later = what.partition("; and only to remove something: ")
    assert pressing.startswith(f"fault: {len(NEEDED)} are missing: ")
    assert {*pressing.partition("missing: ")[2].split(", "), *later.split(", ")} == NEEDED
    assert {name.partition(":")[0] for name in later.split(", ")} == {"delete"}
    assert fix.startswith("tick them: ")


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
    assert any(one.startswith("fault") for one in lines(Subject.SCOPES, tenant, stack)) is needed


def test_a_read_that_was_refused_for_its_scope_counts_whatever_the_token_says() -> None:
    tenant = reading(provider=refused(Why.SCOPE, scope="read:phone_providers"))
    assert troubles(check(tenant, settings())) == [("fault", "scopes"), ("unknown", "provider")]
    assert "needs read:phone_providers" in lines(Subject.PROVIDER, tenant)[0]


def test_a_token_that_says_nothing_is_judged_by_its_reads_and_its_writes_are_unknown() -> None:
    tenant = reading(heard=Heard(), actions=refused(Why.SCOPE, scope="read:actions"))
    missing, unsaid = lines(Subject.SCOPES, tenant)
    assert missing.startswith("fault: read:actions is missing")
    assert unsaid.startswith("warning")
    assert "create:actions" in unsaid
    assert "read:" not in unsaid


def test_scopes_that_nothing_needs_are_counted_and_only_noted() -> None:
    more = {f"delete:thing{number}" for number in range(7)}
    tenant = reading(heard=Heard(scopes=scopes.names(scopes.SCOPES) | more))
    assert troubles(check(tenant, settings())) == []
    assert any("delete:thing4 and 2 more" in one for one in lines(Subject.SCOPES, tenant))


def test_without_a_token_only_that_is_told_and_what_needs_none() -> None:
    text = "t.example.com refused a token. Check AUTH0_CLIENT_ID."
    no = TenantUnreadableError(text, fix="Check AUTH0_CLIENT_ID.")
    found = check(reading(unreachable=no), settings())
    assert troubles(found) == [("unknown", "token")]
    assert {one.subject for one in found} == {Subject.TOKEN, Subject.TEXTS, Subject.SENDERS}
    assert (found[0].what, found[0].fix) == (
        "t.example.com refused a token. Nothing of the tenant was looked at",
        "Check AUTH0_CLIENT_ID",
    )


def test_what_the_plan_refuses_to_show_is_one_fault_and_not_two() -> None:
    no = refused(Why.PLAN, what="GET /y was answered 403 feature_not_enabled: no")
    tenant = reading(provider=no, templates=no)
    assert troubles(check(tenant, settings())) == [("fault", "plan")]
    assert "feature_not_enabled" in lines(Subject.PLAN, tenant)[0]


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
