"""Pages open quickly however full the phones are, and lead to everything in them."""

import html
import re
import time
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.cpaas.cpaas import Cpaas
from sandbox.inbox.inbox import MAX_MESSAGES
from sandbox.pages import phones
from tests.sandbox.api.support import InProcess
from tests.sandbox.inbox.phones import PROBLEM, TO, Phones, filled

GOAL = 0.2
"""Seconds. Of the processor, as other tests run beside this one."""
PATHS = ("/phones", "/phones/+819000000000", "/phones?q=123456", "/phones?q=is+nowhere")


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
    begun = time.process_time()
    answer = client(Phones()).get("/phones", headers={"accept-language": f"{languages}!"})
    assert 'lang="en"' in answer.text
    assert time.process_time() - begun < GOAL


@pytest.mark.parametrize("phones_of", [1, MAX_MESSAGES])
def test_ten_thousand_messages_open_in_a_fifth_of_a_second(tmp_path: Path, phones_of: int) -> None:
    full = filled(tmp_path / "inbox.sqlite", phones_of=phones_of)
    person = client(full)
    seconds = {}
    person.get("/phones?q=nothing")  # what is loaded once
    for path in PATHS:
        begun = time.process_time()
        answer = person.get(path)
        seconds[path] = time.process_time() - begun
        assert answer.status_code == 200
        assert answer.text.count("<time") <= 120, "a page of it, not all"
    full.inbox.close()
    assert max(seconds.values()) < GOAL, seconds
