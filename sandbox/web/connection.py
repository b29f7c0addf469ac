"""What a peer does to a connection when it fails: scripted faults below HTTP.

ASGI has no word for cutting, half-closing, staying silent and trickling: under uvicorn the
transport is used; elsewhere an exception stands for the lost connection. uvicorn's `send` is a
method of the object that has the transport. Middleware hides it, so an application remembers the
server's own `send` in the scope before anything wraps it.
"""

import asyncio
import contextlib
import socket
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

SERVERS_SEND = "sandbox_servers_send"
HEAD_THAT_DOES_NOT_END = b"HTTP/1.1 200 OK\r\nx-trickle: "


class ConnectionCutError(Exception):
    """Stands for a lost connection where there is no transport to close."""


class Broken(Response):
    """An answer of which less arrives than was meant (`whole`), or nothing.

    `how` is `cut` (after `body_bytes`), `half_closed`, `silent`, `trickle` (a byte of the body each
    `seconds`), `trickle_head` (a head without end), or anything else: nothing. Where there is no
    transport to do that with, ConnectionCutError is raised.
    """

    def __init__(
        self, how: str, whole: Response | None = None, *, body_bytes: int = 0, seconds: float = 1.0
    ) -> None:
        super().__init__()
        self._how = how
        self._whole = whole or Response()
        self._body_bytes = body_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match self._how:
            case "trickle":
                await self._begin(send)
                for byte in bytes(self._whole.body):
                    await send(_part(bytes([byte])))
                    if await _gone(receive, self._seconds):
                        return
                await send({"type": "http.response.body"})
                return
            case "trickle_head":
                transport = _transport(scope)
                transport.write(HEAD_THAT_DOES_NOT_END)
                while not await _gone(receive, self._seconds):
                    transport.write(b"x")
                return
            case "half_closed":
                # Nothing more comes, without a goodbye of TLS, and it goes on listening.
                _transport(scope).get_extra_info("socket").shutdown(socket.SHUT_WR)
            case "cut":
                await self._begin(send)
                await send(_part(bytes(self._whole.body)[: self._body_bytes]))
                _transport(scope).close()
            case "silent":
                pass
            case _:
                _transport(scope).abort()
        await _gone(receive)

    async def _begin(self, send: Send) -> None:
        # The headers promise the whole length: that is what a truncated answer looks like.
        head = {"status": self._whole.status_code, "headers": self._whole.raw_headers}
        await send({"type": "http.response.start", **head})


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _transport(scope: Scope) -> Any:
    """The server's transport, found through uvicorn's bound `send`."""
    transport = getattr(getattr(scope.get(SERVERS_SEND), "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionCutError
    return transport


async def _gone(receive: Receive, seconds: float | None = None) -> bool:
    """Wait until the client leaves, or so many seconds; only then does the server not answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


class Application(Starlette):
    """Starlette that remembers the server's own `send`, for scripted faults to find."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault(SERVERS_SEND, send)  # or what serves it did already
        await super().__call__(scope, receive, send)
