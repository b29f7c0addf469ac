"""The CPaaS over HTTP: routes, scripted answers and their faults in the asking."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.cpaas.app import build_cpaas
from sandbox.cpaas.cpaas import Cpaas
from sandbox.cpaas.script import ScriptedAnswer
from sandbox.inbox.inbox import Inbox
from tests.sandbox.api.support import InProcess
from tests.sandbox.cpaas.account import run_action, runner_for, serving

SMS = {"messages": [{"destinations": [{"to": "819012345678"}], "content": {"text": "x"}}]}
HEADERS = {"authorization": "App key-1", "accept": "application/xml"}


def account() -> Cpaas:
    return Cpaas(Inbox(), ["key-1"])


def client_of(cpaas: Cpaas | None = None) -> httpx.Client:
    app = InProcess(build_cpaas(cpaas or account()))
    return httpx.Client(transport=app, base_url="https://cpaas")


def test_answers_are_json_whatever_was_asked_for() -> None:
    client = client_of()
    answer = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["messages"][0]["status"]["name"] == "PENDING_ACCEPTED"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"<xml/>", b"\xff", b'{"messages":[{"destinations":[{"to":"81"}],"pause":NaN}]}'],
)
def test_what_is_not_json_is_400(content: bytes) -> None:
    client = client_of()
    answer = client.post("/tts/3/advanced", content=content, headers=HEADERS)
    assert answer.status_code == 400
    assert answer.json()["requestError"]["serviceException"]["messageId"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "", "application/xml"]
)
@pytest.mark.parametrize("path", ["/sms/3/messages", "/tts/3/advanced"])
def test_json_that_says_to_be_something_else_is_refused(path: str, kind: str) -> None:
    cpaas = account()
    client = client_of(cpaas)
    headers = HEADERS | {"content-type": kind}
    answer = client.post(path, content=json.dumps(SMS), headers=headers)
    assert answer.status_code == 400
    assert ("errorCode" in answer.json()) == path.startswith("/sms/")
    assert cpaas.inbox.messages() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", {"text": ""}),
        ("content", {"text": " \n"}),
        ("sender", "TwelveLetter"),
        ("sender", "12345678901234567"),
        ("unknown", "x"),
    ],
)
def test_an_sms_that_the_vendor_would_not_take_is_refused_in_its_shape(
    field: str, value: object
) -> None:
    client = client_of()
    body = {"messages": [SMS["messages"][0] | {field: value}]}
    answer = client.post("/sms/3/messages", json=body, headers=HEADERS)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "E400")
    assert answer.json()["violations"][0]["property"].startswith("messages[0]")


def test_half_a_surrogate_pair_does_not_keep_a_message_from_arriving() -> None:
    """An Action that cuts a text may halve an emoji."""
    cpaas = account()
    # By escapes: no UTF-8 holds it as it is.
    half = str(SMS).replace("'", '"').replace('"x"', r'"half \ud83d"').encode()

    client = client_of(cpaas)
    answer = client.post(
        "/sms/3/messages", content=half, headers=HEADERS | {"content-type": "application/json"}
    )
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
    first = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert first.json()["messages"][0]["status"]["name"] == "REJECTED_SOURCE"
    second = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert (second.status_code, second.json()) == (401, {"own": "body"})
    third = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
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
        ([], "body: [] is not"),
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


def test_a_scripted_status_has_the_body_and_headers_it_is_given() -> None:
    cpaas = account()
    cpaas.script.add([ScriptedAnswer(status=429, body=[], headers={"retry-after": "9"})])

    client = client_of(cpaas)
    answer = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (429, [], "9")


def test_a_scripted_status_that_has_no_body_gets_none(tmp_path: Path) -> None:
    with serving(tmp_path) as account, runner_for(account) as runner:
        account.cpaas.script.add([ScriptedAnswer(status=204), ScriptedAnswer(status=304)])
        reasons = [asyncio.run(run_action(runner)).reason for _ in range(2)]
    assert reasons == [
        "CPaaS answer not understood: the message may have been sent",
        "CPaaS refused the request: HTTP 304",
    ]


def test_without_a_connection_to_reset_the_fault_says_so() -> None:
    cpaas = account()
    cpaas.script.add([ScriptedAnswer(fault="reset")])

    client = client_of(cpaas)
    answer = client.post("/sms/3/messages", json=SMS, headers=HEADERS)
    assert answer.status_code == 501
