"""A waiting person is told what is going on; other processes are watched and recognised."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.machine.processes import listener_on, program_of
from sandbox.machine.progress import Progress, elapsed, run_watched


def test_log_shows_a_line_at_least_every_fifteen_seconds() -> None:
    output, shown_at, second = io.StringIO(), [0], 0
    progress = Progress(Console(file=output), clock=lambda: float(second))
    for second in range(120):
        progress.tick(f"building, {elapsed(second)}")
        if output.getvalue().count("\n") >= len(shown_at):
            shown_at.append(second)
        assert second - shown_at[-1] <= 15
    assert 8 <= len(shown_at) - 1 <= 12


def test_progress_text_is_shown_as_it_is() -> None:
    output = io.StringIO()
    Progress(Console(file=output, width=20)).step("[bold]a path that is long: /x/y/z[/]")
    assert output.getvalue() == "[bold]a path that is long: /x/y/z[/]\n"


def test_silent_program_is_reported_on_while_it_is_silent(tmp_path: Path) -> None:
    # The program goes on only after it was reported on: silence cannot be missed.
    program = (
        "import sys, pathlib; print('begun', flush=True)\n"
        "while not pathlib.Path('go-on').exists(): pass\n"
        "print('ended', file=sys.stderr); sys.exit(3)"
    )
    waits = iter(range(5))
    ended = run_watched(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={},
        on_wait=lambda: (tmp_path / "go-on").touch() if next(waits, None) is None else None,
        poll=0.01,
    )
    assert ended == (3, "begun\nended\n")


def test_interrupted_watcher_ends_the_program(tmp_path: Path) -> None:
    def interrupt() -> None:
        if started.is_symlink():
            raise KeyboardInterrupt

    started = tmp_path / "pid"
    program = "import os, time; os.symlink(str(os.getpid()), 'pid'); time.sleep(600)"
    command = [sys.executable, "-c", program]
    with pytest.raises(KeyboardInterrupt):
        run_watched(command, cwd=tmp_path, env={}, on_wait=interrupt, poll=0.01)
    assert program_of(int(str(started.readlink()))) is None


def test_a_process_is_known_by_its_command_line_until_it_ends() -> None:
    code = "print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        child.stdout.readline()  # from here on it is Python, and no longer what forked it
        assert "python" in (program_of(child.pid) or "")
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert program_of(child.pid) is None, "still a zombie"
    assert [program_of(pid) for pid in (child.pid, 0, -1)] == [None] * 3


def test_listener_is_named_and_a_free_port_has_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert (listener_on(port) or "").startswith(f"pid {os.getpid()} (")
    assert listener_on(port) is None
