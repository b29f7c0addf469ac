"""The sandbox server as a process of its own, which outlives the command that started it.

Only a process that has proved to be this sandbox's server is ended.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sandbox.machine.errors import ServerError
from sandbox.machine.files import check_room, private_folder
from sandbox.machine.processes import program_of
from sandbox.machine.progress import Progress
from sandbox.server import ports
from sandbox.server.record import ServerRecord, answers, read_record, remove_record

PACKAGE = __name__.removesuffix(".server.daemon")
"""`sandbox` in a checkout, `phonemfa.sandbox` where the wheel is installed."""
_BESIDE = Path(__file__).resolve().parents[__name__.count(".")]
"""From where it can be imported."""
LOG = "server.log"
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_TAIL_LINES = 15


def spawn(
    state_dir: Path,
    progress: Progress,
    *,
    wanted: Mapping[ports.Listener, int],
    generation: str = "unified",
) -> ServerRecord:
    """Start the server detached from this terminal; returns when it answers.

    Raises ServerError: a port is taken, or it ended before it answered (with the end of its log).
    """
    state_dir = private_folder(state_dir.absolute())
    check_room(state_dir)
    # Asked here too, because an error of this process is easier to read than a log's last lines.
    for what, port in wanted.items():
        ports.take_port(port, what).close()
    command = [sys.executable, "-m", PACKAGE, "serve", "--state-dir", str(state_dir)]
    command += ["--generation", generation]
    for what, port in wanted.items():
        command += [f"--{what.name.lower()}-port", str(port)]
    with (state_dir / LOG).open("wb") as log:
        child = subprocess.Popen(
            command,
            cwd=_BESIDE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    limit = time.monotonic() + _START_SECONDS
    while child.poll() is None and time.monotonic() < limit:
        record = read_record(state_dir)
        if record and record.pid == child.pid and answers(state_dir, record):
            return record
        progress.tick("starting the sandbox server")
        time.sleep(0.05)
    how = f"did not answer within {_START_SECONDS:.0f} s"
    if child.returncode is not None:
        how = f"ended (exit status {child.returncode}) before it answered"
    child.terminate()
    lines = (state_dir / LOG).read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    raise ServerError(
        "\n  ".join([f"The sandbox server {how}. The end of {state_dir / LOG}:", *lines]),
        "Correct what it names and run the command again, or see it all: "
        "`.venv/bin/python -m sandbox serve`.",
    )


def end(state_dir: Path) -> ServerRecord | None:
    """End the server of `state_dir`, if one runs; returns the one that was ended.

    Raises ServerError: the process it was started as still runs, but does not answer, so it is not
    known to be the sandbox; or it does not end.
    """
    record = read_record(state_dir)
    if record is None or not answers(state_dir, record):
        program = (program_of(record.pid) if record else None) or ""
        if record and "sandbox" in program and "serve" in program:
            raise ServerError(
                f"pid {record.pid} ({program}) was this sandbox's server, but does not answer.",
                f"End it by hand: kill {record.pid}",
            )
        return None
    os.kill(record.pid, signal.SIGTERM)
    limit = time.monotonic() + _STOP_SECONDS
    while program_of(record.pid) is not None:
        if time.monotonic() > limit:
            raise ServerError(
                f"The sandbox server (pid {record.pid}) does not end.",
                f"End it by hand: kill -9 {record.pid}",
            )
        with suppress(ChildProcessError):
            os.waitpid(record.pid, os.WNOHANG)  # where it is a child of this process
        time.sleep(0.02)
    remove_record(state_dir, record)
    return record
