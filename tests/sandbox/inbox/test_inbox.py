"""The inbox: order, waiting, bounds and restarts, and what looks like a code in a text."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.inbox.inbox import Inbox, Message, codes_in
from tests.sandbox.inbox.phones import TO, message

NOON = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


def texts(messages: list[Message]) -> list[str]:
    return [one.text for one in messages]


def test_messages_come_back_whole_and_at_times_that_rise_under_any_clock() -> None:
    inbox = Inbox(clock=lambda: NOON)
    kept = [inbox.add(message(text)) for text in "abc"]
    times = [f"2026-01-31T09:00:00.00000{second}Z" for second in range(3)]
    assert inbox.messages() == kept
    assert kept == [
        Message("sms", TO, "S", text, "m", raw={"text": text}, received_at=at)
        for text, at in zip("abc", times, strict=True)
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"after": "2026-01-31T09:00:00Z"}, "bcd"),
        ({"after": "2026-01-31T18:00:00+09:00"}, "bcd"),
        ({"after": "2026-01-31T18:00:00 09:00"}, "bcd"),
        ({"after": "2026-01-31T08:59:59Z"}, "abcd"),
        ({"after": "2026-01-31T09:00:01Z"}, ""),
        ({"newest": 2}, "cd"),
        ({"after": "2026-01-31T09:00:00Z", "newest": 9}, "bcd"),
        *(
            ({"to": to}, "abc")
            for to in ("+819012345678", "819012345678", "+81-90-1234-5678", " 819012345678")
        ),
    ],
)
def test_messages_are_found_by_time_and_by_number(query: dict[str, Any], found: str) -> None:
    inbox = Inbox(clock=lambda: NOON)
    for text in "abc":
        inbox.add(message(text, to="819012345678"))
    inbox.add(message("d", to="819012345679"))
    assert "".join(texts(inbox.messages(**query))) == found


@pytest.mark.parametrize(
    "after",
    [
        *("yesterday", "2026-01-31T09:00:00", "1"),
        *("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"),
    ],
)
def test_a_time_that_is_none_is_refused(after: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Inbox().messages(after=after)


def test_a_phone_is_found_without_looking_at_every_message_of_others() -> None:
    inbox, looked = Inbox(), []
    for other in range(500):
        inbox.add(message(to=f"+81901000{other:04}"))
    connection = inbox.database._connection
    connection.set_progress_handler(lambda: looked.append(100), 100)
    assert inbox.messages(TO) == []
    assert sum(looked) < 500, "instructions of SQLite's"


def test_the_oldest_go_first() -> None:
    inbox = Inbox(limit=3)
    for text in "abcde":
        inbox.add(message(text))
    assert texts(inbox.messages()) == ["c", "d", "e"]


def test_waiting_ends_with_the_message_from_another_thread() -> None:
    inbox = Inbox()
    old = inbox.add(message("old"))
    waiting = threading.Event()

    def deliver() -> None:
        waiting.wait(5)
        inbox.add(message("other", to="+819000000000"))
        inbox.add(message("new"))

    async def wait() -> Message:
        waiting.set()
        return await inbox.wait_for(TO, 30, after=old.received_at)

    thread = threading.Thread(target=deliver)
    thread.start()
    assert asyncio.run(wait()).text == "new"
    thread.join()


def test_waiting_in_vain_says_for_whom_and_what_is_there_is_not_waited_for() -> None:
    inbox = Inbox()
    with pytest.raises(TimeoutError, match=r"no message for \+819012345678 within 0.01 s"):
        asyncio.run(inbox.wait_for("819012345678", 0.01))
    # The loop that waited is closed now: a later message must not trip over it.
    inbox.add(message("here"))
    assert asyncio.run(inbox.wait_for("819012345678", 0.01)).text == "here"


def test_messages_from_many_threads_are_all_kept() -> None:
    inbox = Inbox()
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: inbox.add(message()), range(100)))
    times = [one.received_at for one in inbox.messages()]
    assert len(set(times)) == 100
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("認証コードは 601416 です。5分以内に入力してください。", ["601416"]),
        ("601416 is your code", ["601416"]),
        ("コードは、4, 2, 3, 6, 3, 1、です。繰り返します。4, 2, 3, 6, 3, 1、です。", ["423631"]),
        ("Your code is: 1. 2. 3. 4. 5. 6.", ["123456"]),
        ("お問い合わせは 0120-123-456、+81312345678、03-123456", []),
        ("口座 1234567、暗証 12345", []),
        ("4, 2, 3, 6, 3, 1, 9", []),
        ("古い 111111 ではなく 222222、つまり 222222", ["111111", "222222"]),
        ("", []),
    ],
)
def test_six_digits_that_stand_for_themselves_are_a_code(text: str, codes: list[str]) -> None:
    assert codes_in(text) == codes


@pytest.mark.parametrize("digits", range(4, 11))
def test_codes_have_as_many_digits_as_the_tenant_says(digits: int) -> None:
    code, longer = "9876543210"[:digits], "98765432101"[: digits + 1]
    for text in (f"認証コードは{code}です", ", ".join(code), ". ".join(code) + "."):
        assert codes_in(text, digits) == [code]
    for text in (f"認証コードは{longer}です", ", ".join(longer), f"03-{code}"):
        assert codes_in(text, digits) == []


def test_a_message_is_read_by_the_length_that_codes_had_when_it_came() -> None:
    digits = [8]
    inbox = Inbox(code_length=lambda: digits[0])
    inbox.add(message("コード 12345678"))
    digits[0] = 4
    inbox.add(message("コード 1234"))
    assert [one.codes for one in inbox.messages()] == [["12345678"], ["1234"]]
