"""POST /oauth/token (management-api.md §2)."""

import base64
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
        answers = [
            ask(sandbox, {"data": with_secret(sandbox)}),
            ask(sandbox, {"json": with_secret(sandbox)}),
            ask(
                sandbox,
                {"data": grant(sandbox)},
                headers=basic(own.client_id, own.client_secret),
            ),
        ]
        for answer in answers:
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


class TestRefusals:
    def refused(self, answer: httpx.Response, status: int, error: str) -> str:
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert set(body) == {"error", "error_description"}
        assert body["error"] == error
        return str(body["error_description"])

    @pytest.mark.parametrize("absent", ["grant_type", "client_id", "client_secret"])
    def test_a_missing_parameter_is_named(self, sandbox: Sandbox, absent: str) -> None:
        said = self.refused(sandbox.ask_token(**{absent: None}), 400, "invalid_request")
        assert absent in said

    @pytest.mark.parametrize("value", [1, ["x"], {"x": 1}, True])
    def test_a_parameter_of_a_wrong_type_is_refused(self, sandbox: Sandbox, value: Any) -> None:
        answer = ask(sandbox, {"json": with_secret(sandbox, client_secret=value)})
        self.refused(answer, 400, "invalid_request")

    def test_another_grant_is_unsupported(self, sandbox: Sandbox) -> None:
        self.refused(sandbox.ask_token(grant_type="password"), 400, "unsupported_grant_type")

    @pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"client_secret": "x"}])
    def test_wrong_credentials_do_not_say_which(
        self, sandbox: Sandbox, wrong: dict[str, str]
    ) -> None:
        said = self.refused(sandbox.ask_token(**wrong), 401, "access_denied")
        assert said == "Unauthorized"

    @pytest.mark.parametrize("header", ["Basic", "Basic ?", "Basic /w==", "Bearer YTpi"])
    def test_a_header_that_says_nothing_is_ignored(self, sandbox: Sandbox, header: str) -> None:
        answer = ask(sandbox, {"data": with_secret(sandbox)}, headers={"Authorization": header})
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("audience", "fragment"),
        [("https://other/api/v2/", "Service not found: https://other"), (None, "No audience")],
    )
    def test_an_unknown_audience_is_refused(
        self, sandbox: Sandbox, audience: str | None, fragment: str
    ) -> None:
        said = self.refused(sandbox.ask_token(audience=audience), 403, "access_denied")
        assert fragment in said

    def test_the_audience_needs_its_trailing_slash(self, sandbox: Sandbox) -> None:
        audience = sandbox.tenant.audience.rstrip("/")
        self.refused(sandbox.ask_token(audience=audience), 403, "access_denied")

    def test_a_default_audience_stands_in(self, sandbox: Sandbox) -> None:
        sandbox.tenant.tenant_settings.patch({"default_audience": sandbox.tenant.audience})
        assert sandbox.ask_token(audience=None).status_code == 200

    def test_a_client_without_the_grant_type_is_refused(self, sandbox: Sandbox) -> None:
        made = sandbox.http.post("/_sandbox/clients", json={"grant_types": ["password"]}).json()
        answer = sandbox.ask_token(client_id=made["client_id"], client_secret=made["client_secret"])
        said = self.refused(answer, 403, "unauthorized_client")
        assert said == "Grant type 'client_credentials' not allowed for the client."

    def test_a_client_without_a_client_grant_is_refused(self, sandbox: Sandbox) -> None:
        made = sandbox.http.post("/_sandbox/clients", json={"authorized": False}).json()
        answer = sandbox.ask_token(client_id=made["client_id"], client_secret=made["client_secret"])
        said = self.refused(answer, 403, "access_denied")
        assert "client-grant" in said

    def test_a_client_assertion_is_said_to_be_unsupported(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox, {"data": grant(sandbox, client_assertion="e.e.e")})
        assert "client_assertion" in self.refused(answer, 400, "invalid_request")

    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b"", "application/json", 400),
            (b"[]", "application/json", 400),
            (b"{", "application/json", 400),
            (b"null", "application/json", 400),
            (b"grant_type=%ff", "application/x-www-form-urlencoded", 400),
            (b"\xff", "application/x-www-form-urlencoded", 400),
            (b"<a/>", "application/xml", 415),
            (b"x" * 1_048_577, "application/json", 413),
        ],
    )
    def test_a_body_that_cannot_be_read_is_refused_in_the_same_shape(
        self, sandbox: Sandbox, content: bytes, kind: str, status: int
    ) -> None:
        answer = ask(sandbox, {"content": content}, headers={"Content-Type": kind})
        self.refused(answer, status, "invalid_request")

    def test_a_token_is_only_posted_for(self, sandbox: Sandbox) -> None:
        assert sandbox.http.get("/oauth/token").status_code == 404
