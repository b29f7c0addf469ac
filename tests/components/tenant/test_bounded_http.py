"""A request ends in time and size, and no error of it holds a header."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from components.tenant import bounded_http
from components.tenant.bounded_http import BoundedAsyncClient, BoundedClient

SECRET = "canary-token"
Send = Callable[..., httpx.Response]


def sync_send(*, total: float = 5, request: dict[str, Any] | None = None, **options: Any) -> Any:
    with BoundedClient(total=total, **options) as http:
        return http.request(**{"method": "GET", "url": "https://t.example/", **(request or {})})


def async_send(*, total: float = 5, request: dict[str, Any] | None = None, **options: Any) -> Any:
    async def sent() -> httpx.Response:
        async with BoundedAsyncClient(total=total, **options) as http:
            wanted = {"method": "GET", "url": "https://t.example/", **(request or {})}
            return await http.request(**wanted)

    return asyncio.run(sent())


@pytest.fixture(params=[sync_send, async_send], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body without end."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" " * 100

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" " * 100


def answering(**answer: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(**answer))


@pytest.fixture
def trickling() -> Iterator[str]:
    """A server of plain HTTP that sends a head without end; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nx-trickle: ")
                    while not ended.wait(0.02):
                        try:
                            connection.sendall(b"x")
                        except OSError:
                            break

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_what_trickles_is_ended(send: Send, trickling: str) -> None:
    begun = time.monotonic()
    with pytest.raises(httpx.ReadTimeout, match=r"no whole answer within 0\.3 s"):
        send(total=0.3, request={"url": trickling}, timeout=30)
    assert time.monotonic() - begun < 20


def test_whoever_was_kept_waiting_is_gone(trickling: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        sync_send(total=0.2, request={"url": trickling}, timeout=30)
    # It closed its connection itself: closed by another thread, its number could be reused.
    assert "bounded-http" not in {one.name for one in threading.enumerate()}


def test_an_answer_without_end_is_ended(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "MAX_ANSWER_BYTES", 1000)
    with pytest.raises(httpx.DecodingError, match="an answer of over"):
        send(transport=answering(status_code=200, stream=Endless()))


def test_work_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "MOST_REQUESTS", 3)
    with BoundedClient(total=5, transport=answering(status_code=200)) as http:
        for _ in range(3):
            http.get("https://t.example/")
        with pytest.raises(httpx.HTTPError, match="over 3 requests"):
            http.get("https://t.example/")


@pytest.mark.parametrize("value", [f"Bearer {SECRET}\n", f"Bearer {SECRET}あ", f"{SECRET}\0"])
def test_an_illegal_header_is_told_without_its_value(
    send: Send, trickling: str, value: str
) -> None:
    with pytest.raises(httpx.HTTPError, match="a character that HTTP does not allow") as failed:
        send(request={"url": trickling, "headers": {"Authorization": value}})
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize(
    "domain", ["a..b", "x" * 64 + ".example", "bad host", "ho\nst", "[::1", "host:port", ""]
)
def test_a_name_that_cannot_be_is_an_http_error(send: Send, domain: str) -> None:
    with pytest.raises(httpx.HTTPError):
        send(request={"url": f"https://{domain}/oauth/token"})


@pytest.mark.parametrize(
    "content",
    [b"<html>", b'{"a": "\xff"}', b"[" * 100_000, b"{", b'"\xed\xa0\x80"', b'"\\ud800"'],
)
def test_what_is_no_json_is_refused_or_left_out(send: Send, content: bytes) -> None:
    with pytest.raises(httpx.DecodingError, match="that is not JSON"):
        send(json_only=True, transport=answering(status_code=200, content=content))
    refusal = send(json_only=True, transport=answering(status_code=502, content=content))
    assert (refusal.status_code, refusal.content) == (502, b"")
    assert send(transport=answering(status_code=200, content=content)).content == content


@pytest.mark.parametrize(
    ("header", "kind"),
    [("text/html; charset=utf-8", "text/html"), ("", "a body"), (None, "a body")],
)
def test_what_is_no_json_is_named_by_its_type_if_it_has_one(
    send: Send, header: str | None, kind: str
) -> None:
    headers = {} if header is None else {"content-type": header}
    page = answering(status_code=200, content=b"<html>", headers=headers)
    with pytest.raises(httpx.DecodingError, match=f"status 200 with {kind} that is not JSON: did"):
        send(json_only=True, transport=page)


@pytest.mark.parametrize("client", [BoundedClient, BoundedAsyncClient])
def test_a_file_of_cas_that_cannot_be_read_is_named(
    client: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/ca.pem")
    with pytest.raises(OSError, match=r"SSL_CERT_FILE /no/such/ca\.pem"):
        client(total=1.0)


@pytest.mark.parametrize("client", [BoundedClient, BoundedAsyncClient])
def test_a_variable_that_nobody_set_is_not_blamed_for_cas_that_are_missing(
    client: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr("certifi.where", lambda: "/no/such/certifi.pem")
    with pytest.raises(OSError, match="No such file") as caught:
        client(total=1.0)
    assert "SSL_CERT_FILE" not in str(caught.value)


def test_good_answers_pass(send: Send) -> None:
    good = answering(status_code=200, json={"a": [1]}, headers={"x-kept": "1"})
    answer = send(json_only=True, transport=good)
    assert (answer.json(), answer.headers["x-kept"]) == ({"a": [1]}, "1")
    assert send(json_only=True, transport=answering(status_code=204)).content == b""
