"""Only this listener's own pages, and people, are let in."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.web.guard import HEADERS, TOKEN_HEADER, ApiGuard, PagesGuard

PORT = 8445
HERE = "http://localhost:8445"
TOKEN = "token of this sandbox"


class Behind:
    """An application that remembers what got through."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        routes = [Route("/", self._answer, methods=["GET", "POST"])]
        self.app = PagesGuard(Starlette(routes=routes), token=TOKEN, port=PORT)

    async def _answer(self, request: Request) -> Response:
        self.reached.append(request.method)
        return PlainTextResponse("secret")

    def ask(
        self,
        method: str,
        path: str = "/",
        *,
        host: str = "localhost:8445",
        token: str | None = TOKEN,
        **headers: str,
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {TOKEN_HEADER: token} if token is not None else {}
        return ask(self.app, method, path, {"host": host, **sent})


def ask(app: Any, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(run())


def fetched(site: str, mode: str = "cors", dest: str = "empty") -> dict[str, str]:
    return {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}


@pytest.mark.parametrize("host", ["localhost:8445", "127.0.0.1:8445", "[::1]:8445"])
def test_this_machines_names_with_the_right_port_are_let_in(host: str) -> None:
    assert Behind().ask("GET", host=host).text == "secret"


@pytest.mark.parametrize(
    "host",
    ["evil.test:8445", "evil.test", "localhost", "localhost:80", "localhost.evil.test:8445", ""],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_rebound_name_or_another_port_gets_nothing(host: str, method: str) -> None:
    behind = Behind()
    answer = behind.ask(method, host=host, origin=f"http://{host}")
    assert (answer.status_code, behind.reached) == (403, [])
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.test"},
        {"origin": "http://localhost:3000"},
        {"origin": "https://localhost:8445"},
        {"origin": "http://127.0.0.1:8445"},
        {"origin": HERE, **fetched("cross-site")},
        fetched("cross-site", "navigate", "document"),
        fetched("same-site"),
        fetched("none", "navigate", "document"),
    ],
)
def test_nothing_is_changed_by_what_is_not_a_page_of_this_origin(headers: dict[str, Any]) -> None:
    behind = Behind()
    answer = behind.ask("POST", **headers)
    assert (answer.status_code, behind.reached) == (403, [])


@pytest.mark.parametrize(
    "headers",
    [{"origin": HERE}, fetched("same-origin"), {"origin": HERE, **fetched("same-origin")}],
)
def test_a_page_of_this_origin_may_change_something(headers: dict[str, Any]) -> None:
    behind = Behind()
    assert behind.ask("POST", **headers).status_code == 200
    assert behind.reached == ["POST"]


@pytest.mark.parametrize(
    "headers",
    [
        fetched("cross-site"),
        fetched("cross-site", "no-cors", "script"),
        fetched("cross-site", "navigate", "iframe"),
        fetched("same-site"),
        fetched("same-site", "no-cors", "image"),
        {"origin": "http://evil.test"},
        {"origin": "null"},
    ],
)
def test_another_sites_page_reads_nothing(headers: dict[str, Any]) -> None:
    behind = Behind()
    answer = behind.ask("GET", **headers)
    assert (answer.status_code, behind.reached) == (403, [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        fetched("none", "navigate", "document"),
        fetched("same-origin"),
        fetched("cross-site", "navigate", "document"),
    ],
    ids=["a tool", "an address", "a page of this origin", "a link on another site"],
)
def test_a_person_and_a_tool_read(headers: dict[str, Any]) -> None:
    assert Behind().ask("GET", **headers).text == "secret"


@pytest.mark.parametrize("host", ["localhost:8445", "evil.test"])
def test_every_answer_has_the_headers(host: str) -> None:
    answer = Behind().ask("GET", host=host)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


# -- the token --------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "another", TOKEN[:-1]])
@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=another", f"/?tokens={TOKEN}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_browser_gets_nothing(method: str, path: str, token: str | None) -> None:
    behind = Behind()
    answer = behind.ask(method, path, token=token, origin=HERE)
    assert (answer.status_code, behind.reached) == (401, [])
    assert "make up" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_browser_brings_the_token_once_and_has_a_cookie_then() -> None:
    behind = Behind()
    answer = behind.ask("GET", f"/?q=a%26b&token={TOKEN}&before=", token=None)
    assert (answer.status_code, behind.reached) == (303, [])
    assert answer.headers["location"] == "/?q=a%26b&before="
    cookie = answer.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert TOKEN not in cookie, "every server on localhost gets the cookie"
    value = cookie.partition(";")[0]
    assert behind.ask("GET", token=None, cookie=value).text == "secret"
    assert behind.ask("GET", token=None, cookie=value[:-1]).status_code == 401
    assert behind.ask("POST", token=None, cookie=value).status_code == 403, "a form of no page"
    assert behind.ask("GET", token=None, host="evil.test", cookie=value).status_code == 403


class Control:
    """An application with a control route and one with a lock of its own."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        paths = ("/_sandbox/state", "/sms/3/messages")
        routes = [Route(path, self._answer, methods=["GET", "POST"]) for path in paths]
        names = frozenset({"cpaas.sandbox.test"})
        self.app = ApiGuard(Starlette(routes=routes), token=TOKEN, names=names)

    async def _answer(self, request: Request) -> Response:
        self.reached.append(request.url.path)
        return PlainTextResponse("secret")

    def ask(self, path: str, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.app, "POST", path, {"host": "localhost:8444", **sent})


@pytest.mark.parametrize("given", [{}, {TOKEN_HEADER: ""}, {TOKEN_HEADER: "another"}])
def test_control_routes_need_the_token_and_the_others_have_a_lock_of_their_own(
    given: dict[str, str],
) -> None:
    behind = Control()
    for path in ("/_sandbox/state", "/_sandbox/nowhere", "/_sandbox"):
        assert behind.ask(path, **given).status_code == 401
    assert behind.reached == []
    assert behind.ask("/sms/3/messages", **given).text == "secret"
    assert behind.ask("/_sandbox/state", **{TOKEN_HEADER: TOKEN}).text == "secret"


@pytest.mark.parametrize("path", ["/_sandbox/state", "/sms/3/messages"])
@pytest.mark.parametrize(
    "foreign",
    [
        *({"host": one} for one in ("evil.test", "localhost.evil.test", "10.0.0.1", "", "[")),
        *({"origin": one} for one in ("https://evil.test", "null", "http://[", "")),
    ],
)
def test_a_foreign_host_or_origin_gets_nothing_even_with_the_token(
    path: str, foreign: dict[str, str]
) -> None:
    behind = Control()
    answer = behind.ask(path, **{TOKEN_HEADER: TOKEN}, **foreign)
    assert (answer.status_code, behind.reached) == (403, [])


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "127.0.0.1:8443", "127.9.9.9", "[::1]:8443", "cpaas.sandbox.test"],
)
def test_this_machines_names_and_the_listeners_own_are_let_in(host: str) -> None:
    assert Control().ask("/_sandbox/state", host=host, **{TOKEN_HEADER: TOKEN}).text == "secret"
