"""Days of traffic: four that are as they should be, four that are not.

What a person does is drawn by chance from a seed, so that a day can be played again. Shares are
made up, with what is plausible of a shop or bank in Japan; nobody measured them.
"""

import random
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.traffic.entries import Pen
from sandbox.traffic.people import WITHOUT_SMS, Person, people, person

Kind = Literal[
    "weekday",
    "monday",
    "holiday",
    "campaign",
    "small",
    "outage",
    "pumping",
    "sender",
    "voicemail",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
BAD: Final[tuple[Kind, ...]] = ("outage", "pumping", "sender", "voicemail")

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
_JAPAN: Final = 9 * HOUR
_SMALL: Final = 10
_LATE: Final = 0.2

_WORKDAY: Final = (
    0.6, 0.4, 0.2, 0.2, 0.2, 0.5, 1.5, 3.5, 7, 9, 8, 6.5,
    6.5, 6.5, 6, 5.5, 5.5, 5.5, 5, 4.5, 4, 3.5, 2.5, 1.4,
)  # fmt: skip
_MONDAY: Final = tuple(
    weight * (2.4 if hour in {8, 9, 10} else 1.1) for hour, weight in enumerate(_WORKDAY)
)
_HOLIDAY: Final = (
    0.6, 0.4, 0.3, 0.2, 0.2, 0.3, 0.5, 0.8, 1, 1.2, 1.3, 1.2,
    1.1, 1.1, 1.1, 1.1, 1.2, 1.2, 1.3, 1.4, 1.4, 1.3, 1.1, 0.8,
)  # fmt: skip
"""Weights of the hours in Japan; a workday's sum to about 100."""


@dataclass(frozen=True, kw_only=True)
class Play:
    """What is to be played.

    Attributes:
        kind: the last day.
        seed: the same gives the same.
        end: when the last day ends, in seconds since the epoch.
        days: which days, as distances from the last one; those before are as usual.
        per_day: codes on a usual day.
        delay: seconds by which the log may show an entry late; four of five it shows at once.
    """

    kind: Kind
    seed: int
    end: float
    days: tuple[int, ...] = (0, 7)
    per_day: int = 1000
    delay: float = 0.0


def play(what: Play, *, tenant_name: str = "sandbox") -> list[tuple[dict[str, Any], int]]:
    """The entries of these days, each with the time (ns) at which the log shows it."""
    per_day = min(what.per_day, _SMALL) if what.kind == "small" else what.per_day
    everybody = people(random.Random(f"{what.seed} people"), max(per_day, 20) * 2)
    pen = Pen(tenant_name)
    for back in what.days:
        rng = random.Random(f"{what.seed} {back}")
        begin = what.end - (back + 1) * DAY
        kind: Kind = what.kind if not back else "weekday"
        day = _Day(kind, begin, rng, pen, everybody)
        day.play(per_day)
    rng = random.Random(f"{what.seed} delays")
    return [
        (one, stamp + int(rng.uniform(0, what.delay) * NANOS_PER_SECOND) * (rng.random() < _LATE))
        for one, stamp in pen.written
    ]


@dataclass
class _Day:
    kind: Kind
    begin: float
    rng: random.Random
    pen: Pen
    everybody: list[Person]
    bad: tuple[float, float] = (0.0, 0.0)
    why: tuple[str, str] = ("drop", "")

    def __post_init__(self) -> None:
        rng = self.rng
        if self.kind == "outage":
            # In the hours in which people log in, and for one to three of them.
            first = self._at_hour(rng.uniform(8, 19))
            self.bad = first, first + rng.uniform(1, 3) * HOUR
            self.why = rng.choice(
                (
                    ("retry", "CPaaS host not reached"),
                    ("retry", "no secure connection to the CPaaS host"),
                    ("drop", "CPaaS failed: HTTP 503: the message may have been sent"),
                    ("drop", "CPaaS gave no answer in time: the message may have been sent"),
                )
            )
        elif self.kind == "sender":
            self.bad = self._at_hour(rng.uniform(7, 15)), self.begin + DAY
            name = rng.choice(("SENDER", "SOURCE"))
            self.why = ("drop", f"CPaaS refused: REJECTED {name}")
        elif self.kind == "voicemail":
            self.bad = self.begin, self.begin + DAY

    def _at_hour(self, hour: float) -> float:
        """When it is that hour in Japan within the day, which may end in the middle of a morning.

        At least two and a half hours before that end: what lasts for minutes is no bad day.
        """
        midnight = (self.begin + _JAPAN) // DAY * DAY - _JAPAN
        at = midnight + hour * HOUR
        return min(at if at >= self.begin else at + DAY, self.begin + DAY - 2.5 * HOUR)

    def play(self, per_day: int) -> None:
        """Write the day: so many codes, and as many logins without one."""
        weights = {"monday": _MONDAY, "holiday": _HOLIDAY}.get(self.kind, _WORKDAY)
        burst = self._at_hour(self.rng.choice((12, 18, 20))) if self.kind == "campaign" else None
        for hour in range(24):
            begin = self.begin + hour * HOUR
            in_japan = int((begin + _JAPAN) % DAY // HOUR)
            expected = per_day * weights[in_japan] / 100
            is_new = 0.03
            if burst is not None and burst <= begin < burst + 2.5 * HOUR:
                expected, is_new = max(expected * 5, per_day * 0.2), 0.5
            for _ in range(_poisson(self.rng, expected)):
                self._login(begin + self.rng.uniform(0, HOUR), is_new=self.rng.random() < is_new)
            for _ in range(_poisson(self.rng, expected)):
                at = begin + self.rng.uniform(0, HOUR)
                self.pen.login(at, self.rng.choice(self.everybody))
        if self.kind == "pumping":
            self._pump(per_day)

    def _login(self, at: float, *, is_new: bool) -> None:
        rng, pen = self.rng, self.pen
        who = people(rng, 1)[0] if is_new else rng.choice(self.everybody)
        begun = "gd_start_enroll" if is_new else "gd_start_auth"
        pen.factor(at, who, begun, "Enrollment started" if is_new else "Second factor started")
        if not is_new:
            # Asked by the page as soon as it is shown.
            at += rng.uniform(0.2, 1)
        channel = who.prefers
        for _ in range(3):
            handed_over = self._message(at, who, channel)
            waits = rng.lognormvariate(3.0 if channel == "text" else 3.5, 0.45)
            if handed_over and rng.random() < self._arrives(at, channel):
                if rng.random() < 0.04:
                    pen.factor(at + waits, who, "gd_auth_failed", "Wrong code")
                    waits += rng.uniform(5, 20)
                done = "gd_enrollment_complete" if is_new else "gd_auth_succeed"
                pen.factor(at + waits, who, done, "Second factor passed")
                pen.login(at + waits + 0.3, who)
                return
            if rng.random() > 0.75:
                return
            at += rng.uniform(40, 120)
            if rng.random() < 0.3 and who.prefers == "text":
                channel = "voice" if channel == "text" else "text"

    def _arrives(self, at: float, channel: str) -> float:
        if channel == "text":
            return 0.95
        return 0.15 if self.kind == "voicemail" and self._is_bad(at) else 0.88

    def _is_bad(self, at: float) -> bool:
        return self.bad[0] <= at < self.bad[1]

    def _message(self, at: float, who: Person, channel: str) -> bool:
        """Try to send; whether it was handed over."""
        rng, pen = self.rng, self.pen
        at += rng.uniform(0.3, 1.5)
        refusal = _refusal(who, channel)
        is_hit = self._is_bad(at) and (
            self.kind == "outage" or (self.kind == "sender" and channel == "text")
        )
        if refusal:
            pen.failed(at, who, channel, "drop", refusal)
            return False
        if is_hit:
            outcome, reason = self.why
            if outcome == "retry":
                for again in range(5):
                    pen.notice(at + again * 20, who, channel, reason)
                at += 100
            pen.failed(at, who, channel, outcome, reason)
            return False
        chance = rng.random()
        if chance < 0.004:
            pen.failed(at, who, channel, "drop", "CPaaS refused: UNDELIVERABLE REJECTED_NOT_SENT")
            return False
        if chance < 0.005:
            reason = "CPaaS gave no answer in time: the message may have been sent"
            pen.failed(at, who, channel, "drop", reason)
            return False
        if chance < 0.008:
            pen.notice(at, who, channel, "CPaaS limits the rate: HTTP 429")
            at += 15
        pen.sent(at, who, channel)
        return True

    def _pump(self, per_day: int) -> None:
        """Enrolments of somebody who is paid for the messages."""
        rng = self.rng
        begin = self.begin + rng.uniform(2, 18) * HOUR
        lasts = rng.uniform(1.5, 4) * HOUR
        count = max(120, int(per_day * rng.uniform(0.15, 0.5)))
        rows = [f"+8190{rng.randrange(1, 10)}{rng.randrange(10**4):04}" for _ in range(3)]
        for index in range(count):
            number = f"{rows[index % len(rows)]}{(index // len(rows) * 3) % 1000:03}"
            if rng.random() < 0.1:
                number = f"{rng.choice(('+94', '+216', '+880'))}{rng.randrange(10**8, 10**9)}"
            who = person(rng, f"b{index:06}", number, "text")
            at = begin + rng.uniform(0, lasts)
            self.pen.factor(at, who, "gd_start_enroll", "Enrollment started")
            self._message(at, who, "text")


def _refusal(who: Person, channel: str) -> str:
    """What the Action says of a number that it does not send to."""
    if not who.number.startswith("+81"):
        return "recipient country not allowed"
    if channel == "text" and who.number.startswith(WITHOUT_SMS):
        return "recipient is a Japanese number without SMS"
    return ""


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, mean**0.5)))
    threshold, count, product = 2.718281828459045**-mean, 0, rng.random()
    while product > threshold:
        count += 1
        product *= rng.random()
    return count
