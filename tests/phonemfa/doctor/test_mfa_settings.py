"""What the doctor says of the three paths that Guardian of pulumi-auth0 3.54 and later reads."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from auth0.management import AsyncManagementClient

from components.tenant import guardian
from components.tenant.guardian import EMAIL_SETTINGS, PHONE_SETTINGS, SCOPES, SETTINGS
from components.tenant.model import Why
from components.tenant.snapshot import asked as ask
from phonemfa.doctor.checks import check
from phonemfa.doctor.findings import Level, Subject, exit_status
from phonemfa.doctor.login import remembered_browsers
from phonemfa.exits import Exit
from tests.phonemfa.doctor.support import lines, reading, refused, settings

FACTORS = (PHONE_SETTINGS, EMAIL_SETTINGS)
ALL = guardian.BY_PLAN
NOT_ENTITLED = {"message": "The requestor is not entitled to perform this operation."}
NO_SCOPE = {"message": "Insufficient scope, expected any of: read:x"}
BODIES: dict[str, tuple[int, Any]] = {
    "plan": (403, NOT_ENTITLED | {"errorCode": "not_entitled"}),
    "plan without a code": (403, NOT_ENTITLED),
    "scope": (403, NO_SCOPE | {"errorCode": "insufficient_scope"}),
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


def said(answers: dict[str, str], *, sdk: str = "3.55.1") -> list[str]:
    return lines(Subject.MFA_SETTINGS, reading(login=asked(answers)), sdk=sdk)


def test_the_three_paths_are_asked_in_the_plugins_order() -> None:
    assert tuple(asked({})) == ALL


CANNOT_RUN = "fault … not entitled to MFA settings … >=3.50,<3.54; SDK and plugin go together"
UNREAD = "ok: the installed pulumi-auth0 3.53.1 does not read them"
STAYS = "does not read them → stay with pulumi-auth0>=3.50,<3.54"
UNTRIED = "unknown … is not known … pulumi-auth0>=3.50,<3.54"


@pytest.mark.parametrize(
    ("sdk", "paths", "body", "words"),
    [
        ("3.55.1", (), "", "ok: … 3.55.1 is installed"),
        # An older version meets nothing of what it does not read, and stays where it must.
        ("3.53.1", (), "", f"{UNREAD}; … could here"),
        *(("3.53.1", ALL, body, UNREAD) for body in ("scope", "not there", "broken")),
        *((sdk, ALL, "plan", f"note … {sdk} {STAYS}") for sdk in ("3.50.0", "3.53.1")),
        *(
            (sdk, ALL, "plan", f"{CANNOT_RUN} … ({sdk} is installed)")
            for sdk in ("3.54.0", "3.55.1", "3.99.2", "4.0.0")
        ),
        *(
            ("3.55.1", paths, body, CANNOT_RUN)
            for paths in (ALL, FACTORS, [PHONE_SETTINGS], [EMAIL_SETTINGS])
            for body in ("plan", "plan without a code")
        ),
        *(("3.55.1", paths, "not there", UNTRIED) for paths in (ALL, FACTORS, [PHONE_SETTINGS])),
        # A missing scope is fatal to the plugin but for the third, of which it only warns.
        *(
            ("3.55.1", paths, "scope", "unknown … needs read:guardian_factors")
            for paths in (FACTORS, [PHONE_SETTINGS], [EMAIL_SETTINGS])
        ),
        ("3.55.1", [SETTINGS], "scope", "warning … needs read:tenant_settings … only warns"),
        ("3.55.1", [SETTINGS], "plan", "warning … not_entitled"),
        *(
            ("3.55.1", [path], "broken", f"unknown: could not look: GET {path} was answered 500")
            for path in ALL
        ),
    ],
)
def test_what_a_tenant_answers_is_one_finding(
    sdk: str, paths: tuple[str, ...], body: str, words: str
) -> None:
    (line,) = said(dict.fromkeys(paths, body), sdk=sdk)
    assert [one for one in words.split(" … ") if one not in line] == [], line
    assert ("could here" in line) is (not paths and sdk == "3.53.1")
    assert ("scope" if body.startswith("plan") else "entitled") not in line


def test_it_is_told_once_and_not_as_something_else_that_the_plan_lacks() -> None:
    tenant = reading(login=asked(dict.fromkeys(ALL, "plan")))
    findings = check(tenant, settings(), sdk="3.55.1")
    assert [one.subject for one in findings if one.level is Level.FAULT] == [Subject.MFA_SETTINGS]
    assert exit_status(findings) is Exit.FAULTY


@pytest.mark.parametrize("path", ALL)
def test_a_missing_scope_of_theirs_is_named_among_the_scopes(path: str) -> None:
    tenant = reading(login=asked({path: "scope"}))
    (missing,) = [one for one in lines(Subject.SCOPES, tenant, sdk="3.55.1") if "fault" in one]
    assert f"{SCOPES[path]} is missing" in missing


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
    (one,) = remembered_browsers(reading(), settings(policy="always", **config))
    assert one.what.startswith(says)
    assert list(remembered_browsers(reading(), settings(policy="never", **config))) == []
    hidden = reading(login={SETTINGS: refused(Why.SCOPE)})
    told = list(remembered_browsers(hidden, settings(policy="always", **config)))
    assert bool(told) is bool(config), "nothing where neither stack nor tenant tells"
