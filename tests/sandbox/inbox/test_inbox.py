"""The inbox: order, waiting, bounds and restarts."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.inbox import Message
from sandbox.inbox.inbox import Inbox

TO = "+819012345678"


def message(text: str = "x", to: str = TO) -> Message:
    return Message(channel="sms", to=to, sender="S", text=text, message_id="m", raw={"text": text})


def texts(messages: list[Message]) -> list[str]:
    return [one.text for one in messages]


def test_messages_come_back_in_order_and_whole() -> None:
    inbox = Inbox()
    for text in "abc":
        inbox.add(message(text))
    found = inbox.messages()
    assert texts(found) == ["a", "b", "c"]
    assert found[0] == Message(
        channel="sms",
        to=TO,
        sender="S",
        text="a",
        message_id="m",
        raw={"text": "a"},
        received_at=found[0].received_at,
    )


def test_times_are_rfc_3339_and_strictly_increasing_even_when_the_clock_stands() -> None:
    inbox = Inbox(clock=lambda: datetime(2026, 1, 31, 9, 0, tzinfo=UTC))
    times = [inbox.add(message()).received_at for _ in range(3)]
    assert times == [
        "2026-01-31T09:00:00.000000Z",
        "2026-01-31T09:00:00.000001Z",
        "2026-01-31T09:00:00.000002Z",
    ]
    assert [datetime.fromisoformat(one).tzinfo for one in times] == [UTC] * 3


def test_after_is_exclusive_and_knows_offsets() -> None:
    inbox = Inbox(clock=lambda: datetime(2026, 1, 31, 9, 0, tzinfo=UTC))
    first, *_ = [inbox.add(message(text)) for text in "abc"]
    assert texts(inbox.messages(after=first.received_at)) == ["b", "c"]
    assert texts(inbox.messages(after="2026-01-31T18:00:00+09:00")) == ["b", "c"]
    assert texts(inbox.messages(after="2026-01-31T18:00:00 09:00")) == ["b", "c"]
    assert texts(inbox.messages(after="2026-01-31T08:59:59Z")) == ["a", "b", "c"]
    assert texts(inbox.messages(after="2026-01-31T09:00:01Z")) == []


def test_the_newest_few_come_oldest_first_too() -> None:
    inbox = Inbox()
    first, *_ = [inbox.add(message(text)) for text in "abc"]
    assert texts(inbox.messages(newest=2)) == ["b", "c"]
    assert texts(inbox.messages(after=first.received_at, newest=9)) == ["b", "c"]


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


def test_a_number_is_found_however_it_is_written() -> None:
    inbox = Inbox()
    inbox.add(message(to="819012345678"))
    inbox.add(message(to="819012345679"))
    for to in ("+819012345678", "819012345678", "+81-90-1234-5678", " 819012345678"):
        assert [one.to for one in inbox.messages(to)] == [TO]


def test_the_oldest_go_first() -> None:
    inbox = Inbox(limit=3)
    for text in "abcde":
        inbox.add(message(text))
    assert texts(inbox.messages()) == ["c", "d", "e"]


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite"
    first = Inbox(path)
    kept = first.add(message("a"))
    first.close()
    second = Inbox(path)
    assert second.messages() == [kept]
    assert second.add(message("b")).received_at > kept.received_at
    second.clear()
    assert second.messages() == []
    second.close()


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


def test_a_message_that_is_there_already_is_not_waited_for() -> None:
    inbox = Inbox()
    inbox.add(message("here"))
    assert asyncio.run(inbox.wait_for("819012345678", 0.01)).text == "here"


def test_waiting_in_vain_says_for_whom() -> None:
    inbox = Inbox()
    with pytest.raises(TimeoutError, match=r"no message for \+819012345678 within 0.01 s"):
        asyncio.run(inbox.wait_for("819012345678", 0.01))
    # The loop that waited is closed now: a later message must not trip over it.
    inbox.add(message())


def test_messages_from_many_threads_are_all_kept() -> None:
    inbox = Inbox()
    threads = [
        threading.Thread(target=lambda: [inbox.add(message()) for _ in range(20)]) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [one.received_at for one in inbox.messages()]
    assert len(set(times)) == 100
    assert times == sorted(times)
