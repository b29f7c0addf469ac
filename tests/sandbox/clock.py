"""A clock that moves only when told to, so that a test never sleeps."""

from sandbox.tenant.clock import NANOS_PER_SECOND


class ManualClock:
    """Begins in 2026, like the recordings, if not told otherwise."""

    def __init__(self, start_ns: int = 1_780_000_000 * NANOS_PER_SECOND) -> None:
        self._now = start_ns

    def __call__(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += int(seconds * NANOS_PER_SECOND)
