"""Time as the tenant sees it, and how the two API families print it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

NANOS_PER_SECOND = 1_000_000_000
NANOS_PER_MILLI = 1_000_000


class Clock(Protocol):
    """A source of the current time."""

    def now_ns(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        return time.time_ns()


class ManualClock:
    """A clock that moves only when told to, so that a test never sleeps."""

    def __init__(self, start_ns: int = 1_780_000_000 * NANOS_PER_SECOND) -> None:
        """Start at the given instant (default: in 2026, like the recordings)."""
        self._now = start_ns

    def now_ns(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += int(seconds * NANOS_PER_SECOND)


class Stamper:
    """Timestamps that never repeat and never go back, whatever the clock's resolution is.

    Two things that happened one after the other must not carry the same time: clients compare
    `updated_at` to learn whether something moved.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def __call__(self) -> int:
        """The current time in ns, at least 1 ns after the previous one."""
        self._last = max(self._clock.now_ns(), self._last + 1)
        return self._last

    def now(self) -> int:
        """The current time in ns, not before what was stamped last; stamps nothing."""
        return max(self._clock.now_ns(), self._last)


def nanos(instant_ns: int) -> str:
    """RFC 3339 in UTC with nine fraction digits, as the actions family prints time (recorded)."""
    seconds, fraction = divmod(instant_ns, NANOS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def millis(instant_ns: int) -> str:
    """RFC 3339 in UTC with three fraction digits, as the branding family prints it (recorded)."""
    seconds, fraction = divmod(instant_ns, NANOS_PER_SECOND)
    return (
        f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
        f".{fraction // NANOS_PER_MILLI:03d}Z"
    )


def later_millisecond(stamp_ns: int, than_ns: int) -> int:
    """The stamp, moved on where it would print the same millisecond as an earlier one."""
    floor = (than_ns // NANOS_PER_MILLI + 1) * NANOS_PER_MILLI
    return max(stamp_ns, floor)
