"""A sandbox server as a process of its own, watched from outside."""

import resource
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from sandbox.machine.progress import Progress
from sandbox.server import daemon
from sandbox.server.ports import LISTENERS
from sandbox.server.record import client, running_record


@dataclass
class Process:
    """A running `python -m sandbox serve`."""

    pid: int
    state_dir: Path
    ports: tuple[int, int]
    log: Path

    def healthy(self) -> dict[str, int]:
        """The counters of a server that answers within five seconds."""
        record = running_record(self.state_dir)
        assert record is not None, "the sandbox does not answer"
        with client(self.state_dir, record, timeout=5) as asking:
            counters: dict[str, int] = asking.get("/_sandbox/health").json()["counters"]
        return counters

    def healthy_soon(self, seconds: float) -> None:
        """Return once it answers.

        Raises:
            AssertionError: not within so many seconds.
        """
        end = time.monotonic() + seconds
        while running_record(self.state_dir) is None:
            assert time.monotonic() < end, "the sandbox does not answer"
            time.sleep(0.1)

    def http(self) -> httpx.Client:
        """A client of the tenant's port."""
        record = running_record(self.state_dir)
        assert record is not None
        return client(self.state_dir, record, timeout=10)

    @contextmanager
    def secured(self, port: int) -> Iterator[ssl.SSLSocket]:
        """A connection over TLS."""
        context = ssl.create_default_context(cafile=str(self.state_dir / "ca.pem"))
        context.check_hostname = False
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain) as connection,
        ):
            yield connection

    def resident(self) -> int:
        """Bytes of memory that it has now."""
        held: int = psutil.Process(self.pid).memory_info().rss
        return held

    def open_files(self) -> int:
        found: int = psutil.Process(self.pid).num_fds()
        return found

    def limit_files(self, most: int) -> None:
        """Let it have so many open files from now on."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (most, hard))

    def listeners(self) -> list[tuple[str, int]]:
        """Address and port of everything that it, or a child of it, listens on."""
        server = psutil.Process(self.pid)
        return [
            (one.laddr.ip, one.laddr.port)
            for process in (server, *server.children(recursive=True))
            for one in process.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN
        ]


@contextmanager
def serving(folder: Path) -> Iterator[Process]:
    """A server on free ports."""
    state_dir = folder / "state"
    record = daemon.spawn(state_dir, Progress(), wanted=dict.fromkeys(LISTENERS, 0))
    process = psutil.Process(record.pid)
    try:
        ports = (record.tenant_port, record.cpaas_port)
        yield Process(record.pid, state_dir, ports, state_dir / daemon.LOG)
    finally:
        process.terminate()
        process.wait(timeout=20)
