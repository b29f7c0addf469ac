"""Time as the tenant sees it, and how the two API families print it."""

from collections.abc import Callable
from datetime import UTC, datetime

NANOS_PER_SECOND = 1_000_000_000
NANOS_PER_MILLI = 1_000_000


Clock = Callable[[], int]
"""A source of the current time, in ns since the epoch."""


class Stamper:
    """Timestamps that never repeat and never go back, whatever the clock's resolution is.

    Two things that happened one after the other must not carry the same time: clients compare
    `updated_at` to learn whether something moved.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._last = 0

    def __call__(self) -> int:
        """The current time in ns, at least 1 ns after the previous one."""
        self._last = max(self.clock(), self._last + 1)
        return self._last

    def now(self) -> int:
        """The current time in ns, not before what was stamped last; stamps nothing."""
        return max(self.clock(), self._last)


def nanos(instant_ns: int) -> str:
    """RFC 3339 in UTC with nine fraction digits, as the actions family prints time (recorded)."""
    seconds, fraction = divmod(instant_ns, NANOS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def millis(instant_ns: int) -> str:
    """RFC 3339 in UTC with three fraction digits, as the branding family prints it (recorded)."""
    return f"{nanos(instant_ns)[: -len('000000Z')]}Z"


def later_millisecond(stamp_ns: int, than_ns: int) -> int:
    """The stamp, moved on where it would print the same millisecond as an earlier one."""
    floor = (than_ns // NANOS_PER_MILLI + 1) * NANOS_PER_MILLI
    return max(stamp_ns, floor)
