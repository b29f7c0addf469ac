"""How often something may be done, as Auth0 documents it: buckets that fill with time.

A user's codes: a bucket of 10 messages, refilled one an hour (cpaas-and-actions.md §2.8).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.notifications.rules import NotSentError

BURST: Final = 10
REFILL: Final = timedelta(hours=1)
_SWEPT_AT: Final = 1_000
"""So many buckets are looked through for full ones, which need no memory."""


@dataclass(frozen=True)
class Allowance:
    """What a bucket holds: `left` of `burst`, and when one more may be taken once it is empty."""

    left: int
    burst: int
    reset: datetime | None = None


class Buckets:
    """Buckets of `burst`, one a key; `refill` is the time that gives back one."""

    def __init__(self, now: Callable[[], datetime], *, burst: int, refill: timedelta) -> None:
        self._now = now
        self._burst = burst
        self._refill = refill
        self._full_at: dict[Hashable, datetime] = {}

    def allowance(self, key: Hashable) -> Allowance:
        """What is left, without taking any."""
        now = self._now()
        missing = max(self._full_at.get(key, now) - now, timedelta())
        # A bucket that misses a part of one has not got that one back yet.
        left = max(self._burst - -(-missing // self._refill), 0)
        if left:
            return Allowance(left, self._burst)
        return Allowance(0, self._burst, now + missing - (self._burst - 1) * self._refill)

    def take(self, key: Hashable) -> datetime | None:
        """Take one; None when there was one, else when there will be."""
        allowance = self.allowance(key)
        if not allowance.left:
            return allowance.reset
        now = self._now()
        if len(self._full_at) >= _SWEPT_AT:
            self._full_at = {one: full for one, full in self._full_at.items() if full > now}
        self._full_at[key] = max(self._full_at.get(key, now), now) + self._refill
        return None

    def forget(self) -> None:
        self._full_at.clear()


class LimitReachedError(NotSentError):
    """The user's bucket is empty; `reset` is when the next message may be sent."""

    def __init__(self, reset: datetime) -> None:
        super().__init__(f"the user had {BURST} messages; the next may be sent at {reset:%H:%M}")
        self.reset = reset
