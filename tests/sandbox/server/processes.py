"""A sandbox server as a process of its own, watched from outside.

Owns starting and ending one, and what the system says about it. Refuses assertions.
"""

from __future__ import annotations

import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.server.record import client, running_record
from tests.contract import PROJECT

START_SECONDS = 60
LISTEN = "0A"


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
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def limit_files(self, most: int) -> None:
        """Let it have so many open files from now on."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (most, hard))

    def listeners(self) -> list[tuple[str, int]]:
        """Address and port of everything that it, or a child of it, listens on."""
        inodes = {inode for pid in self._family() for inode in _sockets(pid)}
        return [
            (address, port)
            for table in ("tcp", "tcp6")
            for address, port, inode in _listening(table)
            if inode in inodes
        ]

    def _family(self) -> list[int]:
        family = [self.pid]
        for pid in family:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                family += [int(one) for one in children.read_text().split()]
        return family


@contextmanager
def serving(folder: Path) -> Iterator[Process]:
    """A server on free ports, with its output in a file."""
    log, state_dir = folder / "log", folder / "state"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sandbox",
                "serve",
                "--state-dir",
                str(state_dir),
                "--tenant-port",
                "0",
                "--cpaas-port",
                "0",
                "--pages-port",
                "0",
            ],
            cwd=PROJECT,
            stdout=out,
            stderr=out,
        )
    try:
        end = time.monotonic() + START_SECONDS
        while (record := running_record(state_dir)) is None:
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield Process(child.pid, state_dir, (record.tenant_port, record.cpaas_port), log)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=20)


def _sockets(pid: int) -> Iterator[str]:
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(one.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _listening(table: str) -> Iterator[tuple[str, int, str]]:
    try:
        lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    except OSError:  # a machine without IPv6
        return
    for line in lines:
        fields = line.split()
        if fields[3] == LISTEN:
            address, _, port = fields[1].partition(":")
            yield _address(address), int(port, 16), fields[9]


def _address(text: str) -> str:
    # Words of 32 bits, each in the machine's order.
    words = [bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8)]
    raw = b"".join(one[::-1] if sys.byteorder == "little" else one for one in words)
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
