"""The sandbox stays up, small and on loopback, whatever connects to it."""

import contextlib
import ipaddress
import random
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sandbox.machine.progress import Progress
from sandbox.server import daemon
from sandbox.server.ports import LISTENERS
from sandbox.server.record import client, running_record

# One worker has the server that the tests of the module share.
pytestmark = pytest.mark.xdist_group("hostile clients")

MIB = 2**20
PATIENCE = 60.0
"""Seconds that a server on a busy machine has; an answer that comes ends the wait."""
EVIL = b"Host: evil.example\r\n"
HOST = b"Host: localhost\r\n"
LENGTH = b"Content-Length: "
GET = b"GET / HTTP/1.1\r\n" + HOST
STATE = b"GET /_sandbox/state HTTP/1.1\r\n"
POST = b"POST /oauth/token HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "no HTTP": b"\0\1\2\3" * 100,
    "a line without end": b"GET /" + b"a" * 200_000,
    "a head without end": b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 50_000,
    "a header of 200 kB": GET + b"x: " + b"y" * 200_000 + b"\r\n\r\n",
    "ten thousand headers": GET + b"".join(b"x%d: y\r\n" % n for n in range(10_000)),
    "no method": b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long method": b"G" * 5000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "another version": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 100,
    "no host": STATE + b"\r\n",
    "two hosts": STATE + HOST + EVIL + b"\r\n",
    "a folded header": GET + b"x: a\r\n b\r\n\r\n",
    "a NUL in a header": GET + b"x: a\0b\r\n\r\n",
    "a space before the colon": GET + b"x : a\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "a negative length": POST + LENGTH + b"-1\r\n\r\n",
    "a length of letters": POST + LENGTH + b"ab\r\n\r\n",
    "a length of 30 digits": POST + LENGTH + b"9" * 30 + b"\r\n\r\n",
    "a length of 5000 digits": POST + LENGTH + b"9" * 5000 + b"\r\n\r\n",
    "two lengths": POST + LENGTH + b"3\r\n" + LENGTH + b"40\r\n\r\nabc" + STATE + b"\r\n",
    "length and chunks": POST + LENGTH + b"5\r\n" + CHUNKED + b"0\r\n\r\n" + STATE + b"\r\n",
    "chunks spelt otherwise": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": POST + CHUNKED + b"xyz\r\nabc\r\n0\r\n\r\n",
    "a chunk of a huge size": POST + CHUNKED + b"ffffffffffffffffffff\r\nabc",
    "a long chunk extension": POST + CHUNKED + b"1;" + b"x" * 200_000 + b"\r\na\r\n0\r\n\r\n",
    "ten thousand chunks of one byte": POST + CHUNKED + b"1\r\na\r\n" * 10_000 + b"0\r\n\r\n",
    "upgrade": GET + b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: a\r\n\r\n",
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\n" + EVIL + b"\r\n",
    "another site's address": STATE.replace(b"/", b"http://evil.example/", 1) + EVIL + b"\r\n",
    "an expectation": POST + b"Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n",
    "a body that does not come": POST + LENGTH + b"100\r\n\r\nab",
    "deep JSON": POST.replace(b"oauth/token", b"_sandbox/challenge")
    + b"Content-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
    + b"[" * 200_000,
    "a thousand requests at once": (b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n") * 1000,
}
PATHS = (
    "/../../../etc/passwd",
    "/api/v2/../../_sandbox/state",
    "/api/v2/%2e%2e/%2e%2e/_sandbox/state",
    "//_sandbox/state",
    "/%5fsandbox/state",
    "/_sandbox%2fstate",
    "/_sandbox/./state",
    "/_sandbox/../_sandbox/state",
    "/_SANDBOX/state",
    "/_sandbox/state/",
    "/_sandbox/state%00",
    "/_sandbox;/state",
    "/api/v2/actions/actions/%2e%2e%2f%2e%2e%2fx",
    "/api/v2/actions/actions/%00",
    "/api/v2/actions/actions/" + "a" * 8000,
    "/" + "%2f" * 2000,
    "/api/v2/%ff%fe",
    "/api/v2/%",
    "/api/v2/%zz",
    "/\\..\\..\\etc",
    "/api/v2//guardian//factors",
    "*",
    "/api/v2/guardian/factors?" + "a=b&" * 3000,
    "/_sandbox/requests?after=%C2%B2",
    "/_sandbox/requests?after=" + "9" * 5000,
    "/_sandbox/messages?to=x&wait=nan",
    "/_sandbox/messages?to=x&wait=1e999",
    "/_sandbox/messages?after=%00",
)


@dataclass
class Process:
    """A running `python -m sandbox serve`, watched from outside."""

    system: psutil.Process
    state_dir: Path
    ports: tuple[int, int]

    def http(self) -> httpx.Client:
        """A client of the tenant's port."""
        record = running_record(self.state_dir)
        assert record is not None, "the sandbox does not answer"
        return client(self.state_dir, record, timeout=PATIENCE)

    def healthy(self) -> Any:
        """The counters of a server that answers."""
        with self.http() as asking:
            return asking.get("/_sandbox/health").json()["counters"]

    @contextlib.contextmanager
    def secured(self, port: int) -> Iterator[ssl.SSLSocket]:
        """A connection over TLS."""
        context = ssl.create_default_context(cafile=str(self.state_dir / "ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            yield connection

    def resident(self) -> int:
        """Bytes of memory that it has now."""
        return int(self.system.memory_info().rss)

    def limit_files(self, most: int) -> None:
        """Let it have so many open files from now on."""
        _, hard = resource.prlimit(self.system.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.system.pid, resource.RLIMIT_NOFILE, (most, hard))


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    state = tmp_path_factory.mktemp("hostile")
    record = daemon.spawn(state, Progress(), wanted=dict.fromkeys(LISTENERS, 0))
    yield Process(psutil.Process(record.pid), state, (record.tenant_port, record.cpaas_port))
    daemon.end(state)


def within(seconds: float, condition: Any) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


def converse(process: Process, port: int, sent: bytes, *, patience: float = 0.3) -> bytes:
    """What comes back until the server closes, or says nothing more for a while."""
    got = b""
    with contextlib.suppress(OSError), process.secured(port) as connection:
        connection.settimeout(patience)
        connection.sendall(sent)
        while part := connection.recv(65_536):
            got += part
    return got


def statuses(answer: bytes) -> list[int]:
    return [int(one[:3]) for one in answer.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture(autouse=True)
def _unharmed(process: Process) -> Iterator[None]:
    """After each test it answers, without an error of its own, and has not grown."""
    process.healthy()
    before = process.resident()
    yield
    assert process.healthy()["errors"] == 0
    assert process.resident() - before < 96 * MIB
    log = (process.state_dir / daemon.LOG).read_text(errors="replace")
    assert "Traceback" not in log, log[-3000:]


def test_it_listens_on_loopback_alone(process: Process) -> None:
    with process.http() as http:  # an Action runs: Node is one of its processes
        http.post("/_sandbox/challenge", json={"to": "+819012345678"})
    connections = (
        one
        for each in (process.system, *process.system.children(recursive=True))
        for one in each.net_connections("tcp")
    )
    listeners = [one.laddr for one in connections if one.status == psutil.CONN_LISTEN]
    assert {one.port for one in listeners} >= set(process.ports)
    assert [one for one in listeners if not ipaddress.ip_address(one.ip).is_loopback] == []


def test_malformed_requests_are_refused(process: Process) -> None:
    def refused(name: str, port: int) -> None:
        answer = converse(process, port, MALFORMED[name])
        # Refused, or read as what it is: never an error of the server's own, never a secret.
        assert all(100 <= one < 500 for one in statuses(answer)), (name, answer[:200])
        assert b"documents" not in answer, name

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: refused(*one), product(MALFORMED, process.ports)))


def test_no_path_leads_around_the_guard(process: Process) -> None:
    def guarded(path: str, port: int, host: bytes) -> None:
        request = f"GET {path} HTTP/1.1\r\n".encode() + host + b"Connection: close\r\n\r\n"
        answer = converse(process, port, request, patience=PATIENCE)
        assert all(one < 500 for one in statuses(answer)), (path, answer[:300])
        assert b"root:" not in answer, path
        if host == EVIL and port == process.ports[0]:
            assert set(statuses(answer)) <= {400, 401, 403, 404}, (path, answer[:300])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: guarded(*one), product(PATHS, process.ports, (HOST, EVIL))))


def test_what_is_no_tls_is_hung_up_on(process: Process) -> None:
    noise = random.Random(1)  # noqa: S311 - the same garbage each time
    for port in process.ports:
        for sent in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"\x16\x03\x01\xff\xff" + b"\0" * 100,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise.randbytes(500),
            noise.randbytes(5000),
            b"",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
                plain.sendall(sent)
                plain.shutdown(socket.SHUT_WR)
                answer = b""
                with contextlib.suppress(ConnectionError):
                    while part := plain.recv(4096):
                        answer += part
            assert not answer.startswith(b"HTTP/1.1 2")


QUICK = [(0, "/oauth/token", True), (0, "/nowhere", False), (1, "/sms/3/messages", False)]
TARGETS = [
    (server, path, declared)
    for server, path in (
        (0, "/oauth/token"),
        (0, "/api/v2/guardian/policies"),
        (0, "/_sandbox/faults"),
        (0, "/_sandbox/challenge"),
        (0, "/nowhere"),
        (1, "/sms/3/messages"),
        (1, "/tts/3/advanced"),
        (1, "/_sandbox/answers"),
        (1, "/_sandbox/keys"),
    )
    for declared in (True, False)
]


@pytest.mark.parametrize(
    ("server", "path", "declared"),
    [pytest.param(*one, marks=() if one in QUICK else pytest.mark.thorough) for one in TARGETS],
)
def test_a_huge_body_is_refused_early(
    process: Process, server: int, path: str, declared: bool
) -> None:
    size, block, sent = 100 * MIB, b" " * MIB, 0
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {size}\r\n\r\n" if declared else "Transfer-Encoding: chunked\r\n\r\n"
    before = process.resident()
    with process.secured(process.ports[server]) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(head.encode())
        with contextlib.suppress(OSError):
            while sent < size:
                connection.sendall(block if declared else b"%x\r\n%b\r\n" % (len(block), block))
                sent += len(block)
                assert process.resident() - before < 48 * MIB
        answer = b""
        with contextlib.suppress(OSError):
            while part := connection.recv(65_536):
                answer += part
    # The server closes once it has answered: the rest is not even taken from the wire.
    assert sent < 32 * MIB
    assert all(400 <= one < 500 for one in statuses(answer))


def crowd(process: Process, many: int) -> contextlib.ExitStack:
    """So many connections that say nothing."""
    opened = contextlib.ExitStack()
    for number in range(many):
        port = process.ports[number % 2]
        opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
    return opened


def test_a_thousand_idle_connections_keep_nobody_waiting(process: Process) -> None:
    process.healthy()
    with crowd(process, 1000):
        for _ in range(5):
            process.healthy()
        assert process.system.num_fds() > 1000
    assert within(PATIENCE, lambda: process.system.num_fds() <= 100), "what ended is kept"


@pytest.mark.thorough
def test_a_thousand_half_requests_over_tls_keep_nobody_waiting(
    process: Process,
) -> None:
    with contextlib.ExitStack() as opened:
        for number in range(1000):
            secured = process.secured(process.ports[number % 2])
            opened.enter_context(secured).sendall(b"POST /oauth/token HTTP/1.1\r\nHost: loc")
        for _ in range(5):
            process.healthy()
    assert within(PATIENCE, lambda: process.system.num_fds() <= 100), "what ended is kept"


def test_out_of_files_it_goes_on_when_there_is_room(
    process: Process,
) -> None:
    with process.http() as old:
        old.get("/_sandbox/health")
        begun = time.monotonic()
        process.limit_files(process.system.num_fds() + 20)
        try:
            with crowd(process, 60):
                assert old.get("/_sandbox/health").status_code == 200, "who is in is answered"
                assert not within(0.5, lambda: running_record(process.state_dir))
        finally:
            process.limit_files(20_000)
    assert within(PATIENCE, lambda: running_record(process.state_dir))
    told = (process.state_dir / daemon.LOG).read_text().count("as many open files as it may")
    lasted = time.monotonic() - begun
    assert 1 <= told <= 4 + lasted / 5, "once in ten seconds and a server, not once a connection"
