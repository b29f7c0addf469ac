"""Tells a waiting person what is going on, without a silent minute.

One moving line on a terminal; elsewhere (a log, CI) a plain line now and then.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.status import Status

_INTERVAL = 10.0
"""Seconds between two lines where none can be rewritten."""


class Progress:
    """What is said while something takes its time; without a console to nobody.

    `clock` is monotonic seconds; replaced by tests.
    """

    def __init__(
        self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console or Console(quiet=True)
        self._clock = clock
        self._last = clock()
        self._status: Status | None = None

    def step(self, text: str) -> None:
        """State a fact that stays on the screen (a decision, something finished)."""
        self.close()
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._last = self._clock()

    def tick(self, text: str) -> None:
        """Say what is going on right now. Called often; shown as often as is useful."""
        if self._console.is_terminal:
            if self._status is None:
                self._status = self._console.status("")
                self._status.start()
            self._status.update(text.replace("[", r"\["))
        elif self._clock() - self._last >= _INTERVAL:
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


def run_watched(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_wait: Callable[[], None],
    poll: float = 1.0,
) -> tuple[int, str]:
    """Run `argv` to its end, and answer exit status and output of both streams.

    `on_wait` is called when it begins and each `poll` seconds; what it raises ends the child first.
    Raises OSError: the program cannot be started.
    """
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as child,
    ):
        try:
            while True:
                on_wait()
                with suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=poll)
                    break
        except BaseException:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
        output.seek(0)
        return child.returncode, output.read().decode(errors="replace")
