"""What answers of all operations share: unknown routes, the rate limit, pages of lists.

A list's `total` on a page past its end makes the official client ask for ever, so the client's own
rule is played here.
"""

from typing import Any

import pytest

from sandbox.api.limiter import RateLimit
from tests.sandbox.api.support import POST_LOGIN_ACTION, Sandbox


@pytest.mark.parametrize(
    "route",
    [
        *("GET /nowhere", "DELETE /actions/actions/", "GET /actions/actions/", "POST /logs"),
        *("POST /guardian/factors", "OPTIONS /guardian/factors", "HEAD /guardian/factors"),
        "GET /guardian/factors/sms",
    ],
)
def test_an_unknown_route_is_answered_as_recorded_and_counted(sandbox: Sandbox, route: str) -> None:
    method, path = route.split()
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


def page(sandbox: Sandbox, query: str = "", path: str = "/actions/actions") -> dict[str, Any]:
    answered: dict[str, Any] = sandbox.must("GET", f"{path}?{query}" if query else path)
    return answered


@pytest.fixture
def filled(sandbox: Sandbox) -> Sandbox:
    for number in range(5):
        sandbox.deployed(POST_LOGIN_ACTION | {"name": f"a{number}"})
    return sandbox


def test_total_is_the_whole_count_on_every_page_that_has_items(filled: Sandbox) -> None:
    first = page(filled, "page=0&per_page=2")
    assert (first["total"], first["per_page"], "page" in first) == (5, 2, False)
    last = page(filled, "page=2&per_page=2")
    assert (last["total"], last["page"], len(last["actions"])) == (5, 2, 1)


@pytest.mark.parametrize("per_page", [1, 2, 5, 100])
def test_the_official_clients_loop_ends_with_all_items(filled: Sandbox, per_page: int) -> None:
    names: list[str] = []
    number = 0
    while True:
        answered = page(filled, f"page={number}&per_page={per_page}")
        names += [one["name"] for one in answered["actions"]]
        # The client compares with `start` and `limit`, which these lists never send.
        if answered.get("total", 0) <= answered.get("start", 0) + answered.get("limit", 0):
            break
        number += 1
        assert number < 10, "the client would never stop"
    assert names == [f"a{one}" for one in range(5)]


def test_versions_and_bindings_are_paged_alike(sandbox: Sandbox) -> None:
    action_id = sandbox.deployed(POST_LOGIN_ACTION)
    sandbox.must("POST", f"/actions/actions/{action_id}/deploy")
    versions = f"/actions/actions/{action_id}/versions"
    assert page(sandbox, "per_page=1", versions)["total"] == 2
    nothing = {"versions": [], "page": 2, "per_page": 1}
    assert page(sandbox, "page=2&per_page=1", versions) == nothing
    bindings = "/actions/triggers/post-login/bindings"
    assert page(sandbox, "per_page=50", bindings) == {"bindings": [], "per_page": 50}
    ref = {"ref": {"type": "action_id", "value": action_id}}
    sandbox.must("PATCH", bindings, {"bindings": [ref, ref]})
    assert page(sandbox, "page=0&per_page=100", bindings)["total"] == 2
    nothing = {"bindings": [], "page": 1, "per_page": 100}
    assert page(sandbox, "page=1&per_page=100", bindings) == nothing
