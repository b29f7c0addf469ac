"""What can be known about other processes: who runs, who listens on a port, what one says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


def program_of(pid: int) -> str | None:
    """The command line of process `pid`, or None when there is no such process.

    A process that has ended but was not collected by its parent yet (a zombie) counts as gone.
    A process that may not be looked at gives an empty string.
    """
    if pid <= 0:
        return None
    return _from_proc(pid) if Path("/proc/self").exists() else _from_ps(pid)


def listener_on(port: int) -> str | None:
    """Who listens on TCP `port` of this machine, as `pid 123 (python -m http.server)`, or None.

    None also when the system does not tell (another user's process, no /proc and no `lsof`).
    """
    sockets = _listening_sockets(port)
    if not sockets:
        pids = (output_of("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t") or "").split()
        return _described(int(pids[0])) if pids else None
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in sockets for link in folder.iterdir()):
                return _described(int(folder.parent.name))
        except OSError:
            continue  # it ended, or belongs to somebody else
    return None


def _from_proc(pid: int) -> str | None:
    proc = Path("/proc") / str(pid)
    try:
        # The name, in parentheses, may itself contain spaces and parentheses.
        state = (proc / "stat").read_text().rpartition(")")[2].split()[0]
        command = (proc / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError:
        return ""
    return None if state == "Z" else command.replace(b"\0", b" ").decode(errors="replace").strip()


def _from_ps(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return (output_of("ps", "-o", "command=", "-p", str(pid)) or "").strip()


def _described(pid: int) -> str:
    program = program_of(pid)
    return f"pid {pid} ({program[:120]})" if program else f"pid {pid}"


def _listening_sockets(port: int) -> set[str]:
    """Names that the listening sockets of `port` have under /proc/<pid>/fd."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def output_of(
    *command: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    any_status: bool = False,
) -> str | None:
    """What a short program prints (both streams); None when it cannot be run, hangs or fails."""
    try:
        ended = subprocess.run(
            command,
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout if any_status or ended.returncode == 0 else None
