"""The pipeline's control routes."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.inbox import Message
from sandbox.inbox.inbox import Inbox
from sandbox.notifications.routes import routes
from sandbox.notifications.service import NotificationService
from tests.sandbox.api.support import InProcess
from tests.sandbox.notifications.fakes import FakeRunner, a_tenant

TO = "+819012345678"


class Desk:
    """The routes over HTTP, with the inbox behind them."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.service = NotificationService(a_tenant(), FakeRunner(), new_code=lambda _: "482913")
        self.app = Starlette(routes=routes(self.service, self.inbox))

    def client(self) -> httpx.Client:
        return httpx.Client(transport=InProcess(self.app), base_url="https://t")

    def talk(self, conversation: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        async def run() -> None:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="https://t") as client:
                await conversation(client)

        asyncio.run(run())


def message(text: str = "x") -> Message:
    return Message(channel="sms", to=TO, sender="S", text=text, message_id="m")


def test_a_challenge_answers_with_its_delivery() -> None:
    desk = Desk()
    client = desk.client()
    body = {"to": TO, "delivery_method": "voice", "message_type": "otp_enroll", "locale": "en"}
    answer = client.post("/_sandbox/challenge", json=body)
    assert answer.status_code == 200
    delivery = answer.json()
    assert (
        delivery["outcome"],
        delivery["attempts"],
        delivery["code"],
        delivery["locale"],
    ) == (
        "success",
        1,
        "482913",
        "en",
    )
    listed = client.get("/_sandbox/deliveries").json()
    assert listed == {"deliveries": [delivery]}
    short = client.post("/_sandbox/challenge", json={"to": TO})
    assert (short.json()["delivery_method"], short.json()["message_type"]) == (
        "text",
        "otp_verify",
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "body: [] is not of type 'object'"),
        ({}, "'to' is a required property"),
        ({"to": ""}, "to: ''"),
        ({"to": 7}, "to: 7 is not of type 'string'"),
        ({"to": TO, "method": "text"}, "'method' was unexpected"),
        ({"to": TO, "delivery_method": "sms"}, "'sms' is not one of ['text', 'voice']"),
        ({"to": TO, "message_type": "otp"}, "'otp' is not one of ['otp_verify'"),
        ({"to": TO, "locale": 7}, "locale"),
    ],
)
def test_a_challenge_that_cannot_be_read_is_refused_with_the_fault(body: Any, message: str) -> None:
    desk = Desk()
    client = desk.client()
    answer = client.post("/_sandbox/challenge", content=json.dumps(body))
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert client.post("/_sandbox/challenge", content=b"{").status_code == 400
    assert desk.service.deliveries() == []


def test_messages_are_found_by_phone_and_time() -> None:
    desk = Desk()
    first = desk.inbox.add(message("a"))
    second = desk.inbox.add(message("b"))
    client = desk.client()

    def texts(**query: str) -> list[str]:
        answer = client.get("/_sandbox/messages", params=query)
        return [one["text"] for one in answer.json()["messages"]]

    assert texts() == ["a", "b"]
    assert texts(to=TO) == ["a", "b"]
    assert texts(newest="1") == ["b"]
    assert texts(to="819012345678", after=first.received_at) == ["b"]
    assert texts(to="+819000000000") == []
    answer = (client.get("/_sandbox/messages", params={"after": first.received_at})).json()
    assert answer["messages"] == [{**second.to_json(), "codes": []}]


def test_waiting_ends_with_the_message_or_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    asked = asyncio.Event()
    wait_for = desk.inbox.wait_for

    async def noticed(**asked_for: Any) -> Message:
        asked.set()
        return await wait_for(**asked_for)

    monkeypatch.setattr(desk.inbox, "wait_for", noticed)

    async def conversation(client: httpx.AsyncClient) -> None:
        waiting = asyncio.create_task(
            client.get("/_sandbox/messages", params={"to": TO, "wait": "30"})
        )
        await asked.wait()
        desk.inbox.add(message("came"))
        assert [one["text"] for one in (await waiting).json()["messages"]] == ["came"]
        query = {"to": "+819000000000", "wait": "0.01"}
        vain = await client.get("/_sandbox/messages", params=query)
        assert (vain.status_code, vain.json()) == (200, {"messages": []})

    desk.talk(conversation)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"wait": "1"}, "'to' is a dependency of 'wait'"),
        ({"to": TO, "wait": "31"}, "wait: 31 is greater"),
        ({"channel": "fax"}, "channel: 'fax' is not one of ['sms', 'voice']"),
        ({"to": TO, "wait": "-1"}, "wait: -1 is less"),
        ({"to": TO, "wait": "nan"}, "wait: 'nan' is not"),
        ({"to": TO, "wait": "long"}, "wait: 'long' is not"),
        ({"newest": "0"}, "newest: 0 is less"),
        ({"newest": "all"}, "newest: 'all' is not"),
        ({"after": "yesterday"}, "yesterday"),
        ({"after": "2026-01-31T09:00:00"}, "has no UTC offset"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: dict[str, str], message: str) -> None:
    client = Desk().client()
    answer = client.get("/_sandbox/messages", params=query)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_a_channel_is_waited_for_by_itself_and_its_codes_are_read() -> None:
    desk = Desk()
    sms = desk.inbox.add(message("コードは 482913 です。"))
    call = dataclasses.replace(message("4, 8, 2, 9, 1, 4"), channel="voice")

    async def conversation(client: httpx.AsyncClient) -> None:
        query = {"to": TO, "channel": "voice", "wait": "30"}
        waiting = asyncio.create_task(client.get("/_sandbox/messages", params=query))
        await asyncio.sleep(0)
        desk.inbox.add(message("another sms"))
        desk.inbox.add(call)
        (found,) = (await waiting).json()["messages"]
        assert (found["channel"], found["codes"]) == ("voice", ["482914"])
        query = {"to": TO, "channel": "sms"}
        answer = await client.get("/_sandbox/messages", params=query)
        first = answer.json()["messages"][0]
        assert (first["received_at"], first["codes"]) == (sms.received_at, ["482913"])

    desk.talk(conversation)


def test_one_phone_is_forgotten_or_all_are() -> None:
    desk = Desk()
    for to in (TO, "+817000000000", "+817000000001"):
        desk.inbox.add(dataclasses.replace(message(), to=to))
    client = desk.client()
    answer = client.delete("/_sandbox/messages", params={"to": "81-90-1234-5678"})
    assert (answer.status_code, len(desk.inbox.messages())) == (204, 2)
    client.delete("/_sandbox/messages")
    assert desk.inbox.messages() == []


def test_deliveries_of_one_phone_are_found() -> None:
    desk = Desk()
    client = desk.client()
    for to in (TO, "+817000000000"):
        client.post("/_sandbox/challenge", json={"to": to})
    # A plus sign that nobody escaped is a space.
    for asked in (TO.replace("+", "%2B"), TO, TO[1:]):
        answer = client.get(f"/_sandbox/deliveries?to={asked}")
        assert [one["to"] for one in answer.json()["deliveries"]] == [TO]
