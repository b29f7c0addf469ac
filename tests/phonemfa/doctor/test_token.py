"""A token's scopes are found where they are, and a refused token says what to do."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from components.tenant.access import Access
from phonemfa.doctor.answers import Refused, Why
from phonemfa.doctor.token import ask, granted

ACCESS = Access(domain="t.example.com", client_id="id-1", client_secret="canary-secret")


def jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


@pytest.mark.parametrize(
    ("answer", "scopes"),
    [
        ({"access_token": "opaque", "scope": "read:a update:a"}, {"read:a", "update:a"}),
        ({"access_token": "opaque", "scope": ""}, set()),
        ({"access_token": jwt(scope="read:a")}, {"read:a"}),
        ({"access_token": jwt(scope="read:a"), "scope": "read:b"}, {"read:b"}),
        ({"access_token": jwt(sub="x")}, None),
        ({"access_token": "opaque"}, None),
        ({"access_token": "a.b.c"}, None),
        ({"access_token": "e30.WzFd.sig"}, None),
    ],
)
def test_scopes_come_from_the_answer_then_from_the_token_and_else_are_unknown(
    answer: dict[str, Any], scopes: set[str] | None
) -> None:
    assert granted(answer) == scopes


def refused(status: int, body: Any) -> Refused:
    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(body, str):
            return httpx.Response(status, text=body)
        return httpx.Response(status, json=body)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        found = ask(http, ACCESS)
    assert isinstance(found, Refused)
    assert found.why is Why.NO_TOKEN
    assert "canary" not in found.what + found.fix
    return found


@pytest.mark.parametrize(
    ("status", "error", "description", "fix"),
    [
        (401, "access_denied", "Unauthorized", "AUTH0_CLIENT_SECRET"),
        (401, "invalid_client", "Client authentication failed", "AUTH0_CLIENT_SECRET"),
        (403, "unauthorized_client", "Grant type 'client_credentials' not allowed", "Grant Types"),
        (403, "access_denied", 'Client is not authorized to access "x".', "authorise this"),
        (403, "access_denied", "Service not found: https://x/api/v2/", "custom domain"),
        (403, "access_denied", "Service not enabled within domain: x", "custom domain"),
        (429, "too_many_requests", "Client quota exceeded", "wait"),
        (404, "", "", "is that the tenant?"),
    ],
)
def test_each_refusal_has_its_own_fix(status: int, error: str, description: str, fix: str) -> None:
    assert fix in refused(status, {"error": error, "error_description": description}).fix


@pytest.mark.parametrize("body", ["<html>", [1], {"token_type": "Bearer"}])
def test_an_answer_that_is_no_token_is_refused_too(body: Any) -> None:
    refused(200, body)


def test_a_refusal_that_repeats_the_secret_does_not_show_it() -> None:
    assert "(secret)" in refused(401, {"error_description": "no: canary-secret"}).what


def test_the_audience_is_that_of_the_domain_unless_another_one_is_given() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(dict(httpx.QueryParams(request.content.decode()))["audience"])
        return httpx.Response(200, json={"access_token": "x"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        ask(http, ACCESS)
        ask(http, replace(ACCESS, audience="https://own.example.com/api/v2/"))
    assert seen == ["https://t.example.com/api/v2/", "https://own.example.com/api/v2/"]
