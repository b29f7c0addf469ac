"""Rate limit headers (§1.4), and a limiter for those who want one; off by default."""

import math
from dataclasses import dataclass

from sandbox.tenant.clock import NANOS_PER_SECOND, Clock
from sandbox.tenant.errors import ApiError


@dataclass(frozen=True)
class RateLimit:
    """How many Management API requests a tenant takes; the free plan has 2/s with burst 2."""

    per_second: float = 50.0
    burst: int = 50
    enforced: bool = False


PLANS = {"none": RateLimit(), "free": RateLimit(per_second=2, burst=2, enforced=True)}
"""Limits by name; the free plan's is published (§1.4)."""


class Limiter:
    """A token bucket over the tenant's clock."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._clock = clock
        self.change(limit)

    def change(self, limit: RateLimit) -> None:
        """Another limit from now on, with a full bucket."""
        self.limit = limit
        self._tokens = float(limit.burst)
        self._filled_at = self._clock()

    def take(self) -> None:
        """Pay for one request. Raises ApiError: 429 when the bucket is empty, if enforced."""
        now = self._clock()
        passed = max(0, now - self._filled_at) / NANOS_PER_SECOND
        self._filled_at = now
        refilled = self._tokens + passed * self.limit.per_second
        self._tokens = min(float(self.limit.burst), refilled)
        if self._tokens >= 1:
            self._tokens -= 1
        elif self.limit.enforced:
            raise ApiError(429, "Global limit has been reached", "too_many_requests")

    def headers(self) -> dict[str, str]:
        """The state of the bucket; `reset` is when the next token comes, in unix seconds."""
        next_token = max(0.0, 1 - self._tokens % 1) / self.limit.per_second
        reset = math.ceil(self._clock() / NANOS_PER_SECOND + next_token)
        return {
            "x-ratelimit-limit": str(self.limit.burst),
            "x-ratelimit-remaining": str(int(self._tokens)),
            "x-ratelimit-reset": str(reset),
        }
