"""Answers that are of no operation: unknown routes, the rate limit."""

import pytest

from sandbox.api.limiter import RateLimit
from tests.sandbox.api.support import Sandbox


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("DELETE", "/actions/actions/"),
        ("GET", "/actions/actions/"),
        ("POST", "/guardian/factors"),
        ("GET", "/guardian/factors/sms"),
        ("OPTIONS", "/guardian/factors"),
        ("HEAD", "/guardian/factors"),
        ("POST", "/logs"),
    ],
)
def test_an_unknown_route_is_answered_as_recorded_and_counted(
    sandbox: Sandbox, method: str, path: str
) -> None:
    answer = sandbox.call(method, path)
    assert answer.status_code == 404
    said = {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
    assert method == "HEAD" or answer.json() == said
    assert sandbox.counters()["unknown_routes"] == 1


def test_an_encoded_slash_stays_inside_its_part(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", "/branding/phone/providers/a%2Fb")
    assert answer.json()["message"] == "Notification Resource not found"


class TestRateLimit:
    FREE = RateLimit(per_second=2, burst=2, enforced=True)

    def statuses(self, sandbox: Sandbox) -> list[int]:
        return [sandbox.call("GET", "/guardian/policies").status_code for _ in range(3)]

    def test_it_is_off_by_default(self, sandbox: Sandbox) -> None:
        for _ in range(60):
            answer = sandbox.call("GET", "/guardian/policies")
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-remaining"] == "0"

    def test_the_free_plans_limit_can_be_had_and_silence_saves_up_no_more_than_the_burst(
        self,
    ) -> None:
        sandbox = Sandbox(rate_limit=self.FREE)
        for _ in range(2):
            assert self.statuses(sandbox) == [200, 200, 429]
            sandbox.clock.advance(3600)
        self.statuses(sandbox)
        refused = sandbox.call("GET", "/guardian/policies")
        assert refused.json() == {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "Global limit has been reached",
            "errorCode": "too_many_requests",
        }
        assert refused.headers["x-ratelimit-limit"] == "2"
        assert refused.headers["x-ratelimit-remaining"] == "0"

    def test_whoever_waits_until_the_reset_is_let_in(self) -> None:
        sandbox = Sandbox(rate_limit=self.FREE)
        for _ in range(20):
            answer = sandbox.call("GET", "/guardian/policies")
            if answer.status_code == 429:
                now = sandbox.clock() / 1e9
                wait = int(answer.headers["x-ratelimit-reset"]) - now
                assert 0 < wait <= 2
                sandbox.clock.advance(wait)
                assert sandbox.call("GET", "/guardian/policies").status_code == 200

    def test_a_plan_can_be_named(self, sandbox: Sandbox) -> None:
        for plan, expected in (("free", [200, 200, 429]), ("none", [200, 200, 200])):
            answer = sandbox.http.put("/_sandbox/rate-limit", json={"plan": plan})
            assert answer.status_code == 204
            assert self.statuses(sandbox) == expected
        assert sandbox.http.put("/_sandbox/rate-limit", json={"plan": "gold"}).status_code == 400
