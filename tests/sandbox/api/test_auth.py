"""Tokens: how they are asked for, and what they permit (management-api.md §1.2, §2)."""

import base64
import re
from typing import Any
from urllib.parse import quote_plus

import httpx
import jwt
import pytest

from sandbox.api.bodies import decode_form
from sandbox.tenant import routes as table
from sandbox.tenant.clients import PHONE_MFA_SCOPES
from sandbox.tenant.operation import Operation
from tests.sandbox.api.support import Sandbox

OPERATIONS = [pytest.param(one, id=f"{one.method} {one.path}") for one in table.OPERATIONS]
PATH = "/api/v2/guardian/factors"


def concrete(operation: Operation, **existing: str) -> str:
    """A path of the operation, with ids that are well-formed, or exist."""
    parts = {"triggerId": "post-login", "name": "sms"} | existing
    return re.sub(r"{(\w+)}", lambda found: parts.get(found[1], "x"), operation.path)


def refused(sandbox: Sandbox, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = sandbox.http.get(PATH, headers=headers)
    body = answer.json()
    assert body.pop("statusCode") == answer.status_code
    return answer.status_code, body


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_wants_its_scope_and_no_other(
    sandbox: Sandbox, operation: Operation
) -> None:
    others = [one for one in PHONE_MFA_SCOPES if one not in operation.scopes]
    call = operation.method, concrete(operation)
    answer = sandbox.call(*call, token=sandbox.token_for(scopes=others))
    assert answer.json() == {
        "statusCode": answer.status_code,
        "error": "Forbidden",
        "message": f"Insufficient scope, expected any of: {','.join(operation.scopes)}",
        "errorCode": "insufficient_scope",
    }
    token = sandbox.token_for(scopes=list(operation.scopes))
    allowed = sandbox.call(*call, token=token)
    assert allowed.status_code != 401
    assert "insufficient_scope" not in allowed.text


def test_no_header_at_all_is_a_missing_authentication(sandbox: Sandbox) -> None:
    said = {"error": "Unauthorized", "message": "Missing authentication"}
    assert refused(sandbox) == (401, said)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer a b", "Basic a.b.c", "Bearer opaque", "a.b.c"]
)
def test_a_malformed_header_is_a_bad_request(sandbox: Sandbox, header: str) -> None:
    said = {"message": "Bad HTTP authentication header format", "errorCode": "Bearer"}
    assert refused(sandbox, Authorization=header) == (400, {"error": "Bad Request", **said})


def test_the_scheme_may_be_written_in_any_case(sandbox: Sandbox) -> None:
    assert sandbox.http.get(PATH, headers={"Authorization": f"bearer {sandbox.token}"}).is_success


def forged(sandbox: Sandbox, key: str | None = None, **changes: Any) -> str:
    claims = jwt.decode(sandbox.token, options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key or sandbox.tenant.clients.signing_key(), algorithm="HS256")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": "k" * 32}, "Invalid signature received for JSON Web Token validation"),
        ({"aud": "https://elsewhere/"}, "Bad audience; expected https://localhost:8443/api/v2/"),
        ({"iss": "https://elsewhere/"}, "Invalid token"),
        ({"exp": 1}, "Expired token received for JSON Web Token validation"),
        ({"exp": None}, "Invalid token"),
        ({"exp": "soon"}, "Invalid token"),
        ({"scope": None}, "Invalid token"),
    ],
)
def test_a_token_that_is_not_ours_is_refused(
    sandbox: Sandbox, changes: dict[str, Any], said: str
) -> None:
    status, body = refused(sandbox, Authorization=f"Bearer {forged(sandbox, **changes)}")
    assert (status, body["message"], body["attributes"]) == (401, said, {"error": said})
    assert sandbox.counters()["errors"] == 0


def test_an_unsigned_token_is_refused(sandbox: Sandbox) -> None:
    claims = jwt.decode(sandbox.token, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none") + "c2ln"
    status, _ = refused(sandbox, Authorization=f"Bearer {unsigned}")
    assert status == 401


def test_a_token_expires_by_the_tenants_clock(sandbox: Sandbox) -> None:
    for seconds, status in ((86_399, 200), (1, 401)):
        sandbox.clock.advance(seconds)
        assert sandbox.call("GET", "/guardian/factors").status_code == status


def test_a_caller_without_rights_learns_nothing_else(sandbox: Sandbox) -> None:
    token = sandbox.token_for(scopes=["read:actions"])
    for body in ({}, {"nonsense": 1}):
        assert sandbox.call("PATCH", "/actions/actions/nope", body, token=token).status_code == 403


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


def not_given(answer: httpx.Response, status: int, error: str) -> str:
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
        assert re.fullmatch(said, not_given(sandbox.ask_token(**changes), status, error))

    @pytest.mark.parametrize("value", [1, ["x"], {"x": 1}, True])
    def test_a_parameter_of_a_wrong_type_is_not_given(self, sandbox: Sandbox, value: Any) -> None:
        answer = ask(sandbox, {"json": with_secret(sandbox, client_secret=value)})
        not_given(answer, 400, "invalid_request")

    @pytest.mark.parametrize("header", ["Basic", "Basic ?", "Basic /w==", "Bearer YTpi"])
    def test_a_header_that_says_nothing_is_ignored(self, sandbox: Sandbox, header: str) -> None:
        answer = ask(sandbox, {"data": with_secret(sandbox)}, headers={"Authorization": header})
        assert answer.status_code == 200

    def test_a_default_audience_stands_in(self, sandbox: Sandbox) -> None:
        sandbox.tenant.settings.patch({"default_audience": sandbox.tenant.audience})
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
        assert said in not_given(answer, 403, error)

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
            not_given(answer, status, "invalid_request")

    def test_a_token_is_only_posted_for(self, sandbox: Sandbox) -> None:
        assert sandbox.http.get("/oauth/token").status_code == 404
