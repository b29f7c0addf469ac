"""Scripted faults: the tenant misbehaves exactly as told."""

import contextlib
import email.utils
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.api.oauth import issue
from sandbox.web.connection import HEAD_THAT_DOES_NOT_END
from tests.sandbox.api import live
from tests.sandbox.api.live import Live
from tests.sandbox.api.support import Sandbox
from tests.sandbox.engine.test_ensure import until

FACTORS = "/guardian/factors"


def arm(sandbox: Sandbox, **fault: Any) -> None:
    answer = sandbox.http.post("/_sandbox/faults", json=fault)
    assert answer.status_code == 201, answer.text


def statuses(sandbox: Sandbox, times: int, path: str = FACTORS) -> list[int]:
    return [sandbox.call("GET", path).status_code for _ in range(times)]


class TestMatching:
    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ({}, [500, 200, 200]),
            ({"nth": 2, "times": 2}, [200, 500, 500, 200, 200]),
            ({"times": None}, [500] * 20),
        ],
    )
    def test_it_strikes_once_or_as_told_until_it_is_taken_back(
        self, sandbox: Sandbox, fault: dict[str, Any], expected: list[int]
    ) -> None:
        arm(sandbox, status=500, **fault)
        assert statuses(sandbox, len(expected)) == expected
        sandbox.http.delete("/_sandbox/faults")
        assert statuses(sandbox, 1) == [200]

    def test_it_strikes_its_method_and_path_alone(self, sandbox: Sandbox) -> None:
        arm(sandbox, status=500, method="PUT|PATCH", path="/factors/sms$", times=None)
        assert statuses(sandbox, 1) == [200]
        for factor, status in (("email", 200), ("sms", 500)):
            answer = sandbox.call("PUT", f"{FACTORS}/{factor}", {"enabled": True})
            assert answer.status_code == status

    def test_the_first_of_several_wins_and_all_count(self, sandbox: Sandbox) -> None:
        arm(sandbox, status=500)
        arm(sandbox, status=502, times=2)
        assert statuses(sandbox, 3) == [500, 502, 200]
        seen = [one["seen"] for one in sandbox.http.get("/_sandbox/faults").json()["faults"]]
        assert seen == [3, 3]

    def test_tokens_can_fail_and_control_routes_cannot(self, sandbox: Sandbox) -> None:
        arm(sandbox, status=500, times=None)
        assert sandbox.ask_token().status_code == 500
        assert sandbox.http.get("/_sandbox/health").status_code == 200


class TestClocks:
    @pytest.mark.parametrize("seconds", [-3600, 3600])
    def test_a_reset_is_told_from_this_machines_time(self, sandbox: Sandbox, seconds: int) -> None:
        arm(sandbox, status=429, reset_in_seconds=seconds, retry_after_date_in_seconds=seconds)
        before = time.time()
        headers = sandbox.call("GET", FACTORS).headers
        told = email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp()
        for one in (int(headers["x-ratelimit-reset"]), told):
            assert before - 1 <= one - seconds <= time.time() + 1

    def test_ended_tokens_are_refused_and_new_ones_are_not(self, sandbox: Sandbox) -> None:
        arm(sandbox, end_tokens=True, nth=2)
        assert statuses(sandbox, 3) == [200, 401, 401]
        sandbox.token = sandbox.ask_token().json()["access_token"]
        assert statuses(sandbox, 1) == [200]


class TestAnswers:
    @pytest.mark.parametrize(("status", "phrase"), [(429, "Too Many Requests"), (524, "Unknown")])
    def test_without_a_body_it_is_an_envelope_that_says_nothing_of_time(
        self, sandbox: Sandbox, status: int, phrase: str
    ) -> None:
        arm(sandbox, status=status, headers={"x-own": "1"})
        answer = sandbox.call("GET", FACTORS)
        assert (answer.json()["statusCode"], answer.json()["error"]) == (status, phrase)
        assert (answer.status_code, answer.headers["x-own"]) == (status, "1")
        assert not {"x-ratelimit-reset", "retry-after"} & set(answer.headers)

    def test_a_body_can_be_json_or_anything(self, sandbox: Sandbox) -> None:
        arm(sandbox, status=502, raw_body="<html>", headers={"content-type": "text/html"})
        arm(sandbox, status=400, body={"errorCode": "x"}, nth=2)
        answer = sandbox.call("GET", FACTORS)
        assert (answer.text, answer.headers["content-type"]) == ("<html>", "text/html")
        assert sandbox.call("GET", FACTORS).json() == {"errorCode": "x"}

    @pytest.mark.parametrize(("when", "kept"), [("before", []), ("after", ["all-applications"])])
    def test_it_comes_before_or_after_the_effect_and_the_log_tells_it_from_a_refusal(
        self, sandbox: Sandbox, when: str, kept: list[str]
    ) -> None:
        arm(sandbox, status=503, method="PUT", when=when)
        assert sandbox.call("PUT", "/guardian/policies", ["all-applications"]).status_code == 503
        assert sandbox.tenant.policies() == kept
        entry = sandbox.http.get("/_sandbox/requests").json()["requests"][-1]
        assert (entry["status"], entry["fault"], entry["body"]) == (503, True, ["all-applications"])
        assert sandbox.counters()["errors"] == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live.serve(tmp_path_factory.mktemp("live")) as running:
        yield running


def policies_request(token: str) -> bytes:
    return (
        "PUT /api/v2/guardian/policies HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        'Content-Length: 20\r\n\r\n["all-applications"]'
    ).encode()


def received(connection: ssl.SSLSocket, expected: bytes, *, more: float = 0.2) -> bytes:
    """What comes until that has come, and in so many seconds after it."""
    got = b""
    connection.settimeout(30)
    while len(got) < len(expected) and (part := connection.recv(1000)):
        got += part
    end = time.monotonic() + more
    while (left := end - time.monotonic()) > 0:
        connection.settimeout(left)
        with contextlib.suppress(TimeoutError):
            got += connection.recv(1000)
    return got


class TestOnTheWire:
    """What only a real connection can show."""

    @pytest.fixture
    def http(self, server: Live) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=server.url, verify=server.context(), timeout=30) as client:
            client.post("/_sandbox/reset").raise_for_status()
            yield client

    def token(self, server: Live) -> str:
        tenant = server.tenant
        return issue(tenant, tenant.clients.all()[0], ["update:mfa_policies"])

    def put(self, server: Live, http: httpx.Client) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(server)}"}
        policies = ["all-applications"]
        return http.put("/api/v2/guardian/policies", json=policies, headers=headers)

    def arm(self, http: httpx.Client, **fault: Any) -> None:
        http.post("/_sandbox/faults", json=fault | {"path": "policies"}).raise_for_status()

    @pytest.mark.parametrize(("when", "kept"), [("before", []), ("after", ["all-applications"])])
    def test_a_cut_comes_before_or_after_the_effect(
        self, server: Live, http: httpx.Client, when: str, kept: list[str]
    ) -> None:
        self.arm(http, close=True, when=when)
        with pytest.raises(httpx.TransportError):
            self.put(server, http)
        assert server.tenant.policies() == kept
        entry = http.get("/_sandbox/requests").json()["requests"][-1]
        assert (entry["status"], entry["fault"]) == (None, True)

    @pytest.mark.parametrize("size", [0, 3])
    def test_a_truncated_answer_promised_more(
        self, server: Live, http: httpx.Client, size: int
    ) -> None:
        self.arm(http, truncate_bytes=size)
        with pytest.raises(httpx.RemoteProtocolError, match=r"(?i)peer closed|incomplete"):
            self.put(server, http)
        assert server.tenant.policies() == ["all-applications"]
        assert http.get("/_sandbox/requests").json()["requests"][-1]["fault"] is True

    @pytest.mark.parametrize("fault", [{"silent": True}, {"trickle": "head"}])
    def test_an_answer_that_never_comes_holds_up_nobody_else(
        self, server: Live, http: httpx.Client, fault: dict[str, Any]
    ) -> None:
        self.arm(http, **fault, when="after", trickle_seconds=0.02)
        with server.connection() as waiting:
            waiting.sendall(policies_request(self.token(server)))
            assert http.get("/_sandbox/health").status_code == 200
            begun = b"" if "silent" in fault else HEAD_THAT_DOES_NOT_END
            got = received(waiting, begun)
            until(lambda: server.tenant.policies() == ["all-applications"])
        assert got.startswith(begun)
        assert bool(got) is ("trickle" in fault)
        assert b"\r\n\r\n" not in got

    def test_a_delay_holds_up_nobody_else(self, http: httpx.Client) -> None:
        self.arm(http, delay_seconds=60)
        with pytest.raises(httpx.ReadTimeout):
            http.put("/api/v2/guardian/policies", json=[], timeout=httpx.Timeout(30, read=0.1))
        assert http.get("/_sandbox/health", timeout=30).status_code == 200

    def test_a_client_that_leaves_is_no_error(self, server: Live, http: httpx.Client) -> None:
        # The last one is in the log; by then the others have been met.
        for path in ("_sandbox/faults", "_sandbox/clients", "oauth/token"):
            head = f"POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
            with server.connection() as connection:
                connection.sendall(f"{head}ab".encode())
        while not http.get("/_sandbox/requests").json()["requests"]:
            pass
        assert http.get("/_sandbox/health").json()["counters"]["errors"] == 0
        assert server.tenant.policies() == []
