"""How often one user may be sent a code, as Auth0 documents it.

Owns a bucket a user and channel. Refuses to know messages and logs.

Source: cpaas-and-actions.md §2.8: a bucket of 10 messages, refilled one an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sandbox.notifications.rules import NotSentError

BURST: Final = 10
REFILL: Final = timedelta(hours=1)


class LimitReachedError(NotSentError):
    """The user's bucket is empty; `reset` is when the next message may be sent."""

    def __init__(self, reset: datetime) -> None:
        super().__init__(f"the user had {BURST} messages; the next may be sent at {reset:%H:%M}")
        self.reset = reset


class UserLimits:
    """Buckets that fill with time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._full_at: dict[tuple[str, str], datetime] = {}

    def take(self, user: str, delivery_method: str) -> None:
        """Count one message.

        Raises:
            LimitReachedError: it is one too many.
        """
        now, key = self._now(), (user, delivery_method)
        full_at = max(self._full_at.get(key, now), now) + REFILL
        if full_at - now > BURST * REFILL:
            raise LimitReachedError(full_at - BURST * REFILL)
        self._full_at[key] = full_at

    def forget(self) -> None:
        """Fill every bucket."""
        self._full_at.clear()
