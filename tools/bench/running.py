"""One command and every process that it starts: wall clock, CPU and memory of each role."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_EVERY: Final = 0.01
_SECONDS: Final = 900.0
_MIB: Final = 2**20
# What tells a process's role, in its command line; the first that fits.
_ROLES: Final = (
    ("pulumi-language-python-exec", "program"),
    ("pulumi-resource-auth0", "auth0 plugin"),
    ("pip list", "pip list"),
    ("pulumi-language-python", "language host"),
    ("a0deploy", "auth0-deploy-cli"),
    ("-m phonemfa", "phonemfa"),
    ("pulumi", "engine"),
)


class CommandFailedError(Exception):
    """A command did not end as it should, so that nothing was measured."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One command that ended, with all that it started.

    Attributes:
        cpu_by_role: CPU seconds of the processes of a role; short by what a process did since it
            was last looked at, so that their sum is below `cpu_s`.
        peak_mib: the most resident memory that one process of a role was seen with.
        requests: what it sent to the tenant, where somebody counted.
    """

    wall_s: float
    cpu_s: float
    cpu_by_role: dict[str, float]
    peak_mib: dict[str, float]
    requests: int = 0


def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> Ran:
    """Run a command to its end, and look at its processes every few milliseconds.

    Raises:
        CommandFailedError: its exit status was not 0; the message has what it printed.
    """
    seen: dict[psutil.Process, tuple[str, float]] = {}
    peaks: dict[str, float] = {}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (
        tempfile.TemporaryFile() as output,
        psutil.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as child,
    ):
        while child.poll() is None:
            _look(child, seen, peaks)
            if time.perf_counter() - began > _SECONDS:
                child.kill()
            time.sleep(_EVERY)
        wall = time.perf_counter() - began
        if child.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise CommandFailedError(f"{' '.join(command)} ended with {child.returncode}:\n{said}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    roles = dict.fromkeys(role for role, _ in seen.values())
    return Ran(
        wall_s=wall,
        cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        cpu_by_role={role: sum(cpu for one, cpu in seen.values() if one == role) for role in roles},
        peak_mib=peaks,
    )


def _look(
    child: psutil.Process, seen: dict[psutil.Process, tuple[str, float]], peaks: dict[str, float]
) -> None:
    with suppress(psutil.NoSuchProcess):
        for one in [child, *child.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied), one.oneshot():
                # Empty while its parent has not asked yet how it ended.
                if command := " ".join(one.cmdline()):
                    role, used = role_of(command), one.cpu_times()
                    seen[one] = (role, used.user + used.system)
                    peaks[role] = max(one.memory_info().rss / _MIB, peaks.get(role, 0.0))


def role_of(command: str) -> str:
    """What a process of this command line does."""
    return next((role for mark, role in _ROLES if mark in command), "other")
