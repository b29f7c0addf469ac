"""A refusal for the tenant's plan is told apart from one for a scope, in every hook's words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from auth0.management.core.api_error import ApiError

from components.tenant.errors import PLAN, SCOPES, refused, told
from components.tenant.stack_access import TenantCallError
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

OF_A_PLAN = (
    "feature_not_enabled",
    "hooks_not_allowed",
    "insufficient_entitlement",
    "not_entitled",
    "voice_mfa_not_allowed",
)


def refusal(status: int = 403, /, **body: Any) -> ApiError:
    return ApiError(status_code=status, body={"statusCode": status, "message": "No."} | body)


@pytest.mark.parametrize("code", OF_A_PLAN)
@pytest.mark.parametrize("key", ["errorCode", "error_code"])
def test_what_the_plan_lacks_no_scope_brings(code: str, key: str) -> None:
    words = refused("t.example.com", refusal(**{key: code}))
    assert words == f"t.example.com answered 403 Forbidden {code}: No. {PLAN}"


def test_an_endpoint_that_is_disabled_is_known_by_its_message() -> None:
    body = {"message": "This endpoint is disabled for your tenant."}
    assert PLAN in refused("t", refusal(**body))


@pytest.mark.parametrize("body", [{"errorCode": "insufficient_scope"}, {}])
def test_any_other_403_is_for_a_scope(body: dict[str, str]) -> None:
    words = refused("t", refusal(**body))
    assert SCOPES in words
    assert PLAN not in words


def test_the_codes_mean_nothing_with_another_status() -> None:
    assert PLAN not in refused("t", refusal(404, errorCode="not_entitled"))


@pytest.mark.parametrize(
    ("status", "message", "is_of_token"),
    [
        (401, "No.", True),
        (400, "Bad HTTP authentication header format", True),
        (400, "No.", False),
        (403, "Bad HTTP authentication header format", False),
    ],
)
def test_a_token_that_is_not_taken_is_told_with_where_it_was_found(
    status: int, message: str, is_of_token: bool
) -> None:
    words = told("t", refusal(status, message=message), origin="The token is from HERE.")
    assert ("HERE" in words) is is_of_token
    assert ("The token has ended" in words) is is_of_token


@pytest.mark.parametrize("code", ["+819012345678", "sk_live ABC", 7, None, "x" * 99])
def test_a_code_that_is_no_word_is_not_repeated(code: Any) -> None:
    words = refused("t", refusal(errorCode=code))
    assert words == f"t answered 403 Forbidden: No. {SCOPES}"


def test_a_hook_says_it(running: RunningSandbox, tenant: Tenant) -> None:
    assert tenant

    async def ask() -> None:
        async with access_of(running).connect():
            raise refusal(errorCode="not_entitled")

    with pytest.raises(TenantCallError, match=r"not_entitled.*plan does not have this"):
        asyncio.get_event_loop().run_until_complete(ask())
