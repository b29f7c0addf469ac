"""One command and every process that it starts: how long, how much CPU, how much memory.

Owns reading that from the system while the command runs. A process is looked at every few
milliseconds until it ends, so its last CPU time is short by at most that; the total comes from
the system's own accounts. Refuses to know what is measured and why.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_EVERY: Final = 0.01
# What tells a process's role, in its command line; the first that fits.
_ROLES: Final = (
    ("pulumi-language-python-exec", "program"),
    ("pulumi-resource-auth0", "auth0 plugin"),
    ("pip list", "pip list"),
    ("pulumi-language-python", "language host"),
    ("a0deploy", "auth0-deploy-cli"),
    ("pulumi", "engine"),
)


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process at its end: CPU seconds of its own, and the most memory it held (MiB)."""

    role: str
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One command that ended: wall clock and CPU seconds of it and all it started."""

    wall_s: float
    cpu_s: float
    processes: tuple[Process, ...]

    def cpu_of(self, role: str) -> float:
        """CPU seconds of the processes of a role."""
        return sum(one.cpu_s for one in self.processes if one.role == role)


class CommandFailedError(Exception):
    """A command did not end as it should, so that nothing was measured."""


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    seconds: float = 300,
) -> Ran:
    """Run a command to its end.

    Args:
        command, cwd, environment: what to run.
        seconds: after which it is ended.

    Raises:
        CommandFailedError: its exit status was not 0; the message has what it printed.
    """
    with tempfile.TemporaryFile() as output:
        before = time.perf_counter()
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as child:
            watch = _Watch(child.pid)
            timer = threading.Timer(seconds, child.kill)
            timer.start()
            watch.start()
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - before
            child.returncode = os.waitstatus_to_exitcode(status)
            timer.cancel()
            watch.end()
        if child.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise CommandFailedError(f"{' '.join(command)} ended with {child.returncode}:\n{said}")
    # The system accounts for what the command started itself.
    cpu = used.ru_utime + used.ru_stime
    return Ran(wall_s=wall, cpu_s=cpu, processes=tuple(watch.seen.values()))


def peak_mib(pid: int) -> float:
    """The most memory that a running process has held so far."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that a running process has started, or forked, and that still run.

    Raises:
        OSError: it has ended.
    """
    return [
        int(child)
        for task in (_PROC / str(pid) / "task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def role_of(command: str) -> str:
    """What a process of this command line does."""
    return next((role for mark, role in _ROLES if mark in command), "other")


class _Watch(threading.Thread):
    """Looks at a process and its descendants until told to end."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, Process] = {}
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_EVERY):
            self._look(self._pid, self.seen)

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _look(self, pid: int, seen: dict[int, Process]) -> None:
        folder = _PROC / str(pid)
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            below = children(pid)
            cpu = (int(fields[11]) + int(fields[12])) / _TICKS
            if command:
                peak = peak_mib(pid)
                seen[pid] = Process(role=role_of(command), cpu_s=cpu, peak_mib=peak)
        except (OSError, ValueError, IndexError):
            return  # it has just ended
        for child in below:
            self._look(child, seen)
