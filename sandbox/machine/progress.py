"""Tells a waiting person what is going on, without a silent minute.

One moving line on a terminal; elsewhere (a log, CI) a plain line at least every `interval` seconds.
"""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.status import Status


class Progress:
    """What is said while something takes its time; this one says it to nobody."""

    def step(self, text: str) -> None:
        """State a fact that stays on the screen (a decision, something finished)."""

    def tick(self, text: str) -> None:
        """Say what is going on right now. Called often; shown as often as is useful."""


class ConsoleProgress(Progress):
    """Progress on a rich console.

    Args:
        console: where to write.
        interval: seconds between two `tick` lines where no line can be rewritten.
        clock: monotonic seconds; replaced by tests.
    """

    def __init__(
        self,
        console: Console,
        *,
        interval: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._interval = interval
        self._clock = clock
        self._last = clock()
        self._status: Status | None = None

    def step(self, text: str) -> None:
        self.close()
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._last = self._clock()

    def tick(self, text: str) -> None:
        """Rewrite the moving line, or print one when `interval` seconds were silent."""
        if self._console.is_terminal:
            if self._status is None:
                self._status = self._console.status("")
                self._status.start()
            self._status.update(text.replace("[", r"\["))
        elif self._clock() - self._last >= self._interval:
            self.step(f"  … {text}")

    def close(self) -> None:
        """End the moving line. Needed before anybody else writes to the terminal."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def elapsed(seconds: float) -> str:
    """`75` as `1m15s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


_TAIL_LINES = 25


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
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
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
