"""Keeps other sites, and names that were rebound to this machine, away from the pages.

Owns which requests are let in, and the headers that tell a browser what a page may do. Refuses to
know a page. Facts: Fetch Metadata (W3C) for the Sec-Fetch-* headers, which Chromium, Firefox and
Safari send to loopback; RFC 6454 for Origin.

A request must name this listener itself as Host: a page of another site that rebound its own name
to 127.0.0.1 still sends that name. What changes something must come from a page of this very
origin. What only reads is refused to other sites' pages as well, also to those on other ports of
localhost; a link that a person follows is let in.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_READING: Final = frozenset({"GET", "HEAD"})
_HTTP_PORT: Final = 80

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not no-referrer: with that, Chromium calls the origin of a page's own form "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets in what a page of this listener, or a person, asks for; 403 for everything else.

    Args:
        app: what is guarded.
        port: the port that this listener has.
    """

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        if port == _HTTP_PORT:
            self._hosts |= set(_NAMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; every answer gets the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        reason = self._reason_against(scope["method"], Headers(scope=scope))
        answer = self._app if reason is None else PlainTextResponse(f"Refused: {reason}\n", 403)
        await answer(scope, receive, with_headers)

    def _reason_against(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return "this is the sandbox of a developer, reached by another name or port"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin != f"http://{host}":
            return "the request comes from another site's page"
        if method in _READING:
            return None if _may_read(headers) else "another site's page may not read this"
        # A browser says one of the two of itself; whoever sends neither is no page of ours.
        if origin is None and site != "same-origin":
            return "only a page of this sandbox may change something"
        return None if site in {None, "same-origin"} else "the request comes from another site"


def _may_read(headers: Headers) -> bool:
    if headers.get("sec-fetch-site") in {None, "same-origin", "none"}:
        return True
    # A link in a chat or an issue: it opens a window that its page can neither read nor frame.
    return headers.get("sec-fetch-mode") == "navigate" and (
        headers.get("sec-fetch-dest") == "document"
    )


def _add_headers(message: MutableMapping[str, object]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers[name] = value
    # Codes and numbers have no place in a cache; what a page says of itself goes first.
    headers.setdefault("cache-control", "no-store")
