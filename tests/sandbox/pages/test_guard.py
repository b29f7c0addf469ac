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

from sandbox.web.guard import HEADERS, Guard

PORT = 8445
HERE = "http://localhost:8445"


class Behind:
    """An application that remembers what got through."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        routes = [Route("/", self._answer, methods=["GET", "POST"])]
        self.app = Guard(Starlette(routes=routes), port=PORT)

    async def _answer(self, request: Request) -> Response:
        self.reached.append(request.method)
        return PlainTextResponse("secret")

    def ask(self, method: str, *, host: str = "localhost:8445", **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}

        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, "/", headers={"host": host, **sent})

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
    "headers", [{}, fetched("none", "navigate", "document"), fetched("same-origin")]
)
def test_a_person_and_a_tool_read(headers: dict[str, Any]) -> None:
    assert Behind().ask("GET", **headers).text == "secret"


def test_a_link_on_another_site_may_be_followed() -> None:
    answer = Behind().ask("GET", **fetched("cross-site", "navigate", "document"))
    assert answer.text == "secret"


@pytest.mark.parametrize("host", ["localhost:8445", "evil.test"])
def test_every_answer_has_the_headers(host: str) -> None:
    answer = Behind().ask("GET", host=host)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
