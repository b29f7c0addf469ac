"""Listeners in a thread of their own, under uvicorn, and what this process takes.

The limit of open files is raised to what the system allows: each connection is one, and the usual
first limit of 1024 is less than a careless load test opens. A connection whose client sends on
after it was refused is closed: uvicorn would read all of it.
"""

import asyncio
import logging
import resource
import socket
import threading
import time
from asyncio import sslproto
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.machine.errors import ServerError
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
    """Remembers the server's own `send`; answers before a body has ended, then closes.

    A little of the rest is read first: a client that is sending when its connection is closed
    would see that, and not the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[SERVERS_SEND] = send
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        ended, read = False, 0

        async def counted() -> Message:
            nonlocal ended, read
            message = await receive()
            read += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            return message

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and not ended:
                with suppress(TimeoutError):
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


_START_SECONDS = 15.0
_STOP_SECONDS = 10.0
_CROWD_SECONDS = 10.0

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Sleeps until it is told to end, and sets its answers' date each second.

    uvicorn itself looks ten times a second: of fifty tenants in one process, each with three
    listeners, that was most of the work.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    async def main_loop(self) -> None:
        told = asyncio.Event()
        self._told = asyncio.get_running_loop(), told
        while not await self.on_tick(counter=0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await told.wait()

    def end(self) -> None:
        """Ask it to end, from any thread."""
        self.should_exit = True
        if self._told is not None:
            loop, told = self._told
            with suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(told.set)


Served = tuple[ASGIApp, socket.socket, Path | None]
"""An application, whose lifespan is run; its listening socket, closed at the end; for TLS the PEM
file with private key and chain."""


class ServerThread:
    """Serves until `stop`, all from one event loop.

    So what is served may use the same objects without a thought for threads. `name` is shown in
    lists of threads and in messages.
    """

    def __init__(self, name: str, *served: Served) -> None:
        self._name = name
        self._failure: BaseException | None = None
        self._crowd_told = 0.0
        self._servers = [
            (_server(application, certificate), listener)
            for application, listener, certificate in served
        ]
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; returns when connections are answered, or raises a ServerError."""
        self._thread.start()
        end = time.monotonic() + _START_SECONDS
        while not all(server.started for server, _ in self._servers):
            self._thread.join(timeout=0.01)
            if not self._thread.is_alive() or time.monotonic() > end:
                self._ask_to_end()
                raise ServerError(
                    f"The sandbox's {self._name} did not start: {self._failure or 'no answer'}",
                    "This is a fault of the sandbox; its log has the details.",
                ) from self._failure

    def stop(self) -> None:
        """End serving: open requests get two seconds. Safe to call twice."""
        self._ask_to_end()
        if self._thread.ident is not None:
            self._thread.join(timeout=_STOP_SECONDS)
        for _, listener in self._servers:
            listener.close()

    def _ask_to_end(self) -> None:
        for server, _ in self._servers:
            server.end()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - the thread that waits raises it
            self._failure = error

    async def _serve(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._told)
        serving = (server.serve(sockets=[listener]) for server, listener in self._servers)
        await asyncio.gather(*serving)

    def _told(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what nobody caught; of a crowd at the door one line, not one a connection."""
        if not str(context.get("message", "")).startswith("socket.accept()"):
            loop.default_exception_handler(context)
        elif time.monotonic() > self._crowd_told + _CROWD_SECONDS:
            self._crowd_told = time.monotonic()
            logger.warning(
                "%s: no new connection is taken, as this process has as many open files as it may "
                "(ulimit -n). It goes on when connections end.",
                self._name,
            )


def _server(application: ASGIApp, certificate: Path | None) -> _Server:
    return _Server(
        uvicorn.Config(
            UnreadBodies(application),
            ssl_certfile=certificate,
            ssl_keyfile=certificate,
            lifespan="auto",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            # Auth0's edge keeps idle connections for about a minute. Clients that pool
            # connections then meet no close between two requests of one run.
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2,
        )
    )
