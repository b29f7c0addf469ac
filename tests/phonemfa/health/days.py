"""Days of the sandbox's traffic as `health` judges them, without a tenant between."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components.settings.model import HealthLevels
from phonemfa.health.entries import LOGIN, time_of
from phonemfa.health.period import Period
from phonemfa.health.reading import LogReader, Window
from phonemfa.health.result import Health, look
from phonemfa.health.tally import Tally
from sandbox.tenant.logs import masked
from sandbox.traffic import Kind
from sandbox.traffic.days import Play, play

NOW = 1_795_910_400.0
"""A Sunday: 2026-11-29T00:00:00Z, nine o'clock in Japan."""

Compared = Literal["week", "day", "nothing"]
_KEPT = {"week": 30, "day": 4, "nothing": 1.01}


@dataclass(kw_only=True)
class ListReader(LogReader):
    """Gives a list of entries, without a tenant."""

    entries: Sequence[Mapping[str, Any]]
    http: Any = None
    domain: str = "tenant.example"
    token: Callable[[], str] = str
    requests: int = 96
    now: float = NOW

    def find_reach(self) -> None:
        self.newest = self.now

    def read(self, period: Period, tally: Tally) -> list[Window]:
        for one in self.entries:
            if period.start <= (time_of(one) or 0) < period.end:
                tally.add(one)
        return []

    def logins(self, begin: float, end: float) -> list[float]:
        times = [time_of(one) or 0 for one in self.entries if one["type"] == LOGIN]
        return sorted((at for at in times if begin <= at < end), reverse=True)[:100]


def health_of(
    kind: Kind,
    seed: int,
    *,
    compared: Compared = "week",
    hidden: bool = False,
    per_day: int | None = None,
    levels: HealthLevels | None = None,
) -> Health:
    """A day of this kind, judged.

    Args:
        kind: of the day.
        seed: decides the day, and the tenant's size where that is not given: 300 to 3,000 codes.
        compared: what the plan keeps: days enough for the week before, for the day, or for none.
        hidden: the log hides numbers.
        per_day: codes on a usual day.
        levels: the stack's.
    """
    days = {"week": (0, 7), "day": (0, 1), "nothing": (0,)}[compared]
    size = per_day or int(10 ** random.Random(seed).uniform(2.5, 3.5))  # noqa: S311
    end = NOW - 300
    played = play(Play(kind=kind, seed=seed, end=end, days=days, per_day=size))
    entries = [_hidden(one) if hidden else one for one, _ in played]
    reader = ListReader(entries=entries, oldest=NOW - _KEPT[compared] * 86_400)
    return look(reader, stack="prod", levels=levels or HealthLevels(), hours=24)


def _hidden(entry: dict[str, Any]) -> dict[str, Any]:
    factor = entry["details"].get("authenticator", {})
    if entry["type"].startswith("gd_send") and "phone_number" in factor:
        hidden = factor | {"phone_number": masked(factor["phone_number"])}
        return entry | {"details": entry["details"] | {"authenticator": hidden}}
    return entry
