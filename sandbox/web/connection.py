"""What a peer does to a connection when it fails: scripted faults below HTTP.

ASGI has no word for cutting, half-closing, staying silent and trickling: under uvicorn the
transport is used; elsewhere an exception stands for the lost connection. uvicorn's `send` is a
method of the object that has the transport. Middleware hides it, so an application remembers the
server's own `send` in the scope before anything wraps it.
"""

from __future__ import annotations

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


def _transport(scope: Scope) -> Any:
    """The server's transport, found through uvicorn's bound `send`.

    Raises:
        ConnectionCutError: there is none.
    """
    transport = getattr(getattr(scope.get(SERVERS_SEND), "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionCutError
    return transport


async def cut(
    scope: Scope, receive: Receive, send: Send, response: Response | None, body_bytes: int
) -> None:
    """Close the connection.

    Args:
        scope, receive, send: of the request.
        response: what is answered in part first; None closes before any byte.
        body_bytes: how much of its body goes out.

    Raises:
        ConnectionCutError: where no transport can be closed.
    """
    if response is not None:
        sent = bytes(response.body)[:body_bytes]

        async def shortened(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": sent, "more_body": True}
            await send(message)

        # The headers still promise the whole length: that is what a truncated answer looks like.
        await response(scope, receive, shortened)
    transport = _transport(scope)
    transport.abort() if response is None else transport.close()
    await silence(receive)


async def half_close(scope: Scope, receive: Receive) -> None:
    """Say that nothing more comes, without a goodbye of TLS, and go on listening.

    Raises:
        ConnectionCutError: where there is no transport.
    """
    _transport(scope).get_extra_info("socket").shutdown(socket.SHUT_WR)
    await silence(receive)


async def silence(receive: Receive) -> None:
    """Answer nothing until the client has gone; only then does the server not answer itself."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def trickle(
    scope: Scope, receive: Receive, send: Send, response: Response, seconds: float
) -> None:
    """Answer the body a byte at a time, `seconds` apart; ends early when the client has gone."""

    async def slowly(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        for byte in message.get("body", b""):
            await send({**message, "body": bytes([byte]), "more_body": True})
            if await _gone(receive, seconds):
                return
        await send({"type": "http.response.body"})

    await response(scope, receive, slowly)


async def trickle_head(scope: Scope, receive: Receive, seconds: float) -> None:
    """Answer a head that never ends, a byte every `seconds`, until the client has gone.

    Raises:
        ConnectionCutError: where there is no transport.
    """
    transport = _transport(scope)
    transport.write(HEAD_THAT_DOES_NOT_END)
    while not await _gone(receive, seconds):
        transport.write(b"x")


async def _gone(receive: Receive, seconds: float) -> bool:
    """Whether the client leaves within so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await silence(receive)
            return True
    return False


class Broken(Response):
    """An answer of which less arrives than was meant, or nothing.

    Args:
        how: `close` (nothing), `cut` (a part of the body), `half_closed`, `silent`, `trickle` (a
            byte of the body at a time), or `trickle_head` (a head without end).
        whole: the answer that was meant, where a part of it arrives.
        body_bytes: how much of its body a cut lets through.
        seconds: between two bytes of a trickle.
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
        if self._how == "trickle":
            await trickle(scope, receive, send, self._whole, self._seconds)
        elif self._how == "trickle_head":
            await trickle_head(scope, receive, self._seconds)
        elif self._how == "half_closed":
            await half_close(scope, receive)
        elif self._how == "silent":
            await silence(receive)
        else:
            part = self._whole if self._how == "cut" else None
            await cut(scope, receive, send, part, self._body_bytes)


class Application(Starlette):
    """Starlette that remembers the server's own `send`, for scripted faults to find."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault(SERVERS_SEND, send)  # or what serves it did already
        await super().__call__(scope, receive, send)
