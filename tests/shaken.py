"""A pytest plugin: each answer is late, and Hypothesis has other examples (`make shaken`).

Whoever asks over httpx, of a sandbox in this process too, goes on a moment after the answer has
come. What a server does behind its answer is done by then, so a test that holds only where it looks
sooner fails. (The reverse, a server that takes its time, is a busy machine; the order of the tests
is pytest-randomly's.)
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

LATE: Final = 0.15
"""Seconds; an Action has run under Node by then."""


@pytest.fixture(scope="session", autouse=True)
def _late_answers() -> Iterator[None]:
    soon, soon_too = httpx.Client.send, httpx.AsyncClient.send

    def late(client: httpx.Client, *args: Any, **options: Any) -> httpx.Response:
        answer = soon(client, *args, **options)
        time.sleep(LATE)
        return answer

    async def late_too(client: httpx.AsyncClient, *args: Any, **options: Any) -> httpx.Response:
        answer = await soon_too(client, *args, **options)
        await asyncio.sleep(LATE)
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpx.Client, "send", late)
        patched.setattr(httpx.AsyncClient, "send", late_too)
        yield
