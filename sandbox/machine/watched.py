"""Runs a long program while somebody is told about it.

Owns reading a child's output line by line, calling back at least once a second, and ending the
child when the caller is interrupted. Refuses to interpret the lines.
"""

from __future__ import annotations

import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TAIL_LINES = 25


@dataclass(frozen=True)
class Ended:
    """How a watched program ended: exit status and the last lines of its output."""

    status: int
    tail: str


def run_watched(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    on_wait: Callable[[], None],
    poll: float = 1.0,
) -> Ended:
    """Run `argv` to its end; both output streams go to `on_line`, one line at a time.

    `on_wait` is called after each line and whenever `poll` seconds passed without one. Both are
    called in the caller's thread. Whatever they raise ends the child first.

    Raises:
        OSError: the program cannot be started.
    """
    with subprocess.Popen(
        [str(part) for part in argv],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        lines: queue.Queue[str | None] = queue.Queue()
        reader = threading.Thread(target=_read_all, args=(child, lines), daemon=True)
        reader.start()
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        try:
            while True:
                try:
                    line = lines.get(timeout=poll)
                except queue.Empty:
                    on_wait()
                    continue
                if line is None:
                    break
                tail.append(line)
                on_line(line)
                on_wait()
            return Ended(status=child.wait(), tail="\n".join(tail))
        except BaseException:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
            reader.join(timeout=5)
            raise


def _read_all(child: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    if child.stdout is not None:
        for line in child.stdout:
            lines.put(line.rstrip("\n"))
    lines.put(None)
