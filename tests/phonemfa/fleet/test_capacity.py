from __future__ import annotations

import os
from pathlib import Path

import pytest

from phonemfa.fleet.capacity import ENGINE_BYTES, default_parallel


def default(tmp_path: Path, *, available: int | None = None, **cgroup: str) -> int:
    for name, content in cgroup.items():
        (tmp_path / name.replace("_", ".")).write_text(content, encoding="ascii")
    meminfo = tmp_path / "meminfo"
    if available is not None:
        meminfo.write_text(f"MemTotal: 1 kB\nMemAvailable: {available // 1024} kB\n", "ascii")
    return default_parallel(cgroup=tmp_path, meminfo=meminfo)


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


def test_one_more_than_cores_where_memory_is_plenty(tmp_path: Path) -> None:
    assert default(tmp_path, available=100 * ENGINE_BYTES) == 9


def test_what_nobody_tells_limits_nothing(tmp_path: Path) -> None:
    assert default(tmp_path) == 9


def test_a_containers_share_of_cores_counts(tmp_path: Path) -> None:
    assert default(tmp_path, cpu_max="200000 100000\n") == 3
    assert default(tmp_path, cpu_max="50000 100000\n") == 2
    assert default(tmp_path, cpu_max="max 100000\n") == 9


def test_so_many_as_memory_holds_and_never_none(tmp_path: Path) -> None:
    assert default(tmp_path, available=2 * ENGINE_BYTES + 1) == 2
    assert default(tmp_path, available=1024) == 1
    held = {"memory_max": str(5 * ENGINE_BYTES), "memory_current": str(2 * ENGINE_BYTES)}
    assert default(tmp_path, available=100 * ENGINE_BYTES, **held) == 3
