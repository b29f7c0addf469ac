"""The CPaaS's rules: keys, validation, statuses, and what reaches the inbox."""

from typing import Any

import pytest

from sandbox.cpaas.cpaas import KEPT_REQUESTS, Answer, Cpaas
from sandbox.cpaas.statuses import STATUSES, error_body
from sandbox.inbox.inbox import Channel, Inbox, Message

KEY = "key-1"
MINE = {"messageId": "mine"}
TOO_LONG = "REJECTED_MESSAGE_TOO_LONG"


def sms(to: str = "819012345678", text: Any = "コード 482913", **message: Any) -> dict[str, Any]:
    destinations = [{"to": to, **message.pop("destination", {})}]
    good = {"sender": "MIRAIBANK", "destinations": destinations, "content": {"text": text}}
    return {"messages": [good | message]}


def call(to: str = "819012345678", text: str = "コード", **message: Any) -> dict[str, Any]:
    destinations = [{"to": to, **message.pop("destination", {})}]
    good = {"from": "815031234567", "destinations": destinations, "text": text, "language": "ja"}
    return {"messages": [good | message]}


def both(to: str = "819012345678") -> list[tuple[Channel, dict[str, Any]]]:
    """A good request of each channel."""
    return [("sms", sms(to)), ("voice", call(to))]


def account() -> Cpaas:
    return Cpaas(Inbox(), [KEY])


def send(cpaas: Cpaas, channel: Channel, body: object, key: str | None = f"App {KEY}") -> Answer:
    return cpaas.send(channel, authorization=key, body=body)


def status_of(answer: Answer) -> str:
    assert answer.status == 200, answer
    return str(answer.body["messages"][0]["status"]["name"])


def error_of(channel: Channel, answer: Answer) -> str:
    if channel == "sms":
        return str(answer.body["errorCode"])
    return str(answer.body["requestError"]["serviceException"]["messageId"])


def refusal(channel: Channel, status: int) -> tuple[int, str]:
    """A status, and what the error of an endpoint calls it."""
    old = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN"}
    return status, f"E{status}" if channel == "sms" else old[status]


@pytest.mark.parametrize(
    ("channel", "body"), [("sms", sms()), ("voice", call(voice={"gender": "male"}))]
)
def test_a_good_request_reaches_the_inbox(channel: Channel, body: dict[str, Any]) -> None:
    cpaas = account()
    answer = send(cpaas, channel, body)
    (result,) = answer.body["messages"]
    status = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
    assert result["status"].items() >= status.items()
    assert result["destination" if channel == "sms" else "to"] == "819012345678"
    (message,) = cpaas.inbox.messages()
    voice = channel == "voice"
    assert message == Message(
        channel=channel,
        to="+819012345678",
        sender="815031234567" if voice else "MIRAIBANK",
        text="コード" if voice else "コード 482913",
        message_id=result["messageId"],
        language="ja" if voice else None,
        gender="male" if voice else None,
        received_at=message.received_at,
        raw=body["messages"][0],
    )
    assert "bulkId" not in answer.body


@pytest.mark.parametrize("channel", ["sms", "voice"])
@pytest.mark.parametrize("key", [None, "", KEY, "Basic key-1", "App key-2", "App ", "App key-1 "])
def test_a_wrong_key_is_401_in_the_endpoints_error_shape(channel: Channel, key: str | None) -> None:
    cpaas = account()
    answer = send(cpaas, channel, sms(), key)
    assert (answer.status, error_of(channel, answer)) == refusal(channel, 401)
    assert cpaas.inbox.messages() == []


def test_a_key_without_the_scope_of_the_channel_is_403() -> None:
    keys = {
        "s": {"sms:message:send"},
        "v": {"voice-message:message:send"},
        "m": {"message:send"},
        "n": {"numbers:manage"},
    }
    cpaas = Cpaas(Inbox(), keys)
    allowed = {("s", "sms"), ("v", "voice"), ("m", "sms"), ("m", "voice")}
    for key in keys:
        for channel, body in both():
            answer = send(cpaas, channel, body, f"App {key}")
            if (key, channel) in allowed:
                assert answer.status == 200
            else:
                assert (answer.status, error_of(channel, answer)) == refusal(channel, 403)


BAD_SMS: list[Any] = [
    None,
    [],
    {},
    {"messages": []},
    {"messages": [{}]},
    {"messages": [{"content": {"text": "x"}}]},
    {"messages": [{"destinations": [], "content": {"text": "x"}}]},
    {"messages": [{"destinations": [{"to": 8190}], "content": {"text": "x"}}]},
    sms(content={}),
    sms(text=7),
    sms(text=""),
    sms(text=" \n"),
    sms(sender="TwelveLetter"),
    sms(sender="12345678901234567"),
    sms(unknown="x"),
    sms(validityPeriod={"amount": 5}),
    sms(options={"validityPeriod": 5}),
    sms(options={"validityPeriod": {"amount": "5"}}),
    sms(options={"validityPeriod": {"amount": 5, "timeUnit": "DAYS"}}),
    sms(destination={"messageId": "i" * 201}),
    sms(to="8" * 65),
    {**sms(), "bulk": 1},
    sms(content={"hex": "30 7"}),
    sms(content={"hex": "30", "text": "0"}),
    sms(webhooks={"callbackData": "x" * 4001}),
    sms(webhooks={"delivery": {"uri": "https://example.com/"}}),
]
BAD_CALLS: list[Any] = [
    None,
    {"messages": [{"text": "x"}]},
    call(validityPeriod={"amount": 5, "timeUnit": "MINUTES"}),
    call(validityPeriod=0),
    call(voice={"gender": "robot"}),
    call(pause=11),
    call(text="x" * 1401),
    call(repeatDtmf="#"),
    call(content={"text": "x"}),
    call(retry={"maxCount": 5}),
]


@pytest.mark.parametrize(
    ("channel", "body"),
    [*(("sms", one) for one in BAD_SMS), *(("voice", one) for one in BAD_CALLS)],
)
def test_a_bad_request_is_400_in_the_endpoints_shape(channel: Channel, body: Any) -> None:
    cpaas = account()
    answer = send(cpaas, channel, body)
    assert (answer.status, error_of(channel, answer)) == refusal(channel, 400)
    if channel == "sms":
        fields = [one["property"] for one in answer.body["violations"]]
    else:
        fields = list(answer.body["requestError"]["serviceException"]["validationErrors"])
    assert fields
    assert all(one == "body" or one.startswith("messages") for one in fields)
    assert cpaas.inbox.messages() == []


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("819012345678", "PENDING_ACCEPTED"),
        ("+819012345678", "PENDING_ACCEPTED"),
        ("09012345678", "REJECTED_PREFIX_MISSING"),
        ("", "MISSING_TO"),
        ("phone", "REJECTED_DESTINATION"),
        ("81-90-1234-5678", "REJECTED_DESTINATION"),
        ("8190", "REJECTED_DESTINATION"),
        ("8１９０１２３４５６７８", "REJECTED_DESTINATION"),
    ],
)
def test_the_destination_decides(to: str, expected: str) -> None:
    for channel, body in both(to):
        answer = send(account(), channel, body)
        assert status_of(answer) == expected
        group = "PENDING" if expected == "PENDING_ACCEPTED" else "REJECTED"
        assert answer.body["messages"][0]["status"]["groupName"] == group


@pytest.mark.parametrize(
    ("channel", "body"),
    [("sms", sms(destination=MINE)), ("voice", call(destination=MINE))],
)
def test_a_message_id_is_used_up_by_acceptance(channel: Channel, body: dict[str, Any]) -> None:
    cpaas = account()
    broken = STATUSES["REJECTED_SYSTEM_ERROR"]
    cpaas.send(channel, authorization=f"App {KEY}", body=body, forced=broken)
    accepted = send(cpaas, channel, body)
    assert accepted.body["messages"][0]["messageId"] == "mine"
    assert status_of(accepted) == "PENDING_ACCEPTED"
    assert status_of(send(cpaas, channel, body)) == "REJECTED_DUPLICATE_MESSAGE_ID"
    assert len(cpaas.inbox.messages()) == 1


def test_the_oldest_message_ids_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.cpaas.cpaas.KNOWN_IDS", 2)
    cpaas = account()
    told = {}
    for one in ("a", "b", "c", "c", "a"):
        told[one] = status_of(send(cpaas, "sms", sms(destination={"messageId": one})))
    accepted = "PENDING_ACCEPTED"
    assert told == {"a": accepted, "b": accepted, "c": "REJECTED_DUPLICATE_MESSAGE_ID"}


@pytest.mark.parametrize(("status", "of"), [(418, "400"), (503, "500")])
def test_a_status_without_a_body_of_its_own_speaks_as_its_class_does(status: int, of: str) -> None:
    assert error_body("sms", status) == error_body("sms", int(of))
    assert error_body("voice", status) == error_body("voice", int(of))


@pytest.mark.parametrize(
    ("channel", "body", "expected"),
    [
        ("voice", call(text=""), "REJECTED_MESSAGE_IS_EMPTY"),
        ("voice", call(text="、。,"), "REJECTED_MESSAGE_IS_EMPTY"),
        ("voice", call(language="xx"), "REJECTED_UNSUPPORTED_LANGUAGE"),
        ("voice", call(language="JA"), "REJECTED_UNSUPPORTED_LANGUAGE"),
        ("voice", call(text="A & B"), "REJECTED_INVALID_SSML"),
        ("voice", call(text="a < b"), "REJECTED_INVALID_SSML"),
        ("voice", call(text="one <break> two"), "REJECTED_INVALID_SSML"),
        ("voice", call(text='one <break time="1s"/> &amp; two'), "PENDING_ACCEPTED"),
        ("voice", call(**{"from": "MIRAIBANK"}), "REJECTED_SOURCE"),
        ("voice", call(**{"from": "+815031234567"}), "PENDING_ACCEPTED"),
        pytest.param("sms", sms(text="a" * 153 * 25), "PENDING_ACCEPTED", id="25 parts"),
        pytest.param("sms", sms(text="a" * 153 * 25 + "a"), TOO_LONG, id="26 parts"),
        pytest.param("sms", sms(text="あ" * 1333 + "a"), "PENDING_ACCEPTED", id="4000 bytes"),
        pytest.param("sms", sms(text="あ" * 1333 + "aa"), TOO_LONG, id="4001 bytes"),
        pytest.param("sms", sms(content={"hex": "00" * 134 * 25}), "PENDING_ACCEPTED", id="binary"),
        pytest.param("sms", sms(content={"hex": "00" * (134 * 25 + 1)}), TOO_LONG, id="long"),
    ],
)
def test_the_message_decides(channel: Channel, body: dict[str, Any], expected: str) -> None:
    assert status_of(send(account(), channel, body)) == expected


@pytest.mark.parametrize(
    ("content", "parts"),
    [({"text": "あ" * 71}, 2), ({"hex": "30 " * 140}, 1), ({"hex": "30 7b " * 80}, 2)],
)
def test_the_part_count_is_told_when_asked_for(content: dict[str, Any], parts: int) -> None:
    cpaas = account()
    body = {**sms(content=content), "options": {"includeSmsCountInResponse": True}}
    answer = send(cpaas, "sms", body)
    assert answer.body["messages"][0]["details"] == {"messageCount": parts}
    assert cpaas.inbox.messages()[0].text == next(iter(content.values())), "or its bytes"


def test_several_destinations_get_a_bulk_id_and_a_result_each() -> None:
    body = sms()
    body["messages"][0]["destinations"] = [{"to": "819012345678"}, {"to": "0901"}]
    cpaas = account()
    answer = send(cpaas, "sms", body)
    names = [message["status"]["name"] for message in answer.body["messages"]]
    assert names == ["PENDING_ACCEPTED", "REJECTED_PREFIX_MISSING"]
    assert answer.body["bulkId"]
    assert [message.to for message in cpaas.inbox.messages()] == ["+819012345678"]


def test_a_bulk_id_of_the_clients_own_comes_back() -> None:
    single = {**sms(), "options": {"schedule": {"bulkId": "mine"}}}
    assert send(account(), "sms", single).body["bulkId"] == "mine"
    several = {"messages": sms()["messages"] * 2, "options": {"schedule": {"bulkId": "mine"}}}
    assert send(account(), "sms", several).body["bulkId"] == "mine"
    assert send(account(), "voice", {**call(), "bulkId": "mine"}).body["bulkId"] == "mine"
    assert "bulkId" not in send(account(), "sms", sms()).body


def test_what_was_asked_last_is_forgotten_last() -> None:
    cpaas = account()
    for name in ("retried", *map(str, range(KEPT_REQUESTS - 1)), "retried", "one more"):
        cpaas.remember(name, name)
    known = [cpaas.last_request_of(name) for name in ("0", "1", "retried", "one more")]
    assert known == [None, "1", "retried", "one more"]


def test_requests_are_kept_without_their_key() -> None:
    cpaas = account()
    send(cpaas, "sms", sms())
    send(cpaas, "sms", sms(), "App secret-key")
    assert [seen.authorised for seen in cpaas.requests()] == [True, False]
    assert "key-1" not in repr(cpaas.requests())
    assert "secret-key" not in repr(cpaas.requests())
    cpaas.reset()
    assert cpaas.requests() == []
    assert cpaas.inbox.messages() == []
