"""Only this listener's own pages, and people, are let in."""

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
    """Pages, or control routes and one with a lock of its own, that remember what got through."""

    def __init__(self, *, pages: bool = True) -> None:
        self.reached: list[str] = []
        paths = ["/"] if pages else ["/_sandbox/state", "/sms/3/messages"]
        app = Starlette(
            routes=[Route(path, self._answer, methods=["GET", "POST"]) for path in paths]
        )
        self.app: Any = PagesGuard(app, token=TOKEN, port=PORT)
        if not pages:
            self.app = ApiGuard(app, token=TOKEN, names=frozenset({"cpaas.sandbox.test"}))

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
        sent = {"host": host} | {name.replace("_", "-"): one for name, one in headers.items()}
        sent |= {TOKEN_HEADER: token} if token is not None else {}

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, path, headers=sent)

        return asyncio.run(asked())

    def refuses(self, method: str, path: str = "/", **headers: Any) -> httpx.Response:
        answer = self.ask(method, path, **headers)
        assert (answer.status_code, self.reached) == (403, [])
        assert "secret" not in answer.text
        return answer


def fetched(site: str, mode: str = "cors", dest: str = "empty") -> dict[str, str]:
    return {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}


@pytest.mark.parametrize(
    "host",
    ["evil.test:8445", "evil.test", "localhost", "localhost:80", "localhost.evil.test:8445", ""],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_rebound_name_or_another_port_gets_nothing(host: str, method: str) -> None:
    Behind().refuses(method, host=host, origin=f"http://{host}")


CROSS = fetched("cross-site")
LINK = fetched("cross-site", "navigate", "document")
ADDRESS = fetched("none", "navigate", "document")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        *(
            ("POST", {"origin": one})
            for one in ("null", "http://localhost:3000", "https://localhost:8445")
        ),
        ("POST", {"origin": "http://127.0.0.1:8445"}),
        ("POST", {"origin": HERE, **CROSS}),
        *(("POST", one) for one in ({}, LINK, fetched("same-site"), ADDRESS)),
        ("GET", CROSS),
        ("GET", fetched("cross-site", "no-cors", "script")),
        ("GET", fetched("cross-site", "navigate", "iframe")),
        ("GET", fetched("same-site")),
        ("GET", fetched("same-site", "no-cors", "image")),
        ("GET", {"origin": "null"}),
        *((method, {"origin": "http://evil.test"}) for method in ("GET", "POST")),
    ],
)
def test_another_sites_page_gets_nothing(method: str, headers: dict[str, Any]) -> None:
    Behind().refuses(method, **headers)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        *(("GET", {"host": f"{one}:8445"}) for one in ("localhost", "127.0.0.1", "[::1]")),
        pytest.param("GET", ADDRESS, id="an address"),
        pytest.param("GET", fetched("same-origin"), id="a page of this origin"),
        pytest.param("GET", LINK, id="a link on another site"),
        ("POST", {"origin": HERE}),
        ("POST", fetched("same-origin")),
        ("POST", {"origin": HERE, **fetched("same-origin")}),
    ],
)
def test_people_tools_and_pages_of_this_origin_get_in(method: str, headers: dict[str, Any]) -> None:
    behind = Behind()
    assert behind.ask(method, **headers).text == "secret"
    assert behind.reached == [method]


@pytest.mark.parametrize("host", ["localhost:8445", "evil.test"])
def test_every_answer_has_the_headers(host: str) -> None:
    answer = Behind().ask("GET", host=host)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


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


@pytest.mark.parametrize("token", [None, "", "another"])
def test_control_routes_need_the_token_and_others_their_own_lock(
    token: str | None,
) -> None:
    behind = Behind(pages=False)
    for path in ("/_sandbox/state", "/_sandbox/nowhere", "/_sandbox"):
        assert behind.ask("POST", path, token=token).status_code == 401
    assert behind.reached == []
    assert behind.ask("POST", "/sms/3/messages", token=token).text == "secret"


@pytest.mark.parametrize("path", ["/_sandbox/state", "/sms/3/messages"])
@pytest.mark.parametrize(
    "foreign",
    [
        *({"host": one} for one in ("evil.test", "localhost.evil.test", "10.0.0.1", "", "[")),
        *({"origin": one} for one in ("https://evil.test", "null", "http://[", "")),
    ],
)
def test_a_foreign_host_or_origin_is_refused_with_the_token(
    path: str, foreign: dict[str, str]
) -> None:
    Behind(pages=False).refuses("POST", path, **foreign)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "127.0.0.1:8443", "127.9.9.9", "[::1]:8443", "cpaas.sandbox.test"],
)
def test_this_machines_names_and_the_listeners_own_are_let_in(host: str) -> None:
    assert Behind(pages=False).ask("POST", "/_sandbox/state", host=host).text == "secret"
