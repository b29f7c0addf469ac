"""Pages open quickly however full the phones are, and lead to everything in them."""

import html
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.cpaas.cpaas import Cpaas
from sandbox.inbox.inbox import MAX_MESSAGES
from sandbox.pages import phones
from tests.sandbox.api.support import InProcess
from tests.sandbox.inbox.phones import PROBLEM, TO, Phones, filled

LOOKS = {
    "/phones": 1_500_000,
    "/phones/+819000000000": 20_000,
    "/phones?q=123456": 20_000,
    "/phones?q=is+nowhere": 500_000,
}
"""SQLite's instructions for a page of the most that is kept: the first and the last look at every
entry once, the others at what they show."""
CALLS = 70_000
"""Of Python functions for a page: fifty entries take 44,000, to read all takes 90,000 more."""


def client(some: Phones) -> httpx.Client:
    app = Starlette(routes=phones.routes(some.inbox, Cpaas(some.inbox, [])))
    return httpx.Client(transport=InProcess(app), base_url="http://t")


def test_older_entries_are_reached_page_by_page_and_only_the_newest_page_is_live() -> None:
    some = Phones()
    for index in range(60):
        some.receive(f"text {index:03d}")
        some.deliver(f"never {index:03d}", **PROBLEM)
    person = client(some)
    seen: list[str] = []
    live: list[bool] = []
    address: str | None = f"/phones/{TO}"
    while address:
        page = person.get(address).text
        seen.extend(re.findall(r">((?:text|never) \d{3})</p>", page))
        live.append("data-live=" in page)
        older = re.search(r'href="(\?before=[^"]+)">Older', page)
        address = f"/phones/{TO}{html.unescape(older[1])}" if older else None
    assert seen == [f"{kind} {i:03d}" for i in reversed(range(60)) for kind in ("never", "text")]
    assert live == [True, False, False]


@pytest.mark.parametrize("languages", ["a" * 8_000, "a" * 400 + " " * 8_000, "en-" + "b" * 8_000])
def test_what_names_no_language_holds_nobody_up(languages: str) -> None:
    begun = time.thread_time()
    answer = client(Phones()).get("/phones", headers={"accept-language": f"{languages}!"})
    assert 'lang="en"' in answer.text
    assert time.thread_time() - begun < 2, "it was minutes, and is a thousandth of a second"


@contextmanager
def counted(some: Phones) -> Iterator[dict[str, int]]:
    """What is done meanwhile; seconds would be those of the machine, and of the tests before."""
    done = {"looks": 0, "calls": 0}

    def look() -> None:
        done["looks"] += 10

    def call(frame: FrameType, event: str, _argument: object) -> None:
        done["calls"] += event == "call" and frame.f_code is not look.__code__

    some.inbox.database._connection.set_progress_handler(look, 10)
    sys.setprofile(call)
    try:
        yield done
    finally:
        sys.setprofile(None)
        some.inbox.database._connection.set_progress_handler(None, 0)


@pytest.mark.parametrize("phones_of", [1, MAX_MESSAGES])
def test_a_page_of_ten_thousand_messages_costs_what_it_shows(
    tmp_path: Path, phones_of: int
) -> None:
    full = filled(tmp_path / "inbox.sqlite", phones_of=phones_of)
    person = client(full)
    for path, looks in LOOKS.items():
        person.get(path)  # what is loaded once
        with counted(full) as done:
            answer = person.get(path)
        assert answer.status_code == 200
        assert answer.text.count("<time") <= 120, "a page of it, not all"
        assert 0 < done["looks"] < looks, path
        assert 100 < done["calls"] < CALLS, path
    full.inbox.close()
