"""Control routes under /_sandbox/."""

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.api.app import build_api
from sandbox.api.request_log import MASK, RequestLog, redacted
from sandbox.tenant.factor_settings import _KINDS
from tests.sandbox.api.support import (
    CUSTOM_PHONE_ACTION,
    CUSTOM_PROVIDER,
    DOMAIN,
    POST_LOGIN_ACTION,
    TWILIO_PROVIDER,
    InProcess,
    Sandbox,
)

SECRET = "canary-secret-value"
TEMPLATE = {"id": "x", "type": "otp_verify", "disabled": False, "updated_at": 1, "content": {}}
SECRET_PROVIDER = TWILIO_PROVIDER | {"credentials": {"auth_token": SECRET}}
WITH_SECRET = CUSTOM_PHONE_ACTION | {"secrets": [{"name": "KEY", "value": SECRET}]}


def log(sandbox: Sandbox, after: int = 0) -> list[dict[str, Any]]:
    answered = sandbox.http.get(f"/_sandbox/requests?after={after}").json()["requests"]
    return list(answered)


def test_what_a_read_leaves_out_as_a_secret_the_log_masks() -> None:
    secrets = {name for kind in _KINDS.values() for name in kind.unread}
    assert len(secrets) > 3
    assert redacted(dict.fromkeys(secrets, SECRET)) == dict.fromkeys(secrets, MASK)


def test_health_says_who_and_how_it_is(sandbox: Sandbox) -> None:
    sandbox.call("GET", "/nowhere")
    health = sandbox.http.get("/_sandbox/health").json()
    assert health["instance_id"]
    assert health | {"instance_id": "x"} == {
        "status": "ok",
        "instance_id": "x",
        "tenant": "sandbox",
        "domain": DOMAIN,
        "generation": "unified",
        "counters": {"requests": 2, "unknown_routes": 1, "errors": 0},
    }
    assert Sandbox().http.get("/_sandbox/health").json()["instance_id"] != health["instance_id"]


def test_unknown_control_routes_are_not_auth0s(sandbox: Sandbox) -> None:
    answer = sandbox.http.get("/_sandbox/nope")
    assert (answer.status_code, "control route" in answer.json()["message"]) == (404, True)
    assert sandbox.http.put("/_sandbox/health").status_code == 404
    assert sandbox.counters()["unknown_routes"] == 0


def test_a_reset_begins_anew_but_tokens_stay_valid(sandbox: Sandbox) -> None:
    sandbox.deployed(WITH_SECRET)
    sandbox.http.post("/_sandbox/faults", json={"status": 503, "times": None})
    assert sandbox.http.post("/_sandbox/reset").status_code == 204
    assert sandbox.counters() == {"requests": 0, "unknown_routes": 0, "errors": 0}
    assert sandbox.must("GET", "/actions/actions")["actions"] == []


@pytest.mark.parametrize("route", ["reset", "generation"])
def test_the_generation_can_be_chosen(sandbox: Sandbox, route: str) -> None:
    for generation in ("legacy", "unified"):
        answer = sandbox.http.post(f"/_sandbox/{route}", json={"generation": generation})
        assert (answer.status_code, sandbox.tenant.generation) == (204, generation)


class TestState:
    def test_it_can_be_taken_and_put_back(self, sandbox: Sandbox) -> None:
        sandbox.deployed(WITH_SECRET)
        sandbox.must("POST", "/branding/phone/providers", CUSTOM_PROVIDER)
        state = sandbox.http.get("/_sandbox/state?secrets=true").json()
        before = sandbox.must("GET", "/actions/actions")
        sandbox.http.post("/_sandbox/reset")
        assert sandbox.http.put("/_sandbox/state", json=state).status_code == 204
        assert sandbox.must("GET", "/actions/actions") == before
        running = sandbox.tenant.deployed_action("custom-phone-provider")
        assert running is not None
        assert running.secrets == {"KEY": SECRET}

    def test_secrets_are_masked_unless_asked_for_and_clients_and_keys_not_in_it(
        self, sandbox: Sandbox
    ) -> None:
        sandbox.deployed(WITH_SECRET)
        sandbox.must("POST", "/branding/phone/providers", SECRET_PROVIDER)
        masked = sandbox.http.get("/_sandbox/state").text
        assert (SECRET in masked, MASK in masked) == (False, True)
        state = sandbox.http.get("/_sandbox/state?secrets=true").text
        assert state.count(SECRET) == 3
        assert sandbox.tenant.credentials.client_secret not in state
        assert sandbox.tenant.clients.signing_key() not in state

    def test_an_id_that_is_no_text_is_refused(self, sandbox: Sandbox) -> None:
        sandbox.deployed()
        state = sandbox.http.get("/_sandbox/state").json()
        (action,) = state["content"]["actions"].values()
        action["id"] = []
        assert sandbox.http.put("/_sandbox/state", json=state).status_code == 400


class TestRequests:
    def test_calls_are_logged_in_order_with_their_bodies(self, sandbox: Sandbox) -> None:
        sandbox.call("GET", "/actions/actions?page=0&per_page=100")
        sandbox.http.get("/_sandbox/health")  # of the sandbox itself: not among them
        sandbox.call("PUT", "/guardian/factors/sms", {"enabled": True})
        sandbox.call("PUT", "/guardian/policies", content=b"\xff{")
        entries = log(sandbox)
        assert [one["seq"] for one in entries] == [1, 2, 3, 4]
        assert entries[1] == {
            "seq": 2,
            "method": "GET",
            "path": "/api/v2/actions/actions?page=0&per_page=100",
            "status": 200,
            "body": None,
            "fault": False,
        }
        assert entries[2]["body"] == {"enabled": True}
        assert entries[3]["body"] == "<2 bytes that are neither JSON nor a form>"

    def test_nothing_secret_is_in_it(self, sandbox: Sandbox) -> None:
        sandbox.must("POST", "/actions/actions", WITH_SECRET)
        sandbox.must("POST", "/branding/phone/providers", SECRET_PROVIDER)
        sandbox.ask_token(client_secret=SECRET)
        sandbox.tenant.switch("legacy")
        sandbox.must("PUT", "/guardian/factors/sms/providers/twilio", {"auth_token": SECRET})
        shown = sandbox.http.get("/_sandbox/requests").text
        assert SECRET not in shown
        assert sandbox.token not in shown
        assert sandbox.tenant.credentials.client_secret not in shown
        assert shown.count(MASK) == 5

    def test_only_later_ones_can_be_asked_for_and_the_numbers_go_on(self, sandbox: Sandbox) -> None:
        sandbox.call("GET", "/guardian/factors")
        assert [one["seq"] for one in log(sandbox, after=1)] == [2]
        assert sandbox.http.get("/_sandbox/requests?after=x").status_code == 400
        sandbox.http.delete("/_sandbox/requests")
        assert log(sandbox) == []
        sandbox.call("GET", "/guardian/factors")
        assert [one["seq"] for one in log(sandbox)] == [3]

    def test_the_log_is_bounded_in_number_and_size(self) -> None:
        requests = RequestLog(capacity=3, max_body_bytes=100)
        for size in (1, 2, 3, 4, 95):
            requests.add(method="GET", path="/", status=200, body=size, size=size)
        assert [one["body"] for one in requests.entries()] == [4, 95]
        assert requests.entries()[-1]["seq"] == 5
        assert requests.counters.requests == 5


def test_builds_can_be_made_to_take_time(sandbox: Sandbox) -> None:
    scripted = [{"status": "building", "seconds": 5}, {"status": "built"}]
    body = {"scripted": [scripted], "default": [{"status": "failed"}], "deploy_seconds": 1}
    assert sandbox.http.put("/_sandbox/builds", json=body).status_code == 204
    action_id = sandbox.must("POST", "/actions/actions", POST_LOGIN_ACTION)["id"]
    path = f"/actions/actions/{action_id}"
    for seconds, status in ((0, "building"), (6, "built")):
        sandbox.clock.advance(seconds)
        assert sandbox.must("GET", path)["status"] == status
    sandbox.must("POST", f"{path}/deploy")
    assert "deployed_version" not in sandbox.must("GET", path)
    sandbox.clock.advance(2)
    assert sandbox.must("GET", path)["deployed_version"]["deployed"] is True
    sandbox.must("PATCH", path, {})
    assert sandbox.must("GET", path)["status"] == "failed"


def test_a_client_can_be_made_with_a_given_id_and_secret(sandbox: Sandbox) -> None:
    wanted = {"client_id": "mine", "client_secret": "known"}
    assert sandbox.http.post("/_sandbox/clients", json=wanted).status_code == 201
    assert sandbox.ask_token(**wanted).status_code == 200


CONTENTS: list[Any] = [
    *({"actions": {"x": 1}}, {"actions": {"x": {}}}),
    {"bindings": {"post-login": {"items": [{"action_id": "gone"}]}}},
    {"phone_providers": {"x": {"id": "x"}}},
    {"logs": {"x": {"log_id": 5, "type": "fn"}}},
    {"phone_templates": {"x": TEMPLATE | {"created_at": 10**30}}},
    {"phone_templates": {"x": {"type": "unheard of"}}},
    {"singletons": {"guardian factors": {"value": []}, "settings": {}}},
    {"singletons": {"guardian twilio": {"value": 1}}},
]


@pytest.mark.parametrize(
    ("route", "bodies"),
    [
        ("PUT /state", [{}, [], *({"content": one} for one in CONTENTS)]),
        ("POST /reset", [{"generation": "new"}, {"x": 1}, []]),
        ("POST /generation", [{}]),
        (
            "PUT /builds",
            [{}, {"default": []}, {"deploy_seconds": -1}, {"deploy_seconds": 1e300}, {"x": 1}],
        ),
        ("POST /clients", [{"scopes": "read:actions"}, {"client_id": ""}, {"x": 1}]),
        ("PUT /assumptions", [{"unknown": True}, {"second_provider_refused": "yes"}, []]),
        ("PUT /rate-limit", [{"plan": "x"}, {"per_second": 5e-324}, {"burst": 0}, {"x": 1}, []]),
        (
            "POST /faults",
            [
                *({}, [], None, {"x": 1}, {"seen": 1}, {"times": "1"}, {"nth": 0}, {"path": "("}),
                *({"status": 99}, {"when": "soon"}, {"retry_after_date_in_seconds": 10**12}),
                *({"headers": {"x": "日本"}}, {"headers": {"x": "a\nb"}}, {"headers": {"": "x"}}),
            ],
        ),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    sandbox: Sandbox, route: str, bodies: list[Any]
) -> None:
    method, path = route.split()
    before = sandbox.tenant.export()
    for body in bodies:
        answer = sandbox.http.request(method, f"/_sandbox{path}", json=body)
        assert (answer.status_code, *answer.json()) == (400, "error"), body
        assert sandbox.tenant.export() == before
    assert sandbox.http.get("/_sandbox/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("POST /clients", {"client_secret": 7_654_321}),
        ("POST /clients", {"client_secret": ["7654321"]}),
        ("POST /clients", [{"client_secret": "7654321"}]),
        ("PUT /state", {"content": [{"auth_token": "7654321"}]}),
        ("PUT /state", {"content": {"phone_providers": [{"auth_token": "7654321"}]}}),
        ("POST /reset", {"generation": {"auth_token": "7654321"}}),
    ],
)
def test_a_refusal_repeats_nothing_that_may_be_or_hold_a_secret(
    sandbox: Sandbox, route: str, body: Any
) -> None:
    method, path = route.split()
    refused = sandbox.http.request(method, f"/_sandbox{path}", json=body)
    assert "what was sent is not" in refused.json()["error"]
    assert "7654321" not in refused.text


def test_routes_of_other_parts_are_kept_apart(sandbox: Sandbox) -> None:
    async def own(_request: Request) -> Response:
        return PlainTextResponse("own")

    async def broken(_request: Request) -> Response:
        raise RuntimeError("canary")

    app = build_api(
        sandbox.tenant,
        notifier=None,
        extra_routes=[Route("/_sandbox/own", own), Route("/_sandbox/broken", broken)],
    )
    http = httpx.Client(transport=InProcess(app), base_url=f"https://{DOMAIN}")
    assert http.get("/_sandbox/own").text == "own"
    answer = http.get("/_sandbox/broken")
    assert (answer.status_code, "canary" in answer.text) == (500, False)
    assert http.get("/_sandbox/health").json()["counters"]["errors"] == 1
