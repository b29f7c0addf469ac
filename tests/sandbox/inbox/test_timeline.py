"""The phones as a person looks at them: order, search, paging, changes without gaps, bounds."""

import tracemalloc
from pathlib import Path

import pytest

from sandbox.inbox.deliveries import MAX_DELIVERIES
from sandbox.inbox.inbox import MAX_MESSAGES
from sandbox.inbox.timeline import Filter
from tests.sandbox.inbox.phones import OTHER, TO, Phones, filled


def test_phones_come_with_the_newest_first_their_count_and_their_last_entry() -> None:
    phones = Phones()
    phones.receive("a")
    phones.receive("b", OTHER)
    phones.receive("c")
    phones.deliver("dropped", "+81 90-0000-0000")
    found = phones.timeline.phones()
    assert [(one.number, one.messages) for one in found] == [
        ("+819000000000", 0),
        (TO, 2),
        (OTHER, 1),
    ]
    assert found[1].last.message
    assert found[1].last.message.text == "c"
    (last,) = phones.timeline.phones(before=found[1].last.at)
    assert last.number == OTHER
    assert phones.timeline.phone(TO) == found[1]
    assert phones.timeline.phone("+819099999999") is None


def test_a_message_stands_beside_its_own_delivery_whoever_else_sends_at_the_same_time() -> None:
    phones = Phones()
    for name in ("one", "two"):
        phones.deliver(name, finished=False, outcome="pending")
    phones.receive("second", delivery="two")
    phones.receive("first", delivery="one")
    phones.receive("of nobody")
    for name in ("one", "two"):
        phones.deliver(name, outcome=f"sent {name}")
    found = phones.timeline.entries(Filter(TO))
    assert [(one.message and one.message.text, one.delivery) for one in found] == [
        ("of nobody", None),
        ("first", phones.delivered["one"]),
        ("second", phones.delivered["two"]),
    ]


def test_a_delivery_that_brought_nothing_is_an_entry_until_a_message_comes_after_all() -> None:
    phones = Phones()
    phones.deliver("late")
    phones.deliver("never")
    assert phones.shown(number=TO) == ["(never)", "(late)"]
    phones.receive("here after all", delivery="late")
    assert phones.shown(number=TO) == ["here after all", "(never)"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("認証", ["認証コード 100%"]),
        ("100%", ["認証コード 100%"]),
        ("0%c", []),
        ("_", ["snake_case"]),
        ("SNAKE", ["snake_case"]),
        ("MIRAI", ["snake_case"]),
        ("090-1234", ["(dropped text)", "認証コード 100%"]),
        ("０９０－１２３４", ["(dropped text)", "認証コード 100%"]),
        ("090−1234", ["(dropped text)", "認証コード 100%"]),
        ("+81 90 1234 5678", ["(dropped text)", "認証コード 100%"]),
        ("70", ["snake_case"]),
        ("dropped", ["(dropped text)"]),
        ("' OR 1=1 --", []),
    ],
)
def test_search_finds_number_text_and_sender_literally(query: str, found: list[str]) -> None:
    phones = Phones()
    phones.receive("snake_case", OTHER, sender="MIRAIBANK")
    phones.receive("認証コード 100%", TO)
    phones.deliver("dropped text")
    assert phones.shown(query=query) == found


def test_pages_join_without_gap_or_repeat() -> None:
    phones = Phones()
    for index in range(7):
        phones.receive(f"m{index}")
        phones.deliver(f"d{index}")
    seen: list[str] = []
    before = None
    while page := phones.timeline.entries(Filter(TO), before=before, limit=4):
        seen += phones.shown(number=TO, before=before, limit=4)
        before = page[-1].at
    assert seen == [name for i in range(6, -1, -1) for name in (f"(d{i})", f"m{i}")]


def test_what_changed_since_a_number_is_told_once_and_in_order() -> None:
    phones = Phones()
    phones.receive("before")
    seen = phones.inbox.database.last_change
    phones.deliver("x", finished=False)
    phones.receive("a", delivery="x")
    phones.receive("b", OTHER)
    assert phones.changes(seen) == ["a", "b"]
    assert phones.changes(seen, number=OTHER) == ["b"]
    later = phones.inbox.database.last_change
    assert phones.changes(later) == []
    # The outcome of a delivery is news of its message.
    phones.deliver("x", outcome="success")
    assert phones.changes(later) == ["a"]


def test_a_restart_loses_nothing_and_goes_on_counting(tmp_path: Path) -> None:
    first = Phones(tmp_path / "inbox.sqlite")
    kept = first.receive("a")
    seen = first.inbox.database.last_change
    first.inbox.close()
    second = Phones(tmp_path / "inbox.sqlite")
    assert second.inbox.messages() == [kept]
    second.receive("b")
    assert second.changes(seen) == ["b"]
    second.inbox.clear()
    assert second.inbox.messages() == []
    assert second.inbox.database.last_clearing > seen
    second.inbox.close()


def test_the_oldest_deliveries_go_first_and_their_messages_stay() -> None:
    phones = Phones(deliveries=2)
    phones.deliver("a")
    phones.receive("of a", delivery="a")
    for name in "bc":
        phones.deliver(name)
    assert phones.shown(number=TO) == ["(c)", "(b)", "of a"]
    assert phones.timeline.entries(Filter(TO))[-1].delivery is None


def test_memory_and_file_are_bounded_however_many_messages_come(tmp_path: Path) -> None:
    phones = filled(tmp_path / "inbox.sqlite", phones_of=100)
    tracemalloc.start()
    for index in range(100):
        phones.deliver(f"new{index}")
        phones.receive("new", delivery=f"new{index}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    database = phones.inbox.database
    count = "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM deliveries)"
    counts = database.one(count)
    newest = phones.shown(limit=1)
    phones.inbox.close()
    assert counts == (MAX_MESSAGES, MAX_DELIVERIES)
    assert newest == ["new"]
    # Python holds no message: what 100 of each leave is less than a page of 50 takes.
    assert peak < 200_000, peak
