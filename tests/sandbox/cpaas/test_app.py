"""The CPaaS over HTTP: routes, keys, scripted answers and their faults in the asking."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.cpaas.app import build_cpaas
from sandbox.cpaas.cpaas import Cpaas
from sandbox.cpaas.script import ScriptedAnswer
from tests.sandbox.api.support import InProcess
from tests.sandbox.cpaas.account import run_action, runner_for, serving
from tests.sandbox.cpaas.test_cpaas import account

KEYS = "/_sandbox/keys"
SMS = {"messages": [{"destinations": [{"to": "819012345678"}], "content": {"text": "x"}}]}
NO_JSON = (
    *(b"", b"{", b"<xml/>", b"\xff"),
    b'{"messages":[{"destinations":[{"to":"81"}],"pause":NaN}]}',
)
HEADERS = {"authorization": "App key-1", "accept": "application/xml"}


def client_of(cpaas: Cpaas | None = None) -> httpx.Client:
    app = InProcess(build_cpaas(cpaas or account()))
    return httpx.Client(transport=app, base_url="https://cpaas")


def status(client: httpx.Client, key: str, path: str = "/sms/3/messages", body: Any = SMS) -> int:
    """The status that a request with this key is answered with."""
    return client.post(path, json=body, headers={"authorization": f"App {key}"}).status_code


def revoke(client: httpx.Client, key: str) -> int:
    return client.request("DELETE", KEYS, json={"key": key}).status_code


def test_answers_are_json_whatever_was_asked_for() -> None:
    client = client_of()
    answer = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["messages"][0]["status"]["name"] == "PENDING_ACCEPTED"


@pytest.mark.parametrize("path", ["/sms/3/messages", "/tts/3/advanced"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        *((one, "application/json") for one in NO_JSON),
        (json.dumps(SMS).encode(), "application/x-www-form-urlencoded"),
        (json.dumps(SMS).encode(), "text/plain"),
        (json.dumps(SMS).encode(), "application/xml"),
        (json.dumps(SMS).encode(), ""),
    ],
)
def test_what_is_not_json_or_says_so_is_refused(path: str, content: bytes, kind: str) -> None:
    cpaas = account()
    headers = HEADERS | {"content-type": kind}
    answer = client_of(cpaas).post(path, content=content, headers=headers)
    assert answer.status_code == 400
    assert ("errorCode" in answer.json()) == path.startswith("/sms/")
    assert cpaas.inbox.messages() == []


def test_half_a_surrogate_pair_does_not_keep_a_message_from_arriving() -> None:
    """An Action that cuts a text may halve an emoji."""
    cpaas = account()
    # By escapes: no UTF-8 holds it as it is.
    half = json.dumps(SMS).replace('"x"', r'"half \ud83d"')
    headers = HEADERS | {"content-type": "application/json"}
    answer = client_of(cpaas).post("/sms/3/messages", content=half, headers=headers)
    assert answer.json()["messages"][0]["status"]["name"] == "PENDING_ACCEPTED"
    assert [message.text for message in cpaas.inbox.messages()] == ["half \ufffd"]


def test_an_unknown_path_or_method_is_refused_in_the_error_shape() -> None:
    client = client_of()
    read = client.get("/sms/3/messages", headers=HEADERS)
    assert (read.status_code, read.headers["allow"]) == (405, "POST")
    assert read.json()["errorCode"] == "E400"
    assert client.post("/sms/2/text/advanced", json={}).json()["errorCode"] == "E404"
    old = client.post("/tts/3/single", json={}).json()
    assert old["requestError"]["serviceException"]["messageId"] == "NOT_FOUND"


def test_scripted_answers_are_used_once_in_order_and_by_channel() -> None:
    client = client_of()
    answers: list[dict[str, Any]] = [
        {"status": 503, "channel": "voice"},
        {"refusal": "REJECTED_SOURCE"},
        {"status": 401, "body": {"own": "body"}},
    ]
    added = client.post("/_sandbox/answers", json={"answers": answers})
    assert added.status_code == 201
    assert len(client.get("/_sandbox/answers").json()["answers"]) == 3
    first, second, third = (
        client.post("/sms/3/messages", json=SMS, headers=HEADERS) for _ in range(3)
    )
    assert first.json()["messages"][0]["status"]["name"] == "REJECTED_SOURCE"
    assert (second.status_code, second.json()) == (401, {"own": "body"})
    assert third.json()["messages"][0]["status"]["name"] == "PENDING_ACCEPTED"
    voice = client.post("/tts/3/advanced", json={}, headers=HEADERS)
    assert voice.status_code == 503
    assert client.get("/_sandbox/answers").json() == {"answers": []}
    assert len(client.get("/_sandbox/requests").json()["requests"]) == 2
    assert client.post("/_sandbox/reset").status_code == 204
    assert client.get("/_sandbox/requests").json() == {"requests": []}
    assert client.get("/_sandbox/health").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "'answers' is a required property"),
        ([], "body: what was sent is not"),
        ({"answers": 7}, "answers"),
        ({"answers": [{"colour": "red"}]}, "'colour' was unexpected"),
        ({"answers": [{"status": 99}]}, "answers[0].status: 99 is less"),
        ({"answers": [{"refusal": "REJECTED"}]}, "refusal: 'REJECTED' is not one of"),
        ({"answers": [{"fault": "fire"}]}, "fault: 'fire' is not one of"),
        ({"answers": [{"channel": "fax"}]}, "channel: 'fax' is not one of"),
        ({"answers": [{"delay": 61}]}, "delay: 61 is greater"),
        ({"answers": [{"status": 429, "headers": {"retry after": "1"}}]}, "headers: 'retry after'"),
        ({"answers": [{"status": 429, "headers": {"a\n": "1"}}]}, "headers: 'a"),
        ({"answers": [{"status": 429, "headers": {"a": "1\n"}}]}, "headers.a: '1"),
        ({"answers": [{"status": 500, "fault": "reset"}]}, "at most one of"),
    ],
)
def test_a_script_that_cannot_be_read_is_refused_with_the_fault(body: Any, message: str) -> None:
    cpaas = account()
    client = client_of(cpaas)
    answer = client.post("/_sandbox/answers", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert cpaas.script.pending() == []


def test_a_scripted_status_has_its_body_headers_and_delay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("sandbox.cpaas.app.anyio.sleep", sleep)
    cpaas = account()
    scripted = ScriptedAnswer(status=429, body=[], headers={"retry-after": "9"}, delay=0.3)
    cpaas.script.add([scripted])
    answer = client_of(cpaas).post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (429, [], "9")
    assert waited == [0.3]


def test_a_scripted_status_that_has_no_body_gets_none(tmp_path: Path) -> None:
    with serving(tmp_path) as account, runner_for(account) as runner:
        account.cpaas.script.add([ScriptedAnswer(status=204), ScriptedAnswer(status=304)])
        reasons = [asyncio.run(run_action(runner)).reason for _ in range(2)]
    assert reasons == [
        "CPaaS answer not understood: the message may have been sent",
        "CPaaS refused the request: HTTP 304",
    ]


@pytest.mark.parametrize("fault", ["not_utf8", "truncated", "empty", "html"])
def test_a_spoilt_answer_is_no_json(fault: Any) -> None:
    cpaas = account()
    cpaas.script.add([ScriptedAnswer(fault=fault)])
    answer = client_of(cpaas).post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"decode|Expecting|Unterminated"):
        json.loads(answer.content)


def test_without_a_connection_to_reset_the_fault_says_so() -> None:
    cpaas = account()
    cpaas.script.add([ScriptedAnswer(fault="reset")])
    assert status(client_of(cpaas), "key-1") == 501


def test_who_takes_an_answer_does_not_mind_a_reset_meanwhile() -> None:
    """The tenant's reset comes from another thread, at any moment."""
    cpaas = account()

    class Resetting:
        @property
        def channel(self) -> None:
            cpaas.reset()

    answers: Any = [Resetting()]
    cpaas.script.add(answers)
    assert cpaas.script.take("sms") is answers[0]
    assert cpaas.script.pending() == []


def test_keys_come_and_go_as_in_the_portal_and_a_reset_gives_back_the_first() -> None:
    client = client_of()
    assert client.post(KEYS, json={"key": "key-2"}).status_code == 204
    assert [status(client, key) for key in ("key-1", "key-2")] == [200, 200]
    assert (revoke(client, "key-1"), revoke(client, "key-1")) == (204, 404)
    assert [status(client, key) for key in ("key-1", "key-2")] == [401, 200]
    client.post(KEYS, json={"key": "text-only", "scopes": ["sms:message:send"]})
    assert status(client, "text-only") == 200
    assert status(client, "text-only", "/tts/3/advanced") == 403
    client.post("/_sandbox/reset")
    assert [status(client, key) for key in ("key-1", "key-2")] == [200, 401]


@pytest.mark.parametrize(
    "body",
    [
        *({"key": ""}, {"key": 7}, [], "canary", ["canary"], {"key": ["canary"]}),
        *({"key": {"canary": 1}}, {"key": "canary", "scopes": "all"}),
    ],
)
def test_what_is_no_key_is_refused_without_being_repeated(body: Any) -> None:
    refused = client_of().post(KEYS, json=body)
    assert refused.status_code == 400
    assert "canary" not in refused.text


def test_a_key_is_looked_at_before_the_request() -> None:
    nothing: dict[str, Any] = {"messages": []}
    keys = ("no-key", "key-1")
    assert [status(client_of(), key, body=nothing) for key in keys] == [401, 400]
