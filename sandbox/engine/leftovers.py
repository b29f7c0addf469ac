"""What a killed Pulumi leaves behind in the sandbox's own state: locks and helper processes.

A lock is removed only when its process is gone; a helper is ended only when it runs with the
sandbox's own Pulumi home and the Pulumi that started it is gone.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.machine.processes import program_of

_HELPERS = ("pulumi-language-", "pulumi-resource-")


def clear_dead_locks(state_dir: Path) -> list[Path]:
    """Remove the locks below `state_dir` whose Pulumi ran on this machine and is gone.

    Its orphaned helpers are ended first: they could still be writing to the tenant.

    Returns:
        The locks that were removed.
    """
    dead = [
        lock
        for lock in (state_dir / "pulumi-state" / ".pulumi" / "locks").rglob("*.json")
        if _is_dead(lock)
    ]
    if dead:
        for pid in _orphans(state_dir / "pulumi-home"):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)
    for lock in dead:
        lock.unlink(missing_ok=True)
        Path(f"{lock}.attrs").unlink(missing_ok=True)
    return dead


def _is_dead(lock: Path) -> bool:
    try:
        holder: Any = json.loads(lock.read_text())
        host, pid = str(holder["hostname"]), int(holder["pid"])
    except FileNotFoundError:
        return False  # given back while we looked
    except (OSError, ValueError, KeyError, TypeError):
        return True  # nobody can prove to hold it, and Pulumi fails on it
    if host != socket.gethostname():
        return False
    program = program_of(pid)
    # Another program may have the number by now.
    return program is None or (program != "" and not _is_pulumi(program))


def _is_pulumi(command: str) -> bool:
    # A script follows its interpreter; further words, such as a test's name, may say anything.
    return any(Path(word).name.startswith("pulumi") for word in command.split()[:2])


def _orphans(pulumi_home: Path) -> Iterator[int]:
    """Helpers that run with this Pulumi home and whose Pulumi is gone (where /proc tells)."""
    marker = f"PULUMI_HOME={pulumi_home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # it ended, or belongs to somebody else
        if any(helper in command for helper in _HELPERS):
            above = program_of(parent)
            if above is None or not _is_pulumi(above):
                yield int(folder.name)
