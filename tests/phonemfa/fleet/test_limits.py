"""What a tenant's headers and 429s mean, and asking a (sandbox) tenant for them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from components.tenant.access import Access
from phonemfa.fleet.limits import WITHOUT_HEADER, Budget, Gauge, TenantSilentError
from sandbox.server.assembly import ServerConfig
from sandbox.server.running import RunningSandbox, start

NOW = "Wed, 25 Nov 2026 12:00:00 GMT"
NOW_SECONDS = 1795608000


def budget(status: int = 200, *, date: str = NOW, **headers: object) -> Budget:
    named = {f"x-ratelimit-{name}": str(value) for name, value in headers.items()}
    return Budget.of(status, {**named, "date": date})


def test_a_stack_begins_when_what_remains_is_what_it_needs() -> None:
    assert budget(limit=100, remaining=40, reset=NOW_SECONDS + 9).wait(40) == 0
    assert budget(limit=100, remaining=39, reset=NOW_SECONDS + 9).wait(40) == 9


def test_of_a_small_bucket_half_is_enough() -> None:
    assert budget(limit=2, remaining=1, reset=NOW_SECONDS + 1).wait(40) == 0
    assert budget(limit=2, remaining=0, reset=NOW_SECONDS + 1).wait(40) == 1
    assert budget(limit=50, remaining=24, reset=NOW_SECONDS + 3).wait(40) == 3


def test_a_429_waits_for_the_reset_that_the_tenant_names_on_its_own_clock() -> None:
    assert budget(429, limit=50, remaining=0, reset=NOW_SECONDS + 17).wait(1) == 17
    # A day off our own clock: only the difference counts.
    other_day = "Thu, 26 Nov 2026 12:00:00 GMT"
    assert budget(429, date=other_day, reset=NOW_SECONDS + 86400 + 17).wait(1) == 17


def test_a_429_without_a_header_waits_as_the_provider_does() -> None:
    assert Budget.of(429, {}).wait(1) == WITHOUT_HEADER
    assert Budget.of(429, {"retry-after": "12"}).wait(1) == 12


@pytest.mark.parametrize("reset", ["soon", "nan", "inf", "-5", "0", ""])
def test_a_reset_that_is_none_never_waits_for_ever(reset: str) -> None:
    waited = Budget.of(429, {"x-ratelimit-reset": reset, "date": NOW}).wait(1)
    assert 1 <= waited <= WITHOUT_HEADER


def test_a_tenant_that_says_nothing_is_not_slowed_down() -> None:
    assert Budget.of(200, {}).wait(40) == 0


# --- asked of a tenant ---


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("limits")
    with start(ServerConfig(folder, tenant_port=0, cpaas_port=0, pages_port=0)) as sandbox:
        yield sandbox


@pytest.fixture
def trusted(tenant: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    monkeypatch.setenv("SSL_CERT_FILE", str(tenant.ca_file))
    yield tenant
    control(tenant, "PUT", "/rate-limit", {"plan": "none"})
    control(tenant, "DELETE", "/requests")


def control(tenant: RunningSandbox, method: str, path: str, body: object = None) -> httpx.Response:
    with httpx.Client(base_url=tenant.tenant_url, headers=tenant.control_headers) as http:
        return http.request(method, f"/_sandbox{path}", json=body).raise_for_status()


def access_of(tenant: RunningSandbox, **other: str) -> Access:
    access = tenant.access
    values = {
        "domain": access.domain,
        "client_id": access.client_id,
        "client_secret": access.client_secret,
    }
    return Access(**{**values, **other})


def test_a_gauge_reads_the_headers_with_one_request_and_one_token(trusted: RunningSandbox) -> None:
    gauge = Gauge(access_of(trusted))
    found = [gauge.read(), gauge.read()]
    assert [one.limited for one in found] == [False, False]
    assert all(one.limit and one.remaining and one.reset_in is not None for one in found)
    logged = control(trusted, "GET", "/requests").json()["requests"]
    asked = [one["path"] for one in logged]
    assert asked == ["/oauth/token", "/api/v2/guardian/factors", "/api/v2/guardian/factors"]


def test_a_token_that_has_ended_is_asked_for_anew(trusted: RunningSandbox) -> None:
    gauge = Gauge(access_of(trusted))
    gauge.read()
    trusted.parts.tenant.clients.end_tokens()
    found = [gauge.read(), gauge.read()]
    assert [one.limited for one in found] == [False, False]
    logged = control(trusted, "GET", "/requests").json()["requests"]
    answered = [one["status"] for one in logged if one["path"].startswith("/api/v2/")]
    assert answered == [200, 401, 200]


def test_a_tenant_that_is_out_of_requests_says_when_it_has_some(trusted: RunningSandbox) -> None:
    control(trusted, "PUT", "/rate-limit", {"per_second": 0.1, "burst": 1, "enforced": True})
    gauge = Gauge(access_of(trusted))
    gauge.read()
    found = gauge.read()
    assert found.limited
    # Ten seconds, rounded up, and a Date header that may be seconds old on a busy machine.
    assert 1 <= found.wait(1) <= 15


def test_a_refused_token_is_told_without_the_secret(trusted: RunningSandbox) -> None:
    with pytest.raises(TenantSilentError, match="refused a token for client") as told:
        Gauge(access_of(trusted, client_secret="canary-secret")).read()
    assert "canary-secret" not in str(told.value)


def test_nobody_there_is_told(trusted: RunningSandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(TenantSilentError, match="No answer from"):
            Gauge(access_of(trusted, domain=f"localhost:{port}")).read()
