"""A request ends in time and size, and no error of it holds a header.

What trickles, is cut off or is a proxy's page: `tests/faults` has all of it over real connections.
"""

import asyncio
import gzip
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from auth0.management.core import http_client

from components.tenant import bounded_http
from components.tenant.bounded_http import BoundedAsyncClient, BoundedClient
from tests.components.conftest import At

SECRET = "canary-token"
HTTPS = "https://t.example/"
Send = Callable[..., httpx.Response]


def sync_send(*, url: str = HTTPS, headers: Any = None, total: float = 5, **options: Any) -> Any:
    with BoundedClient(total=total, **options) as http:
        return http.get(url, headers=headers)


def async_send(*, url: str = HTTPS, headers: Any = None, total: float = 5, **options: Any) -> Any:
    async def sent() -> httpx.Response:
        async with BoundedAsyncClient(total=total, **options) as http:
            return await http.get(url, headers=headers)

    return asyncio.run(sent())


@pytest.fixture(params=[sync_send, async_send], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


class Endless(httpx.AsyncByteStream):
    """A body without end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" " * 100


class Parts(httpx.AsyncByteStream):
    """A body that comes in two parts."""

    def __init__(self, body: bytes) -> None:
        self._parts = body[:9], body[9:]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


def answering(status: int = 200, **answer: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status, **answer))


def test_what_trickles_is_ended_and_whoever_was_kept_waiting_is_gone(at: At, send: Send) -> None:
    begun = time.monotonic()
    with at.control() as control:
        fault = {"path": "/trickling$", "trickle": "head", "trickle_seconds": 0.02, "times": None}
        control.post("/faults", json=fault).raise_for_status()
        with pytest.raises(httpx.ReadTimeout, match=r"no whole answer within 0\.3 s"):
            send(url=f"{at.running.tenant_url}/api/v2/trickling", total=0.3, timeout=30)
    assert time.monotonic() - begun < 20
    # It closed its connection itself: closed by another thread, its number could be reused.
    assert "bounded-http" not in {one.name for one in threading.enumerate()}


def test_an_answer_without_end_is_ended(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "MAX_ANSWER_BYTES", 1000)
    with pytest.raises(httpx.DecodingError, match="an answer of over"):
        send(transport=answering(stream=Endless()))


def compressed(body: bytes, coding: str = "gzip") -> httpx.MockTransport:
    return answering(stream=Parts(body), headers={"content-encoding": coding})


def test_what_is_compressed_is_counted_as_what_it_becomes(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_http, "MAX_ANSWER_BYTES", 100_000)
    for size in (0, 100_000):
        asked = {"accept-encoding": "br"}  # as another library's client would
        answer = send(transport=compressed(gzip.compress(b" " * size)), headers=asked)
        assert (len(answer.content), answer.request.headers["accept-encoding"]) == (size, "gzip")
    bomb = compressed(gzip.compress(b" " * 50_000_000))
    tracemalloc.start()
    with pytest.raises(httpx.DecodingError, match="an answer of over"):
        send(transport=bomb)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "br", "zstd", "deflate"])
def test_what_is_not_compressed_as_asked_is_refused(send: Send, coding: str) -> None:
    with pytest.raises(httpx.DecodingError, match=r"an answer that is (not )?compressed"):
        send(transport=compressed(b"[]" * 20, coding))


ODD_WAITS = [
    *("Mon, 01 Jan 99999 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +9999", "9" * 400),
    *("-5", "1e1", "nan", "", "soon"),
]


@pytest.mark.parametrize("header", ["retry-after", "x-ratelimit-reset"])
@pytest.mark.parametrize("said", ODD_WAITS)
def test_a_time_to_wait_that_is_none_reaches_no_client_that_reckons(header: str, said: str) -> None:
    refusal = async_send(transport=answering(429, headers={header: said}))
    assert header not in refusal.headers
    assert http_client._retry_timeout(refusal, 0) < 2
    for good in ("30", "Mon, 30 Nov 2026 01:00:00 GMT"):
        refusal = async_send(transport=answering(429, headers={header: good}))
        assert refusal.headers[header] == good


def test_work_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "MOST_REQUESTS", 3)
    with BoundedClient(total=5, transport=answering()) as http:
        for _ in range(3):
            http.get(HTTPS)
        with pytest.raises(httpx.HTTPError, match="over 3 requests"):
            http.get(HTTPS)


@pytest.mark.parametrize("value", [f"Bearer {SECRET}\n", f"Bearer {SECRET}あ", f"{SECRET}\0"])
def test_an_illegal_header_is_told_without_its_value(at: At, send: Send, value: str) -> None:
    with pytest.raises(httpx.HTTPError, match="a character that HTTP does not allow") as failed:
        send(url=at.running.tenant_url, headers={"Authorization": value})
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize(
    "domain", ["a..b", "x" * 64 + ".example", "bad host", "ho\nst", "[::1", "host:port", ""]
)
def test_a_name_that_cannot_be_is_an_http_error(send: Send, domain: str) -> None:
    with pytest.raises(httpx.HTTPError):
        send(url=f"https://{domain}/oauth/token")


@pytest.mark.parametrize(
    "content", [b"<html>", b'{"a": "\xff"}', b"[" * 100_000, b"{", b'"\xed\xa0\x80"', b'"\\ud800"']
)
def test_what_is_no_json_is_refused_or_left_out(send: Send, content: bytes) -> None:
    good, bad = answering(content=content), answering(502, content=content)
    with pytest.raises(httpx.DecodingError, match="status 200 with a body that is not JSON: did"):
        send(json_only=True, transport=good)
    refusal = send(json_only=True, transport=bad)
    assert (refusal.status_code, refusal.content) == (502, b"")
    assert send(transport=good).content == content
    page = answering(content=content, headers={"content-type": "text/html; charset=utf-8"})
    with pytest.raises(httpx.DecodingError, match="status 200 with text/html that is not JSON"):
        send(json_only=True, transport=page)


@pytest.mark.parametrize("client", [BoundedClient, BoundedAsyncClient])
def test_a_file_of_cas_that_cannot_be_read_is_named_where_a_variable_named_it(
    client: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/ca.pem")
    with pytest.raises(OSError, match=r"SSL_CERT_FILE /no/such/ca\.pem"):
        client(total=1.0)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr("certifi.where", lambda: "/no/such/certifi.pem")
    with pytest.raises(OSError, match="No such file") as caught:
        client(total=1.0)
    assert "SSL_CERT_FILE" not in str(caught.value)


def test_good_answers_pass(send: Send) -> None:
    good = answering(json={"a": [1]}, headers={"x-kept": "1"})
    answer = send(json_only=True, transport=good)
    assert (answer.json(), answer.headers["x-kept"]) == ({"a": [1]}, "1")
    assert send(json_only=True, transport=answering(204)).content == b""
