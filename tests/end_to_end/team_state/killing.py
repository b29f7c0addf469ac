"""Runs of the engine that end as in a lost machine: nothing of them goes on, nothing is tidied."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.end_to_end.pulumi_cli import PulumiProject
from tests.sandbox.engine.test_ensure import until


class Run:
    """One `pulumi` command that is under way."""

    def __init__(self, stack: PulumiProject, *arguments: str, log: str = "run.log") -> None:
        self._log = stack.folder / log
        with self._log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [stack.executable, *arguments, "--stack", stack.stack, "--non-interactive"],
                cwd=stack.folder,
                env=stack.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @classmethod
    def of_up(cls, stack: PulumiProject, *, log: str = "run.log") -> Run:
        return cls(stack, "up", "--yes", "--skip-preview", log=log)

    def wait(self, seconds: float = 120) -> int | None:
        """Its exit status; None when it still runs after that time."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout=seconds)
        return None

    def text(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """SIGKILL to the engine, its language host, its plugins and the program, all at once."""
        for pid in _session(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not list(_session(self.process.pid)))


def _session(leader: int) -> Iterator[int]:
    """Living processes of the session; plugins have process groups of their own in it."""
    return (pid for pid, session in _living() if session == leader)


def _living() -> Iterator[tuple[int, int]]:
    """Every living process of this machine, and its session."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            # After the name in parentheses: state, parent, group, session.
            state, _, _, session = (
                (folder / "stat").read_text().rpartition(")")[2].split(maxsplit=4)[:4]
            )
            if state != "Z":
                yield int(folder.name), int(session)
