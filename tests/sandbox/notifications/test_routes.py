"""The pipeline's control routes."""

import asyncio
import dataclasses
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.inbox.inbox import Inbox, Message
from sandbox.notifications.routes import routes
from sandbox.notifications.service import NotificationService
from tests.sandbox.api.support import InProcess
from tests.sandbox.inbox.phones import message
from tests.sandbox.notifications.fakes import CODE, TO, FakeRunner, a_tenant


class Desk(httpx.Client):
    """The routes over HTTP, with the inbox behind them."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.service = NotificationService(a_tenant(), FakeRunner(), new_code=lambda _: CODE)
        app = InProcess(Starlette(routes=routes(self.service, self.inbox)))
        super().__init__(transport=app, base_url="https://t/_sandbox")

    def messages(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/messages", params=query).json()["messages"]
        return found

    def come_while_waiting(self, *messages: Message) -> None:
        """Messages that come as soon as somebody waits for one."""
        wait_for = self.inbox.wait_for

        async def come(**asked: Any) -> Message:
            waiting = asyncio.create_task(wait_for(**asked))
            await asyncio.sleep(0)
            for one in messages:
                self.inbox.add(one)
            return await waiting

        self.inbox.wait_for = come  # type: ignore[method-assign, assignment]


def test_a_challenge_answers_with_its_delivery() -> None:
    desk = Desk()
    body = {"to": TO, "delivery_method": "voice", "message_type": "otp_enroll", "locale": "en"}
    answer = desk.post("/challenge", json=body)
    assert answer.status_code == 200
    delivery = answer.json()
    told = {"outcome": "success", "attempts": 1, "code": CODE, **body}
    assert told.items() <= delivery.items()
    assert desk.get("/deliveries").json() == {"deliveries": [delivery]}
    short = desk.post("/challenge", json={"to": TO}).json()
    assert (short["delivery_method"], short["message_type"]) == ("text", "otp_verify")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "body: what was sent is not of type 'object'"),
        ({}, "'to' is a required property"),
        ({"to": ""}, "to: ''"),
        ({"to": TO, "method": "text"}, "'method' was unexpected"),
        ({"to": TO, "delivery_method": "sms"}, "'sms' is not one of ['text', 'voice']"),
        ({"to": TO, "message_type": "otp"}, "'otp' is not one of ['otp_verify'"),
        ({"to": TO, "locale": 7}, "locale"),
    ],
)
def test_a_challenge_that_cannot_be_read_is_refused_with_the_fault(body: Any, message: str) -> None:
    desk = Desk()
    answer = desk.post("/challenge", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert desk.post("/challenge", content=b"{").status_code == 400
    assert desk.service.deliveries() == []


def test_messages_are_found_by_phone_and_time() -> None:
    desk = Desk()
    first, second = (desk.inbox.add(message(text)) for text in "ab")

    def texts(**query: str) -> list[str]:
        return [one["text"] for one in desk.messages(**query)]

    assert texts() == ["a", "b"]
    assert texts(to=TO) == ["a", "b"]
    assert texts(newest="1") == ["b"]
    assert texts(to="+819000000000") == []
    after = desk.messages(to="819012345678", after=first.received_at)
    assert after == [{**second.to_json(), "codes": []}]


def test_waiting_ends_with_the_message_of_the_channel_or_with_nothing() -> None:
    desk = Desk()
    desk.inbox.add(message("コードは 482913 です。"))
    call = dataclasses.replace(message("4, 8, 2, 9, 1, 4"), channel="voice")
    desk.come_while_waiting(message("another sms"), call)
    (found,) = desk.messages(to=TO, channel="voice", wait="30", newest="1")
    assert (found["channel"], found["codes"]) == ("voice", ["482914"])
    assert desk.messages(to=TO, channel="sms")[0]["codes"] == ["482913"]
    vain = desk.get("/messages", params={"to": "+819000000000", "wait": "0.01"})
    assert (vain.status_code, vain.json()) == (200, {"messages": []})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"wait": "1"}, "'to' is a dependency of 'wait'"),
        ({"to": TO, "wait": "31"}, "wait: 31 is greater"),
        ({"channel": "fax"}, "channel: 'fax' is not one of ['sms', 'voice']"),
        ({"to": TO, "wait": "nan"}, "wait: 'nan' is not"),
        ({"newest": "0"}, "newest: 0 is less"),
        ({"after": "yesterday"}, "yesterday"),
        ({"after": "2026-01-31T09:00:00"}, "has no UTC offset"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: dict[str, str], message: str) -> None:
    answer = Desk().get("/messages", params=query)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_one_phone_is_forgotten_or_all_are() -> None:
    desk = Desk()
    for to in (TO, "+817000000000", "+817000000001"):
        desk.inbox.add(message(to=to))
    answer = desk.delete("/messages", params={"to": "81-90-1234-5678"})
    assert (answer.status_code, len(desk.inbox.messages())) == (204, 2)
    desk.delete("/messages")
    assert desk.inbox.messages() == []


# A plus sign that nobody escaped is a space.
@pytest.mark.parametrize("asked", [TO.replace("+", "%2B"), TO, TO[1:]])
def test_deliveries_of_one_phone_are_found(asked: str) -> None:
    desk = Desk()
    for to in (TO, "+817000000000"):
        desk.post("/challenge", json={"to": to})
    answer = desk.get(f"/deliveries?to={asked}")
    assert [one["to"] for one in answer.json()["deliveries"]] == [TO]
