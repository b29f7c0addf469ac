"""What the doctor says of the three paths that Guardian of pulumi-auth0 3.54 and later reads."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from auth0.management import AsyncManagementClient

from components.tenant import guardian
from components.tenant.guardian import EMAIL_SETTINGS, PHONE_SETTINGS, SCOPES
from components.tenant.guardian import SETTINGS as GUARDIAN_SETTINGS
from components.tenant.model import Why
from components.tenant.snapshot import asked as ask
from phonemfa.doctor.checks import check
from phonemfa.doctor.findings import Finding, Level, Subject, exit_status
from phonemfa.doctor.login import remembered_browsers
from phonemfa.exits import Exit
from tests.phonemfa.doctor.support import about, reading, refused, settings

FACTORS = (PHONE_SETTINGS, EMAIL_SETTINGS)
ALL = guardian.BY_PLAN
BODIES: dict[str, tuple[int, Any]] = {
    "plan": (
        403,
        {
            "statusCode": 403,
            "error": "Forbidden",
            "message": "The requestor is not entitled to perform this operation.",
            "errorCode": "not_entitled",
        },
    ),
    "plan without a code": (
        403,
        {"message": "The requestor is not entitled to perform this operation."},
    ),
    "scope": (
        403,
        {
            "message": "Insufficient scope, expected any of: read:x",
            "errorCode": "insufficient_scope",
        },
    ),
    "not there": (404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}),
    "broken": (500, {"message": "Oops"}),
}
FINE: Any = {
    "otp_length": 6,
    "otp_expiration_time": 300,
    "display_remember_me_checkbox": True,
    "remember_me_default_value": False,
    "mfa_session_inactivity_timeout": 604800,
    "mfa_session_overall_timeout": 2592000,
}


def asked(answers: dict[str, str]) -> dict[str, Any]:
    """What is read of a tenant that answers so; a path that is not named is fine."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        name = answers.get(request.url.path.removeprefix("/api/v2"))
        status, body = BODIES[name] if name else (200, FINE)
        return httpx.Response(status, json=body)

    async def read() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncManagementClient(domain="t.example.com", token="t", httpx_client=http)
            return await guardian.answers(client, ALL, ask)

    return asyncio.run(read())


def found(answers: dict[str, str], *, sdk: str = "3.55.1") -> list[Finding]:
    tenant = reading(login=asked(answers))
    return about(Subject.MFA_SETTINGS, check(tenant, settings(), sdk=sdk))


def test_the_three_paths_are_asked_in_the_plugins_order() -> None:
    assert tuple(asked({})) == ALL


def test_a_tenant_that_shows_all_is_fine() -> None:
    (one,) = found({})
    assert one.level is Level.OK
    assert "3.55.1 is installed" in one.what


@pytest.mark.parametrize("body", ["plan", "plan without a code"])
@pytest.mark.parametrize("paths", [ALL, FACTORS, [PHONE_SETTINGS], [EMAIL_SETTINGS]])
def test_a_tenant_that_is_not_entitled_cannot_run_the_installed_version_and_others_are_named(
    paths: tuple[str, ...], body: str
) -> None:
    (one,) = found(dict.fromkeys(paths, body))
    assert one.level is Level.FAULT
    assert "not entitled to MFA settings" in one.what
    assert "(3.55.1 is installed)" in one.what
    assert "pulumi-auth0>=3.50,<3.54; SDK and plugin go together" in one.fix
    assert "scope" not in one.what


def test_it_is_told_once_and_not_as_something_else_that_the_plan_lacks() -> None:
    tenant = reading(login=asked(dict.fromkeys(ALL, "plan")))
    findings = check(tenant, settings(), sdk="3.55.1")
    assert [one.subject for one in findings if one.level is Level.FAULT] == [Subject.MFA_SETTINGS]
    assert exit_status(findings) is Exit.FAULTY


@pytest.mark.parametrize("sdk", ["3.50.0", "3.53.1"])
def test_an_older_version_runs_there_and_should_stay(sdk: str) -> None:
    (one,) = found(dict.fromkeys(ALL, "plan"), sdk=sdk)
    assert one.level is Level.NOTE
    assert f"the installed pulumi-auth0 {sdk} does not read them" in one.what
    assert "stay with pulumi-auth0>=3.50,<3.54" in one.fix


@pytest.mark.parametrize("body", [None, "scope", "not there", "broken"])
def test_an_older_version_meets_nothing_of_what_it_does_not_read(body: str | None) -> None:
    (one,) = found(dict.fromkeys(ALL, body) if body else {}, sdk="3.53.1")
    assert one.level is Level.OK
    assert ("could here" in one.what) is (body is None)


@pytest.mark.parametrize("sdk", ["3.54.0", "3.99.2", "4.0.0"])
def test_each_later_version_reads_them(sdk: str) -> None:
    (one,) = found(dict.fromkeys(ALL, "plan"), sdk=sdk)
    assert one.level is Level.FAULT


@pytest.mark.parametrize("path", ALL)
def test_a_missing_scope_is_no_matter_of_the_plan_and_is_named(path: str) -> None:
    tenant = reading(login=asked({path: "scope"}))
    findings = check(tenant, settings(), sdk="3.55.1")
    (one,) = about(Subject.MFA_SETTINGS, findings)
    assert SCOPES[path] in one.what
    assert "entitled" not in one.what
    (missing,) = [one for one in about(Subject.SCOPES, findings) if one.level is Level.FAULT]
    assert f"{SCOPES[path]} is missing" in missing.what


def test_a_missing_scope_is_fatal_to_the_plugin_but_for_the_third_of_which_it_only_warns() -> None:
    for path in FACTORS:
        assert [one.level for one in found({path: "scope"})] == [Level.UNKNOWN]
    (third,) = found({GUARDIAN_SETTINGS: "scope"})
    assert third.level is Level.WARNING
    assert "only warns" in third.what


def test_two_paths_without_one_scope_are_one_finding() -> None:
    assert len(found(dict.fromkeys(FACTORS, "scope"))) == 1


def test_a_third_that_alone_is_refused_for_the_plan_is_a_warning() -> None:
    (one,) = found({GUARDIAN_SETTINGS: "plan"})
    assert one.level is Level.WARNING
    assert "not_entitled" in one.what


@pytest.mark.parametrize("paths", [ALL, FACTORS, [PHONE_SETTINGS]])
def test_a_tenant_without_the_paths_is_not_known_to_work(paths: tuple[str, ...]) -> None:
    (one,) = found(dict.fromkeys(paths, "not there"))
    assert one.level is Level.UNKNOWN
    assert "is not known" in one.what
    assert "pulumi-auth0>=3.50,<3.54" in one.fix


@pytest.mark.parametrize("path", ALL)
def test_a_failing_tenant_is_told_with_the_request(path: str) -> None:
    (one,) = found({path: "broken"})
    assert one.level is Level.UNKNOWN
    assert f"could not look: GET {path} was answered {HTTPStatus.INTERNAL_SERVER_ERROR}" in one.what


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "always is not every login: asked again after at most 30 days"),
        (
            {"rememberBrowser": {"inactivity": "12h", "overall": "1d"}},
            "always is not every login, which pulumi up changes: asked again after at most 1 day",
        ),
        ({"rememberBrowser": {"shown": False}}, "no browser is remembered"),
    ],
)
def test_what_always_means_on_a_remembered_browser_is_said(
    config: dict[str, Any], says: str
) -> None:
    asked = settings(policy="always", **config)
    (one,) = remembered_browsers(reading(), asked)
    assert one.what.startswith(says)
    assert list(remembered_browsers(reading(), settings(policy="never", **config))) == []


def test_nothing_is_said_of_browsers_where_neither_stack_nor_tenant_tells() -> None:
    hidden = reading(login={GUARDIAN_SETTINGS: refused(Why.SCOPE)})
    assert list(remembered_browsers(hidden, settings(policy="always"))) == []
