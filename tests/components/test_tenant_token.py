"""A token is asked for when it is needed, by a clock that nobody sets."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from components.tenant.access import Access
from components.tenant.bounded_http import BoundedClient
from components.tenant.token import NoTokenError, Tokens, scopes_of
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant as SandboxTenant
from tests.components.conftest import access_of

SECRET = "canary-secret"
ACCESS = Access(domain="t.example", client_id="c", client_secret=SECRET)


class Tenant:
    """Answers token requests in turn, the last one for ever."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def granted(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json={"access_token": "t", "expires_in": 60, **changes})


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def tokens(tenant: Tenant, now: list[float] | None = None) -> Tokens:
    def http() -> BoundedClient:
        return BoundedClient(total=5, json_only=True, transport=httpx.MockTransport(tenant))

    clock = (lambda: now[0]) if now else time.monotonic
    return Tokens(ACCESS, http=http, clock=clock)


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    now, tenant = [1000.0], Tenant(granted())
    source = tokens(tenant, now)
    for now[0], asked in ((1000.0, 1), (1049.0, 1), (1050.0, 2), (1099.0, 2)):
        assert source.get() == "t"
        assert tenant.asked == asked


def test_a_tokens_life_begins_when_it_is_asked_for_and_not_when_it_arrives() -> None:
    now = [1000.0]

    class Slow(Tenant):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            now[0] += 20
            return super().__call__(request)

    tenant = Slow(granted())
    source = tokens(tenant, now)
    for now[0], asked in ((1000.0, 1), (1049.0, 1), (1050.0, 2)):
        source.get()
        assert tenant.asked == asked


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_is_put_right_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    tenant = Tenant(granted())
    source = tokens(tenant)
    source.get()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + jump)
    source.get()
    assert tenant.asked == 1


def test_a_token_that_has_ended_on_arrival_is_used_once() -> None:
    tenant = Tenant(granted(expires_in=-1))
    source = tokens(tenant)
    assert [source.get(), source.get()] == ["t", "t"]
    assert tenant.asked == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_refusal_for_now_is_repeated_and_the_waits_are_bounded(
    status: int, pauses: list[float]
) -> None:
    tenant = Tenant(httpx.Response(status), granted())
    assert tokens(tenant).get() == "t"
    tenant = Tenant(httpx.Response(status))
    with pytest.raises(NoTokenError, match=str(status)):
        tokens(tenant).get()
    assert tenant.asked == 3
    assert sum(pauses) < 10


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"error_description": f"wrong: {SECRET}"}),
        httpx.Response(403, json=[SECRET]),
        httpx.Response(200),
        httpx.Response(200, json=[SECRET]),
        granted(access_token=[SECRET]),
        granted(access_token=""),
        granted(expires_in=None),
        granted(expires_in="soon"),
        granted(expires_in=True),
    ],
)
def test_an_answer_without_a_token_is_told_once_and_without_the_secret(
    answer: httpx.Response,
) -> None:
    tenant = Tenant(answer)
    with pytest.raises(NoTokenError, match="refused a token for client c") as failed:
        tokens(tenant).get()
    assert tenant.asked == 1
    assert SECRET not in str(failed.value)


def test_threads_that_ask_at_the_same_time_cost_one_token() -> None:
    tenant = Tenant(granted())
    source = tokens(tenant)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: source.get(), range(50))) == {"t"}
    assert tenant.asked == 1


def test_the_hooks_of_a_run_share_a_token(
    running: RunningSandbox, tenant: SandboxTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    post = BoundedClient.post

    def counted(self: BoundedClient, url: str, **options: Any) -> httpx.Response:
        asked.append(url)
        return post(self, url, **options)

    monkeypatch.setattr(BoundedClient, "post", counted)
    tenant.reset("unified")
    access = access_of(running)

    async def hook() -> None:
        async with access.connect() as client:
            await client.guardian.policies.list()

    async def run() -> None:
        await asyncio.gather(hook(), hook())
        await hook()

    asyncio.get_event_loop().run_until_complete(run())
    assert asked == [f"{running.tenant_url}/oauth/token"]


@pytest.mark.parametrize(
    ("status", "error", "description", "fix"),
    [
        (401, "access_denied", "Unauthorized", "AUTH0_CLIENT_SECRET"),
        (401, "invalid_client", "Client authentication failed", "AUTH0_CLIENT_SECRET"),
        (403, "unauthorized_client", "Grant type 'client_credentials' not allowed", "Grant Types"),
        (403, "access_denied", 'Client is not authorized to access "x".', "authorise this"),
        (403, "access_denied", "Service not found: https://x/api/v2/", "custom domain"),
        (403, "access_denied", "Service not enabled within domain: x", "custom domain"),
        (429, "too_many_requests", "Client quota exceeded", "Wait"),
        (404, "", "", "is that the tenant?"),
    ],
)
def test_each_refusal_has_its_own_fix(status: int, error: str, description: str, fix: str) -> None:
    body = {"error": error, "error_description": description}
    with pytest.raises(NoTokenError) as failed:
        tokens(Tenant(httpx.Response(status, json=body))).get()
    assert fix in failed.value.fix


def test_a_client_that_signs_is_told_of_its_key_and_not_of_a_secret() -> None:
    source = Tokens(replace(ACCESS, assertion_key="k"))
    assert "ASSERTION_PRIVATE_KEY" in source._fix(401, None, "")


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
    assert scopes_of(answer) == scopes


def test_a_token_of_the_tenants_tells_its_scopes() -> None:
    source = tokens(Tenant(granted(scope="read:a update:a")))
    source.get()
    assert source.scopes == frozenset({"read:a", "update:a"})
