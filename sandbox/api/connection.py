"""Cutting connections, for scripted faults.

Owns the one thing ASGI has no word for. Refuses to decide when. Under uvicorn the transport itself
is closed; elsewhere an exception stands for the lost connection.

uvicorn's `send` is a method of the object that has the transport. Middleware hides it, so the
application remembers the server's own `send` in the scope before anything wraps it.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

SERVERS_SEND = "sandbox.servers_send"


class ConnectionCutError(Exception):
    """Stands for a lost connection where there is no transport to close."""


def _transport(scope: Scope) -> Any:
    """The server's transport, found through uvicorn's bound `send`; None elsewhere."""
    return getattr(getattr(scope.get(SERVERS_SEND), "__self__", None), "transport", None)


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
    if transport is None:
        raise ConnectionCutError
    transport.abort() if response is None else transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass  # only then does the server know, and does not try to answer itself
