"""All answers together: shape against the published OpenAPI, headers, counters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from sandbox.api import RateLimit
from sandbox.tenant import routes as table
from tests.sandbox.api import openapi, tour
from tests.sandbox.api.support import Sandbox

NOT_WALKED = {("GET", "/actions/executions/{id}"): "no executions are kept; its 404 is tested"}

DEVIATIONS = {
    "current_version": "in every recorded Action, published nowhere (§4.1)",
    "created_at, updated_at": "in every recorded template, not published (§5.2)",
    "credentials": "published as required in provider answers, recorded only in lists (§5.1)",
    "credentials listed": "recorded as null in lists, not published (§5.1)",
    "from": "published with at least one character, recorded empty in defaults (§5.2)",
    "mcp-tool": "in the recorded catalogue, not in the published enumeration (§4.11)",
    "universal_login": "in recorded settings, not published (§3.1)",
    "flags": "recorded settings have flags that are not published (§3.1)",
}
"""Where recorded answers contradict the document; the recordings win."""


def deviation(path: str, message: str) -> str:
    """The entry of DEVIATIONS that explains a violation, else the violation itself."""
    rules = (
        (r".*", r".*'current_version' was unexpected.*", "current_version"),
        (
            r".*templates.*",
            r".*'created_at', 'updated_at' were unexpected.*",
            "created_at, updated_at",
        ),
        (r".*providers.*", r"'credentials' is a required property", "credentials"),
        (
            r"GET /branding/phone/providers",
            r".*'credentials' was unexpected.*",
            "credentials listed",
        ),
        (r"GET /branding/phone/templates", r"'' (should be non-empty|is too short)", "from"),
        (r"GET /actions/triggers", r"'mcp-tool' is not one of .*", "mcp-tool"),
        (r".*tenants/settings", r".*'universal_login' was unexpected.*", "universal_login"),
        (r".*tenants/settings", r".*allow_other_legacy_grant_types.*", "flags"),
    )
    for path_rule, message_rule, name in rules:
        if re.fullmatch(path_rule, path) and re.fullmatch(message_rule, message, re.DOTALL):
            return name
    return f"{path}: {message}"


@pytest.fixture(scope="module")
def answers() -> list[tuple[tuple[str, str], httpx.Response]]:
    return tour.take(Sandbox())


Answers = list[tuple[tuple[str, str], httpx.Response]]


def violations(answers: Answers) -> Iterator[str]:
    for key, answer in answers:
        published = openapi.operations().get(key)
        if published is None:  # beyond the contract's document
            continue
        status = str(answer.status_code)
        if status not in published["responses"]:
            status = next(one for one in published["responses"] if one.startswith("2"))
        schema = openapi.answer_schema(published, status)
        if answer.content and schema is not None:
            for error in openapi.validator(schema).iter_errors(answer.json()):
                yield deviation(" ".join(key), error.message)


def test_every_operation_is_walked(answers: Answers) -> None:
    walked = {key for key, _ in answers}
    assert {(one.method, one.path) for one in table.OPERATIONS} - walked == set(NOT_WALKED)


def test_answers_have_the_published_shape_but_for_what_was_recorded(answers: Answers) -> None:
    assert set(violations(answers)) == set(DEVIATIONS)


def test_every_answer_is_json_in_utf8_and_a_204_has_no_body(answers: Answers) -> None:
    for key, answer in answers:
        # Also where there is no body: each of the contract's recorded 204s has it.
        assert answer.headers["content-type"] == "application/json; charset=utf-8", key
        assert (answer.status_code == 204) == (answer.content == b""), key


def test_every_answer_tells_the_rate_limit(answers: Answers) -> None:
    for key, answer in answers:
        names = ("limit", "remaining", "reset")
        assert all(answer.headers[f"x-ratelimit-{name}"].isdigit() for name in names), key


def test_a_walk_meets_neither_unknown_routes_nor_errors() -> None:
    sandbox = Sandbox()
    walked = tour.take(sandbox)
    counters = sandbox.counters()
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
    assert counters["requests"] >= len(walked)


def test_an_execution_is_never_found(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", "/actions/executions/x")
    assert answer.json() == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "That execution does not exist.",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("DELETE", "/actions/actions/"),
        ("GET", "/actions/actions/"),
        ("POST", "/guardian/factors"),
        ("GET", "/guardian/factors/sms"),
        ("OPTIONS", "/guardian/factors"),
        ("POST", "/logs"),
    ],
)
def test_an_unknown_route_is_answered_as_recorded_and_counted(
    sandbox: Sandbox, method: str, path: str
) -> None:
    answer = sandbox.call(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
    assert sandbox.counters()["unknown_routes"] == 1


def test_there_is_no_head_request(sandbox: Sandbox) -> None:
    assert sandbox.call("HEAD", "/guardian/factors").status_code == 404
    assert sandbox.counters()["unknown_routes"] == 1


def test_an_encoded_slash_stays_inside_its_part(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", "/branding/phone/providers/a%2Fb")
    assert answer.json()["message"] == "Notification Resource not found"


class TestRateLimit:
    FREE = RateLimit(per_second=2, burst=2, enforced=True)

    def test_it_is_off_by_default(self, sandbox: Sandbox) -> None:
        for _ in range(60):
            answer = sandbox.call("GET", "/guardian/policies")
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-remaining"] == "0"

    def test_the_free_plans_limit_can_be_had(self) -> None:
        sandbox = Sandbox(rate_limit=self.FREE)
        statuses = [sandbox.call("GET", "/guardian/policies").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
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
                now = sandbox.clock.now_ns() / 1e9
                wait = int(answer.headers["x-ratelimit-reset"]) - now
                assert 0 < wait <= 2
                sandbox.clock.advance(wait)
                assert sandbox.call("GET", "/guardian/policies").status_code == 200

    def test_an_hour_of_silence_saves_up_no_more_than_the_burst(self) -> None:
        sandbox = Sandbox(rate_limit=self.FREE)
        sandbox.clock.advance(3600)
        statuses = [sandbox.call("GET", "/guardian/policies").status_code for _ in range(3)]
        assert statuses == [200, 200, 429]

    def test_it_can_be_switched_on_while_the_tenant_runs(self, sandbox: Sandbox) -> None:
        body = {"per_second": 1, "burst": 1, "enforced": True}
        assert sandbox.http.put("/_sandbox/rate-limit", json=body).status_code == 204
        statuses = [sandbox.call("GET", "/guardian/policies").status_code for _ in range(2)]
        assert statuses == [200, 429]
        assert sandbox.ask_token().status_code == 200

    def test_a_plan_can_be_named(self, sandbox: Sandbox) -> None:
        for plan, expected in (("free", [200, 200, 429]), ("none", [200, 200, 200])):
            answer = sandbox.http.put("/_sandbox/rate-limit", json={"plan": plan})
            assert answer.status_code == 204
            statuses = [sandbox.call("GET", "/guardian/policies").status_code for _ in range(3)]
            assert statuses == expected
        assert sandbox.http.put("/_sandbox/rate-limit", json={"plan": "gold"}).status_code == 400
