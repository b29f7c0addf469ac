"""The server outlives the command that started it, and only it is ever ended."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.machine.errors import ServerError
from sandbox.machine.processes import program_of
from sandbox.machine.progress import Progress
from sandbox.server import daemon, ports
from sandbox.server.record import ServerRecord, read_record, running_record, write_record

FREE = dict.fromkeys(ports.LISTENERS, 0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    daemon.end(tmp_path)


def spawn(state: Path) -> ServerRecord:
    return daemon.spawn(state, Progress(), wanted=FREE)


def test_started_server_is_a_process_of_its_own_that_ends_when_told(state: Path) -> None:
    record = spawn(state)

    assert record.pid != os.getpid()
    assert os.getsid(record.pid) == record.pid
    assert running_record(state) == record
    assert "serving: tenant" in (state / daemon.LOG).read_text()

    assert daemon.end(state) == record
    assert program_of(record.pid) is None
    assert read_record(state) is None
    assert daemon.end(state) is None
    # Another program has its number now.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        write_record(state, dataclasses.replace(record, pid=other.pid))
        assert daemon.end(state) is None
        other.communicate(b"\n")
        assert other.returncode == 0


def test_killed_server_is_recognised_and_the_next_start_works(state: Path) -> None:
    first = spawn(state)
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)

    assert read_record(state) == first
    assert running_record(state) is None
    assert daemon.end(state) is None
    assert spawn(state).pid != first.pid


def test_server_that_cannot_start_shows_the_end_of_its_log(state: Path) -> None:
    (state / "tenant.sqlite").write_text("this is not a database " * 100)
    with pytest.raises(ServerError, match="file is not a database"):
        spawn(state)


def test_taken_port_is_told_without_starting_anything(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {port}"):
            daemon.spawn(state, Progress(), wanted={**FREE, ports.TENANT: port})
    assert not (state / daemon.LOG).exists()
