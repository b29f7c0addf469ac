"""Tells a waiting person what is going on, without a silent minute.

Owns how progress looks: one moving line on a terminal, and elsewhere (a log, CI) a plain line at
least every `interval` seconds. Refuses to know what the work is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from rich.console import Console
from rich.status import Status


class Progress(Protocol):
    """What the engine's code may say while it works."""

    def step(self, text: str) -> None:
        """State a fact that stays on the screen (a decision, something finished)."""

    def tick(self, text: str) -> None:
        """Say what is going on right now. Called often; shown as often as is useful."""


class Silence:
    """Progress for callers that want none (tests, libraries)."""

    def step(self, text: str) -> None:
        """Drop it."""

    def tick(self, text: str) -> None:
        """Drop it."""


class ConsoleProgress:
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
        """Print one line that stays."""
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
