"""Other processes of this machine are recognised."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from sandbox.machine.processes import listener_on, program_of


def test_running_process_is_known_by_its_command_line() -> None:
    code = "print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        child.stdout.readline()  # from here on it is Python, and no longer what forked it
        program = program_of(child.pid)
        child.communicate("\n")
    assert program
    assert "python" in program


def test_ended_process_is_gone_even_before_it_is_collected() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and still a zombie
    assert program_of(child.pid) is None
    child.wait()
    assert program_of(child.pid) is None


def test_no_process_has_a_number_below_one() -> None:
    assert program_of(0) is None
    assert program_of(-1) is None


def test_listener_is_named_and_a_free_port_has_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = listener_on(port)
        assert found is not None
        assert found.startswith(f"pid {os.getpid()} (")
    assert listener_on(port) is None
