"""What this process takes: how many connections, and how much of a body that nobody reads.

Owns raising the limit of open files to what the system allows: each connection is one, and the
usual first limit of 1024 is less than a careless load test opens. At the limit the server takes
no new connection until one of the old ends; it goes on answering those. And owns closing a
connection whose client sends on after it was refused: uvicorn would read all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from asyncio import sslproto

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.web.connection import SERVERS_SEND

MOST_FILES = 65_536
LINGER_BYTES = 8 * 1024 * 1024
LINGER_SECONDS = 1.0


def take_all_files() -> None:
    """Raise this process's soft limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def small_buffers() -> None:
    """Let an idle connection over TLS cost tens of kilobytes: asyncio reserves 256 for each."""
    sslproto.SSLProtocol.max_size = 32 * 1024


class UnreadBodies:
    """Answers before a body has ended, then closes.

    A little of the rest is read first: a client that is sending when its connection is closed
    would see that, and not the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap this application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, counting what was read."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        scope.setdefault(SERVERS_SEND, send)  # or what serves it did already
        ended, read = False, 0

        async def counted() -> Message:
            nonlocal ended, read
            message = await receive()
            read += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            return message

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and not ended:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LINGER_SECONDS):
                        while not ended and read < LINGER_BYTES:
                            await counted()
                if not ended:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, counted, last)


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
