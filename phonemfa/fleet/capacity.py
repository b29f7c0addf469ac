"""How many engines this machine can run at once.

Owns the default of `--parallel`: from the cores and the memory that this process may use, a
container's limits included. Refuses to measure anything while a run is going on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ENGINE_BYTES: Final = 600 * 1024 * 1024
"""Room for one engine: CLI, language host, program and stand-in plugin were seen to take 280 MiB
(proportional set size); the rest is for the official plugin, a policy pack and whatever grows."""

_CGROUP: Final = Path("/sys/fs/cgroup")
_MEMINFO: Final = Path("/proc/meminfo")


def default_parallel(*, cgroup: Path = _CGROUP, meminfo: Path = _MEMINFO) -> int:
    """One engine a core and one more, as each waits for its tenant; fewer where memory is short."""
    by_cores = _cores(cgroup) + 1
    available = _memory(cgroup, meminfo)
    by_memory = by_cores if available is None else available // ENGINE_BYTES
    return max(1, min(by_cores, by_memory))


def _cores(cgroup: Path) -> int:
    try:
        here = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        here = os.cpu_count() or 1
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        here = min(here, max(1, int(quota) // int(period)))
    return here


def _memory(cgroup: Path, meminfo: Path) -> int | None:
    """Bytes that are free for us; None where nothing tells."""
    free = [
        int(line.split()[1]) * 1024
        for line in _read(meminfo).splitlines()
        if line.startswith("MemAvailable:")
    ]
    most, used = _read(cgroup / "memory.max").strip(), _read(cgroup / "memory.current").strip()
    if most.isdigit() and used.isdigit():
        free.append(max(0, int(most) - int(used)))
    return min(free) if free else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
