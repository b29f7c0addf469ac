"""Pages open quickly however full the phones are."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.cpaas import Cpaas
from sandbox.inbox.inbox import MAX_MESSAGES
from sandbox.pages import phones
from sandbox.pages.views import Views
from tests.sandbox.inbox.phones import filled

GOAL = 0.2
"""Seconds. Of the processor, as other tests run beside this one."""


@pytest.mark.parametrize("phones_of", [1, MAX_MESSAGES])
def test_with_ten_thousand_messages_each_page_opens_in_a_fifth_of_a_second(
    tmp_path: Path, phones_of: int
) -> None:
    full = filled(tmp_path / "inbox.sqlite", phones_of=phones_of)
    app = Starlette(routes=phones.routes(full.inbox, Cpaas(full.inbox, []), Views()))
    seconds = {}

    async def visit() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as person:
            await person.get("/phones?q=nothing")  # what is loaded once
            for path in ("/phones", "/phones/+819000000000", "/phones?q=123456"):
                begun = time.process_time()
                answer = await person.get(path)
                seconds[path] = time.process_time() - begun
                assert answer.status_code == 200
                assert answer.text.count("<time") in range(1, 120), "a page of it, not all"

    asyncio.run(visit())
    full.inbox.close()
    assert max(seconds.values()) < GOAL, seconds
