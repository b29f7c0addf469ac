"""A request ends in time and size, and no error of it holds a header.

What trickles, is cut off or is a proxy's page: `tests/faults` has all of it over real connections.
"""

import asyncio
import gzip
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from auth0.management.core import http_client

from components.tenant import bounded_http
from components.tenant.bounded_http import BoundedAsyncClient, BoundedClient, BrokenAnswerError
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
    *(f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", f"Mon, 01 Jan 2026 00:00:00 +{'9' * 20}"),
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


def peer(serve: Callable[[socket.socket], object]) -> int:
    """The port of whoever does that with one connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        with listening, listening.accept()[0] as connection:
            serve(connection)

    threading.Thread(target=work, daemon=True).start()
    return int(listening.getsockname()[1])


def reset(connection: socket.socket) -> None:
    connection.recv(2**16)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(connection: socket.socket) -> None:
    connection.recv(2**16)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")


@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
def test_a_refused_connection_is_told_as_the_system_tells_it(
    send: Send, hosts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen: nobody else is given its port
        port = deaf.getsockname()[1]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in hosts]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        with pytest.raises(httpx.ConnectError, match=r"^\[Errno \d+\] Connection refused$"):
            send(url=f"http://host.example:{port}")


@pytest.mark.parametrize(
    ("serve", "scheme", "kind", "said"),
    [
        (reset, "http", httpx.ReadError, r"\] Connection reset by peer$"),
        (cut, "http", BrokenAnswerError, "received 3 bytes, expected 9"),
        (lambda one: one.recv(2**16), "https", httpx.ConnectError, "EOF occurred in violation"),
    ],
)
def test_an_end_before_its_time_is_told_as_the_system_tells_it(
    send: Send, serve: Callable[[socket.socket], object], scheme: str, kind: type, said: str
) -> None:
    with pytest.raises(kind, match=said):
        send(url=f"{scheme}://127.0.0.1:{peer(serve)}", timeout=None)


@pytest.mark.parametrize("begun", [False, True])
def test_tls_that_ends_to_be_tls_is_an_http_error(send: Send, begun: bool) -> None:
    broken = ssl.SSLError(1, "[SSL] wrong version number")

    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"["
            raise broken

    def answer(_request: httpx.Request) -> httpx.Response:
        if begun:
            return httpx.Response(200, stream=Broken())
        raise broken

    with pytest.raises(BrokenAnswerError if begun else httpx.ReadError, match="wrong version"):
        send(transport=httpx.MockTransport(answer))


def test_a_silence_is_told(send: Send) -> None:
    held = threading.Event()
    port = peer(lambda _connection: held.wait())
    with pytest.raises(httpx.ReadTimeout, match=r"^timed out$"):
        send(url=f"http://127.0.0.1:{port}", timeout=httpx.Timeout(5, read=0.05))
    held.set()


HANGING = """
import gc, os, signal, socket, threading
from components.tenant import client
from components.tenant.access import Access
from components.tenant.bounded_http import BoundedClient

def hang(*_args, **_options):
    if interrupted:
        os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait()

async def question(tenant):
    return await tenant.tenants.settings.get(request_options=client.ONCE)

socket.getaddrinfo = hang
client.TOTAL = 60 if interrupted else 0.1
try:
    if by_thread:
        with BoundedClient(total=client.TOTAL) as http:
            http.get("https://hanging.example")
    else:
        client.ask(Access(domain="hanging.example", api_token="token"), question)
except BaseException as error:
    print(type(error).__name__, error)
gc.collect()
"""


@pytest.mark.parametrize("by_thread", [True, False])
@pytest.mark.parametrize("interrupted", [True, False])
def test_a_name_that_nobody_tells_keeps_no_process_from_ending(
    by_thread: bool, interrupted: bool
) -> None:
    program = f"by_thread, interrupted = {by_thread}, {interrupted}\n" + HANGING
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr == ""
    assert ("KeyboardInterrupt" if interrupted else "no whole answer within 0.1 s") in ended.stdout


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
    "domain",
    ["a..b", "x" * 64 + ".example", "bad host", "ho\nst", "[::1", "host:port", "", "[::1]:99999"],
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
