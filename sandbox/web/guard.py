"""Who may ask a listener of the sandbox: refused unless something lets a request in.

Every local user reaches the ports, and every web page in a browser of this machine can send to
them. So a request must name this machine as Host (a page that rebound its own name to 127.0.0.1
still sends that name), may come from no other site's page, and needs the token that lies in the
state folder, readable by its owner alone. Only what has a lock of its own goes without: the
Management API asks for an access token, the CPaaS for its key.

Facts: Fetch Metadata (W3C) for the Sec-Fetch-* headers, which Chromium, Firefox and Safari send to
loopback; RFC 6454 for Origin.
"""

import hashlib
import hmac
import ipaddress
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX: Final = "/_sandbox"
"""Where control routes are, on every listener that has some."""

TOKEN_HEADER: Final = "x-sandbox-token"  # noqa: S105 - a header's name
_COOKIE_SECONDS: Final = 90 * 86_400
_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_READING: Final = frozenset({"GET", "HEAD"})
_HTTP_PORT: Final = 80
_ANOTHER_NAME: Final = "this is the sandbox of a developer, reached by another name or port"
_ANOTHER_SITE: Final = "the request comes from another site's page"

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


def _same(given: str | None, wanted: str) -> bool:
    return hmac.compare_digest((given or "").encode(), wanted.encode())


class ApiGuard:
    """Around the tenant's listener and the CPaaS's: control routes need the token.

    `names` are host names of this listener beside those of loopback.
    """

    def __init__(self, app: ASGIApp, *, token: str, names: frozenset[str] = frozenset()) -> None:
        self.app = app
        self._token = token
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope) if scope["type"] == "http" else None
        await (refused or self.app)(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if not self._is_ours(headers.get("host", "")):
            return _refusal(403, _ANOTHER_NAME)
        if origin is not None and not self._is_ours(origin.partition("://")[2]):
            return _refusal(403, _ANOTHER_SITE)
        control = scope["path"].startswith(PREFIX)
        if control and not _same(headers.get(TOKEN_HEADER), self._token):
            return _refusal(
                401,
                f"control routes need this sandbox's token in the header {TOKEN_HEADER}; "
                "`python -m sandbox env --secrets` prints it",
            )
        return None

    def _is_ours(self, netloc: str) -> bool:
        try:
            host = urlsplit(f"//{netloc}").hostname or ""
            if host in self._names or host == "localhost" or host.endswith(".localhost"):
                return True
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def _refusal(status: int, reason: str) -> Response:
    body = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": reason}
    return JSONResponse(body, status)


class PagesGuard:
    """Around the pages: a browser brings the token once, in the address, and has a cookie then.

    What changes something must come from a page of this very origin. What only reads is refused to
    other sites' pages as well, also to those on other ports of localhost; a link that a person
    follows is let in. Every answer has the headers that tell a browser what a page may do.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self.app = app
        self._token = token
        # Every other server of this machine has the same host, and gets the cookie too.
        self._key = hmac.new(token.encode(), b"pages", hashlib.sha256).hexdigest()
        self._cookie = f"phonemfa-pages-{port}"
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        if port == _HTTP_PORT:
            self._hosts |= set(_NAMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # Codes and numbers have no place in a cache; what a page says itself goes first.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        reason = self._reason_against(scope["method"], headers)
        answer: ASGIApp = self.app
        if reason is not None:
            answer = PlainTextResponse(f"Refused: {reason}\n", 403)
        elif not self._knows(headers):
            answer = self._without_cookie(scope)
        await answer(scope, receive, with_headers)

    def _knows(self, headers: Headers) -> bool:
        cookie = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        return _same(cookie, self._key) or _same(headers.get(TOKEN_HEADER), self._token)

    def _without_cookie(self, scope: Scope) -> Response:
        """The same address without the token, and a cookie; or a refusal that says what to do."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not _same(dict(query).get("token"), self._token):
            told = "open the address that `make up` and `python -m sandbox status` print"
            return PlainTextResponse(f"Refused: this browser is not known; {told}.\n", 401)
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        answer = RedirectResponse(f"{scope['path']}?{rest}".rstrip("?"), 303)
        answer.set_cookie(
            self._cookie, self._key, max_age=_COOKIE_SECONDS, httponly=True, samesite="lax"
        )
        return answer

    def _reason_against(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return _ANOTHER_NAME
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin != f"http://{host}":
            return _ANOTHER_SITE
        if method in _READING:
            return None if _may_read(headers) else "another site's page may not read this"
        # A browser says one of the two of itself; whoever sends neither is no page of ours.
        if origin is None and site != "same-origin":
            return "only a page of this sandbox may change something"
        return None if site in {None, "same-origin"} else _ANOTHER_SITE


def _may_read(headers: Headers) -> bool:
    # A link in a chat or an issue: it opens a window that its page can neither read nor frame.
    how = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return how == ("navigate", "document") or (
        headers.get("sec-fetch-site") in {None, "same-origin", "none"}
    )
