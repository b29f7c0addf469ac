"""What a killed Pulumi leaves behind in the sandbox's own state: locks and helper processes.

A lock is removed only when its process is gone; a helper is ended only when it runs with the
sandbox's own Pulumi home and the Pulumi that started it is gone.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from sandbox.machine.processes import program_of

_HELPERS = ("pulumi-language-", "pulumi-resource-")


def clear_dead_locks(state_dir: Path) -> list[Path]:
    """Remove the locks below `state_dir` whose Pulumi ran on this machine and is gone.

    Its orphaned helpers are ended first: they could still be writing to the tenant.

    Returns:
        The locks that were removed.
    """
    locks = (state_dir / "pulumi-state" / ".pulumi" / "locks").rglob("*.json")
    dead = [lock for lock in locks if _is_dead(lock)]
    if dead:
        _end_orphans(state_dir / "pulumi-home")
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
    program = program_of(pid)
    # Another program may have the number by now; one that may not be looked at may be Pulumi.
    return host == socket.gethostname() and program != "" and not _is_pulumi(program)


def _is_pulumi(program: str | None) -> bool:
    # A script follows its interpreter; further words, such as a test's name, may say anything.
    return any(Path(word).name.startswith("pulumi") for word in (program or "").split()[:2])


def _end_orphans(pulumi_home: Path) -> None:
    """End the helpers that run with this Pulumi home and whose Pulumi is gone."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it ended, or belongs to somebody else
            ours = process.environ().get("PULUMI_HOME") == str(pulumi_home)
            helper = any(one in " ".join(process.cmdline()) for one in _HELPERS)
            if ours and helper and not _is_pulumi(program_of(process.ppid())):
                process.terminate()
