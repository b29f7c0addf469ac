"""Server-sent events: what changed on the phones, as pieces of HTML, without gaps.

Each event has the number of its change as id, so that a browser that was cut off says where it was
(Last-Event-ID) and gets what came since. Format: HTML Living Standard, "Server-sent events".
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from sandbox.inbox.timeline import Entry, Filter, Timeline

MOST: Final = 100
"""Changes that are sent one by one; a page that missed more is told to load itself anew."""
HEARTBEAT: Final = 15.0
"""Seconds without a change after which a line is sent all the same: it finds out who has gone."""
_RETRY_MS: Final = 1000

Pieces = Callable[[Sequence[Entry]], Sequence[tuple[int, str]]]
"""HTML for changed entries, each with the number of its change, in rising order."""


def stream(
    request: Request, timeline: Timeline, wanted: Filter, pieces: Pieces
) -> StreamingResponse:
    """The events of these entries from the number on that the browser, else the page, has seen."""
    given = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    after = int(given) if given.isdecimal() and given.isascii() and len(given) < 18 else 0  # noqa: PLR2004
    return StreamingResponse(
        _events(timeline, wanted, pieces, after), media_type="text/event-stream"
    )


async def _events(
    timeline: Timeline, wanted: Filter, pieces: Pieces, after: int
) -> AsyncIterator[str]:
    database = timeline.database
    yield f"retry: {_RETRY_MS}\n\n"
    with database.listening() as changed:
        while not database.closing:
            changed.clear()
            upto = database.last_change
            if after > upto or after < database.last_clearing:
                # Counted by another state folder, or something is gone from the page.
                after = upto
                yield _event(upto, "reload", "")
            entries = timeline.changed(wanted, after=after, upto=upto, limit=MOST + 1)
            if len(entries) > MOST:
                yield _event(upto, "reload", "")
            else:
                for number, html in pieces(entries):
                    yield _event(number, "entry", html)
            after = upto
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await changed.wait()
            except TimeoutError:
                yield ":\n\n"


def _event(number: int, name: str, data: str) -> str:
    # Each line of it is a field of its own; a lone CR would end a line as well.
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"id: {number}\nevent: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
