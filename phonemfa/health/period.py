"""The period that is looked at, cut into whole hours backwards from its end, and the one before."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from phonemfa.answered import RefusedError

HOUR: Final = 3600.0
WEEK: Final = 7 * 24 * HOUR
LONGEST_HOURS: Final = 31 * 24
"""No plan keeps a log for longer than 30 days."""

SETTLING: Final = 300.0
"""Seconds before now at which a period ends: the tenant's log is not real time."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole hours, in seconds since the epoch; the end is not in it."""

    end: float
    hours: int

    @property
    def start(self) -> float:
        return self.end - self.hours * HOUR

    def hour_of(self, at: float) -> int | None:
        """Which of its hours, 0 for the oldest; None where it is outside."""
        if not self.start <= at < self.end:
            return None
        return min(int((at - self.start) // HOUR), self.hours - 1)

    def hour(self, index: int) -> tuple[float, float]:
        """Beginning and end of an hour."""
        begin = self.start + index * HOUR
        return begin, begin + HOUR

    def moved(self, seconds: float) -> "Period":
        """The same, so many seconds earlier."""
        return Period(end=self.end - seconds, hours=self.hours)


def hours_of(span: str) -> int:
    """Hours of a span such as 24h or 7d, or `RefusedError`."""
    found = re.fullmatch(r"(\d{1,3})([hd])", span)
    hours = int(found[1]) * (24 if found[2] == "d" else 1) if found else 0
    if not 1 <= hours <= LONGEST_HOURS:
        raise RefusedError(
            f"--since {span!r} is no period: give hours or days such as 24h or 7d, at most 31d."
        )
    return hours


def latest(now: float, hours: int) -> Period:
    """The period that ends now, less what the log may still be late with."""
    return Period(end=(now - SETTLING) // 60 * 60, hours=hours)


def before(period: Period, reach: float) -> Period | None:
    """What to compare with: a week earlier where the log reaches, else just before; else None."""
    for distance in (WEEK * -(-period.hours // (7 * 24)), period.hours * HOUR):
        earlier = period.moved(distance)
        if reach <= earlier.start:
            return earlier
    return None


def shown(at: float) -> str:
    """A time as outputs have it, UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}Z"


def lasting(seconds: float) -> str:
    """A length of time in words."""
    return str(timedelta(seconds=round(seconds)))
