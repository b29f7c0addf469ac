"""The lock of a stack: who holds it, and whether that can still be.

As the engine tells of it when it refuses a run, and as a backend in a folder keeps it. Source of
wording and places: Pulumi's pkg/backend/diy/lock.go, 3.259.
"""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HOLDER: Final = re.compile(r": created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)")


_CUT_OFF: Final = re.compile(r"error: (unexpected end of JSON input|invalid character .*)")
"""What the engine says of a lock of which only a part was written."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Who made a lock, and when (RFC 3339, the maker's clock)."""

    user: str
    host: str
    pid: int
    since: str

    @property
    def holder(self) -> str:
        if not self.user:
            return "a run that was killed while it wrote its lock, which is cut off"
        return f"{self.user}@{self.host} (pid {self.pid}), since {self.since}"

    @property
    def looks_dead(self) -> bool:
        """Whether this is the host and no process here has that number.

        A hint, not a proof: two containers may share a host name and not their processes.
        """
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return False


def locks_in(text: str) -> list[Lock]:
    """The locks that a refusal of the engine names; none when it was refused for another reason."""
    if _CUT_OFF.search(text) and "checkpoint" not in text:
        return [Lock(user="", host="", pid=0, since="")]
    if "the stack is currently locked" not in text:
        return []
    return [
        Lock(user=user, host=host, pid=int(pid), since=since)
        for user, host, pid, since in _HOLDER.findall(text)
    ]


def locks_in_folder(backend: str, *, below: Path, project: str, stack: str) -> list[Lock] | None:
    """The locks that a backend in a folder keeps; None for a backend that is elsewhere.

    Args:
        backend: its address.
        below: where a relative address begins.
        project: the project's name.
        stack: its name alone.
    """
    scheme, _, rest = backend.partition("://")
    if scheme != "file":
        return None
    folder = below / Path(rest.partition("?")[0]).expanduser()
    held = folder / ".pulumi" / "locks" / "organization" / project / stack
    return [_kept(one) for one in sorted(held.glob("*.json"))]


def _kept(file: Path) -> Lock:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Lock(
            user=str(told["username"]),
            host=str(told["hostname"]),
            pid=int(told["pid"]),
            since=str(told["timestamp"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return Lock(user="", host="", pid=0, since="")
