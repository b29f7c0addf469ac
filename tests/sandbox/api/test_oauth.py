"""POST /oauth/token (management-api.md §2)."""

import base64
import re
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from sandbox.api.bodies import decode_form
from sandbox.tenant.clients import PHONE_MFA_SCOPES
from tests.sandbox.api.support import Sandbox


def basic(client_id: str, secret: str) -> dict[str, str]:
    text = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def ask(sandbox: Sandbox, body: dict[str, Any], **options: Any) -> httpx.Response:
    return sandbox.http.post("/oauth/token", **options, **body)


def grant(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {"grant_type": "client_credentials", "audience": sandbox.tenant.audience} | more


def with_secret(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    own = sandbox.tenant.credentials
    return grant(sandbox, client_id=own.client_id, client_secret=own.client_secret) | more


class TestForms:
    def test_the_first_of_a_repeated_field_counts(self) -> None:
        assert decode_form(b"client_id=one&a=b&client_id=two") == {"client_id": "one", "a": "b"}

    def test_form_and_json_and_basic_give_the_same(self, sandbox: Sandbox) -> None:
        own = sandbox.tenant.credentials
        header = basic(own.client_id, own.client_secret)
        for answer in (
            ask(sandbox, {"data": with_secret(sandbox)}),
            ask(sandbox, {"json": with_secret(sandbox)}),
            ask(sandbox, {"data": grant(sandbox)}, headers=header),
        ):
            assert answer.status_code == 200
            body = answer.json()
            assert set(body) == {"access_token", "scope", "expires_in", "token_type"}
            assert (body["expires_in"], body["token_type"]) == (86_400, "Bearer")
            assert body["scope"] == " ".join(PHONE_MFA_SCOPES)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
            assert sandbox.call("GET", "/guardian/factors", token=body["access_token"]).is_success

    def test_basic_credentials_are_query_escaped_inside(self, sandbox: Sandbox) -> None:
        made = {"client_id": "a:b%&+ é", "client_secret": "s:/+% ü"}
        sandbox.http.post("/_sandbox/clients", json=made)
        answer = ask(sandbox, {"data": grant(sandbox)}, headers=basic(*made.values()))
        assert answer.status_code == 200

    def test_fewer_scopes_can_be_asked_for(self, sandbox: Sandbox) -> None:
        answer = sandbox.ask_token(scope="read:actions delete:everything")
        assert answer.json()["scope"] == "read:actions"

    def test_two_tokens_of_one_instant_differ(self, sandbox: Sandbox) -> None:
        tokens = {sandbox.ask_token().json()["access_token"] for _ in "ab"}
        assert len(tokens) == 2


def refused(answer: httpx.Response, status: int, error: str) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    return str(body["error_description"])


AUDIENCE = "https://localhost:8443/api/v2/"


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "status", "error", "said"),
        [
            ({"grant_type": None}, 400, "invalid_request", ".*grant_type"),
            ({"client_id": None}, 400, "invalid_request", ".*client_id"),
            ({"client_secret": None}, 400, "invalid_request", ".*client_secret"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type", ".*password"),
            # Not which of the two.
            ({"client_id": "x"}, 401, "access_denied", "Unauthorized"),
            ({"client_secret": "x"}, 401, "access_denied", "Unauthorized"),
            ({"audience": None}, 403, "access_denied", "No audience .*"),
            ({"audience": "https://x/"}, 403, "access_denied", "Service not found: https://x/"),
            ({"audience": AUDIENCE[:-1]}, 403, "access_denied", "Service not found: .*"),
            ({"client_assertion": "e.e.e"}, 400, "invalid_request", ".*client_assertion"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, sandbox: Sandbox, changes: dict[str, Any], status: int, error: str, said: str
    ) -> None:
        assert re.fullmatch(said, refused(sandbox.ask_token(**changes), status, error))

    @pytest.mark.parametrize("value", [1, ["x"], {"x": 1}, True])
    def test_a_parameter_of_a_wrong_type_is_refused(self, sandbox: Sandbox, value: Any) -> None:
        answer = ask(sandbox, {"json": with_secret(sandbox, client_secret=value)})
        refused(answer, 400, "invalid_request")

    @pytest.mark.parametrize("header", ["Basic", "Basic ?", "Basic /w==", "Bearer YTpi"])
    def test_a_header_that_says_nothing_is_ignored(self, sandbox: Sandbox, header: str) -> None:
        answer = ask(sandbox, {"data": with_secret(sandbox)}, headers={"Authorization": header})
        assert answer.status_code == 200

    def test_a_default_audience_stands_in(self, sandbox: Sandbox) -> None:
        sandbox.tenant.tenant_settings.patch({"default_audience": sandbox.tenant.audience})
        assert sandbox.ask_token(audience=None).status_code == 200

    @pytest.mark.parametrize(
        ("client", "error", "said"),
        [
            ({"grant_types": ["password"]}, "unauthorized_client", "'client_credentials' not allo"),
            ({"authorized": False}, "access_denied", "client-grant"),
        ],
    )
    def test_a_client_needs_grant_type_and_client_grant(
        self, sandbox: Sandbox, client: dict[str, Any], error: str, said: str
    ) -> None:
        made = sandbox.http.post("/_sandbox/clients", json=client).json()
        answer = sandbox.ask_token(client_id=made["client_id"], client_secret=made["client_secret"])
        assert said in refused(answer, 403, error)

    @pytest.mark.parametrize(
        ("kind", "status", "contents"),
        [
            ("application/json", 400, [b"", b"[]", b"{", b"null"]),
            ("application/x-www-form-urlencoded", 400, [b"grant_type=%ff", b"\xff"]),
            ("application/xml", 415, [b"<a/>"]),
            ("application/json", 413, [b"x" * 1_048_577]),
        ],
        ids=["JSON", "form", "XML", "too long"],
    )
    def test_a_body_that_cannot_be_read_is_refused_in_the_same_shape(
        self, sandbox: Sandbox, kind: str, status: int, contents: list[bytes]
    ) -> None:
        for content in contents:
            answer = ask(sandbox, {"content": content}, headers={"Content-Type": kind})
            refused(answer, status, "invalid_request")

    def test_a_token_is_only_posted_for(self, sandbox: Sandbox) -> None:
        assert sandbox.http.get("/oauth/token").status_code == 404
