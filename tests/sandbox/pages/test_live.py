"""The stream of changes: in order, without gaps or repeats, and to an end."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest
from starlette.requests import Request

from sandbox.inbox.inbox import Inbox
from sandbox.inbox.timeline import Entry, Filter, Timeline
from sandbox.pages import live
from tests.sandbox.inbox.phones import TO, message

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pieces(entries: Sequence[Entry]) -> list[tuple[int, str]]:
    return [(one.change, one.message.text if one.message else "") for one in entries]


class Station:
    """An inbox, and browsers that listen to it."""

    def __init__(self) -> None:
        self.inbox = Inbox()

    def add(self, *texts: str) -> None:
        for text in texts:
            self.inbox.add(message(text))

    def tune_in(self, after: int | str = 0, *, by_header: bool = False) -> AsyncIterator[str]:
        headers = [(b"last-event-id", str(after).encode())] if by_header else []
        query = b"after=999999" if by_header else f"after={after}".encode()
        scope = {"type": "http", "headers": headers, "query_string": query}
        answer = live.stream(Request(scope), Timeline(self.inbox.database), Filter(TO), pieces)
        assert answer.media_type == "text/event-stream"
        return answer.body_iterator  # type: ignore[return-value]


@pytest.fixture
def station() -> Station:
    return Station()


async def events(stream: AsyncIterator[str], count: int) -> list[tuple[int, str, str]]:
    """The next so many: id, name, data."""
    found: list[tuple[int, str, str]] = []
    while len(found) < count:
        block = await anext(stream)
        if match := re.fullmatch(r"id: (\d+)\nevent: (\w+)\n((?:data: .*\n)+)\n", block):
            lines = [line.removeprefix("data: ") for line in match[3].splitlines()]
            found.append((int(match[1]), match[2], "\n".join(lines)))
    return found


async def test_what_was_there_and_what_comes_is_told_once_in_order(station: Station) -> None:
    station.add("a")
    stream = station.tune_in()
    assert await events(stream, 1) == [(1, "entry", "a")]
    station.inbox.add(message("of another phone", "+817000000000"))
    station.add("b", "c")
    assert await events(stream, 2) == [(3, "entry", "b"), (4, "entry", "c")]


async def test_a_browser_that_was_cut_off_gets_exactly_what_it_missed(station: Station) -> None:
    station.add("seen")
    stream = station.tune_in()
    ((last, _, _),) = await events(stream, 1)
    await stream.aclose()  # type: ignore[attr-defined]
    station.add("missed 1", "missed 2")
    again = station.tune_in(last, by_header=True)
    assert [data for _, _, data in await events(again, 2)] == ["missed 1", "missed 2"]
    station.add("live")
    assert [data for _, _, data in await events(again, 1)] == ["live"]


async def test_a_text_cannot_make_events_of_its_own(station: Station) -> None:
    station.add("one\n\nid: 9\nevent: reload\ndata: x\r\revent: reload\r\n\r\n")
    stream = station.tune_in()
    await anext(stream)
    block = await anext(stream)
    assert "\r" not in block
    lines = block.removesuffix("\n\n").split("\n")
    assert lines[:2] == ["id: 1", "event: entry"]
    assert all(line.startswith("data: ") for line in lines[2:])


@pytest.mark.parametrize("after", [999, "never a number", "-1", "٣", "9" * 50])
async def test_a_number_of_elsewhere_is_not_believed(station: Station, after: int | str) -> None:
    station.add("a")
    (event,) = await events(station.tune_in(after), 1)
    assert event[1] == ("reload" if after == 999 else "entry")


async def test_whoever_missed_very_much_or_a_clearing_looks_anew(station: Station) -> None:
    station.add(*map(str, range(live.MOST + 1)))
    stream = station.tune_in()
    assert [name for _, name, _ in await events(stream, 1)] == ["reload"]
    station.inbox.clear()
    assert [name for _, name, _ in await events(stream, 1)] == ["reload"]
    station.add("new")
    assert [data for _, _, data in await events(stream, 1)] == ["new"]


async def test_the_end_of_the_sandbox_ends_the_stream(station: Station) -> None:
    stream = station.tune_in()
    await anext(stream)
    rest = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    station.inbox.database.end_waiting()
    with suppress(StopAsyncIteration):
        pytest.fail(f"an event: {await rest}")
    assert rest.done()


async def test_a_line_without_news_comes_too(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.01)
    stream = station.tune_in()
    await anext(stream)
    assert await anext(stream) == ":\n\n"
