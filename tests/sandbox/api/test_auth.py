"""Bearer tokens and scopes (management-api.md §1.2)."""

import re
from typing import Any

import jwt
import pytest

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
