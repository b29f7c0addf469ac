"""What is wrong, by the stack's levels: rules over the figures of two periods.

A level is passed only where chance is no explanation.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from components.settings.model import HealthLevels
from phonemfa.health.period import HOUR
from phonemfa.health.tally import (
    CHANNELS,
    HANDED_OVER,
    LIMITED,
    PASSED,
    UNKNOWN_REASON,
    Figures,
    Rate,
    is_wanted,
)
from phonemfa.reasons import BY_ID

NAMES: Final = {"text": "SMS", "voice": "voice calls", "": "messages (SMS or call)"}
ALL: Final = "all"

CHANCE: Final = 1e-4
"""A run makes some hundred comparisons: below this, one in hundred runs would be wrong at most,
were every true rate at its level; they are far from it while all is well."""

_COMMON: Final = 0.02
"""A reason that occurs less often is no surge, whatever it was before."""
_RARE: Final = 0.005
"""The same, of a reason that concerns every message."""
_USUAL_SENDS: Final = 0.5
"""Messages for each second factor that starts, where no earlier period tells."""


RULES: Final = {
    "silence": "Messages are sent while there are logins",
    "sequence": "No numbers in sequence",
    "flood": "No number gets many messages",
    "country": "No new country",
    "reason": "No reason for not sending surges",
    "success": "Messages are handed over",
    "completion": "Users pass after a message",
}
"""What is looked at, the gravest first, and what a test case of JUnit says of it."""
_INCIDENT: Final = "docs/guides/incident.md"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A level that was passed.

    Attributes:
        rule: one of `RULES`.
        subject: which channel, reason or country.
        what: what was found, in one sentence, with its figures.
        level: as the stack's setting has it.
        reason: id of the one that most failed messages have, where the finding is of failures.
        hours: which hours of the period show it; empty for all of it.
        alarm: it concerns every message.
    """

    rule: str
    subject: str = ""
    what: str
    level: str
    help: str
    reason: str = ""
    hours: tuple[int, ...] = ()
    alarm: bool = False

    @property
    def id(self) -> str:
        """Stable as long as the same thing is wrong."""
        return f"{self.rule}:{self.subject}" if self.subject else self.rule


class Likely(StrEnum):
    """What all findings together look like."""

    SILENCE = "nothing asks for messages"
    PUMPING = "somebody is paid for messages, or floods numbers"
    SENDER = "the sender is refused"
    CPAAS = "the CPaaS, or the way to it, has an outage"
    REFUSED = "messages are refused"
    VOICEMAIL = "calls are taken by voicemail, or do not reach their users"
    LOST = "messages are handed over and do not arrive"


def likely(findings: Sequence[Finding]) -> Likely | None:
    """The one cause that explains the gravest findings; None where there are none."""
    seen = {told for one in findings for told in (one.id, one.rule, f"reason:{one.reason}")}
    for signs, cause in _CAUSES:
        if signs & seen:
            return cause
    if not findings:
        return None
    return Likely.VOICEMAIL if seen <= _VOICE_ALONE else Likely.LOST


_VOICE_ALONE: Final = {"completion", "completion:voice", "reason:"}
_CAUSES: Final = (
    ({"silence"}, Likely.SILENCE),
    ({"reason:sender-refused"}, Likely.SENDER),
    ({"sequence", "flood", "country"}, Likely.PUMPING),
    (
        {
            "reason:maybe-sent",
            "reason:host-not-reached",
            "reason:no-secure-connection",
            "reason:system-error",
        },
        Likely.CPAAS,
    ),
    ({"reason", "success"}, Likely.REFUSED),
)
"""In this order: signs of the first that is seen say more than those of the others."""


Logins = Callable[[float, float], list[float] | None]
"""When users logged in between two times, the newest first, at most a hundred; None: not known.

It costs requests: it is asked only where no message was sent."""


def judge(
    now: Figures, before: Figures | None, levels: HealthLevels, logins: Logins
) -> list[Finding]:
    """Apply every rule; what is found, the gravest first."""
    findings = [
        *_silent(now, before, levels, logins),
        *_sequence(now, levels),
        *_flood(now, levels),
        *_countries(now, before, levels),
        *_reasons(now, before, levels),
        *_success(now, levels),
        *_completion(now, levels),
    ]
    return sorted(findings, key=lambda one: not one.alarm)


def is_below(found: int, of: int, rate: float) -> bool:
    """Whether so few are no chance, were each found with this probability."""
    return found < of * rate and _probability(range(found + 1), of, rate) < CHANCE


def is_above(found: int, of: int, rate: float) -> bool:
    """Whether so many are no chance, were each found with this probability."""
    return found > of * rate and _probability(range(found, of + 1), of, rate) < CHANCE


def _probability(counts: Iterable[int], of: int, rate: float) -> float:
    """That one of these counts is found: the binomial distribution."""
    if not 0 < rate < 1:
        return 0.0
    return sum(
        math.exp(
            math.lgamma(of + 1)
            - math.lgamma(count + 1)
            - math.lgamma(of - count + 1)
            + count * math.log(rate)
            + (of - count) * math.log1p(-rate)
        )
        for count in counts
    )


def _silent(
    now: Figures, before: Figures | None, levels: HealthLevels, logins: Logins
) -> Iterator[Finding]:
    """Hours without a message that was sent, failed or repeated, though something asks for them."""
    per_start = _USUAL_SENDS
    if before and before.factor_total("started"):
        per_start = before.total("sent") / before.factor_total("started")
    for is_quiet, run in groupby(
        range(now.period.hours), lambda hour: now.known[hour] and not _sum(now, "tries", hour)
    ):
        hours = tuple(run)
        if not is_quiet or len(hours) < levels.silent_hours:
            continue
        started = sum(now.factors[hour]["started"] for hour in hours)
        if started >= levels.minimum and _is_no_chance(started, per_start):
            seen = f"{started} second factors were started"
        elif before and hours[-1] == now.period.hours - 1:
            since = now.period.hour(hours[0])[0]
            count, per_login = _logins(since, now.period.end, before, logins)
            if count < levels.minimum or not _is_no_chance(count, per_login):
                continue
            seen = f"{count} users logged in"
        else:
            continue
        yield Finding(
            rule="silence",
            what=f"No message was sent for {len(hours)} hours, and none failed, while {seen}.",
            level=f"silentHours {levels.silent_hours}, minimum {levels.minimum}",
            help="Nothing asks the Action for a message: python -m phonemfa doctor and drift say "
            "whether factor, policy, provider and binding are as declared.",
            hours=hours,
            alarm=True,
        )


def _logins(begin: float, end: float, before: Figures, logins: Logins) -> tuple[int, float]:
    """How many logins there were, and how many messages came with each in the same hours before."""
    found, distance = logins(begin, end), end - before.period.end
    usual = logins(begin - distance, before.period.end) if found else None
    if not (found and usual):
        return 0, 0.0
    # No more than a hundred are asked for: the messages of as long as those took.
    since = usual[-1] if len(usual) >= 100 else begin - distance  # noqa: PLR2004
    sent = sum(since <= at < before.period.end for at in before.sent_at)
    return len(found), sent / len(usual)


def _is_no_chance(asked: int, rate: float) -> bool:
    return (1 - min(rate, 0.95)) ** asked < CHANCE


def _reasons(now: Figures, before: Figures | None, levels: HealthLevels) -> Iterator[Finding]:
    counts, tries = now.reasons(), now.total("asked")
    earlier = before.reasons() if before else Counter[str]()
    tries_before = before.total("asked") if before else 0
    for name, count in counts.most_common():
        known = BY_ID.get(name)
        alarm = bool(known and known.alarm)
        usual = earlier[name] / tries_before if tries_before else 0.0
        level = max(usual * levels.surge_factor, _RARE if alarm else _COMMON)
        by_hour, people = now.recipients(name)
        hours = tuple(
            hour
            for hour in range(now.period.hours)
            if now.known[hour]
            and by_hour[hour] >= levels.minimum
            and is_above(by_hour[hour], _sum(now, "asked", hour), level)
        )
        whole = people >= levels.minimum and is_above(people, tries, level)
        if not (whole or hours):
            continue
        share = f"{count} of {tries} tries ({_percent(count, tries)}), {people} recipients"
        then = f", {_percent(earlier[name], tries_before)} before" if tries_before else ""
        yield Finding(
            rule="reason",
            subject=name,
            what=f"“{reason_text(name)}”: {share}{then}.",
            level=f"surgeFactor {levels.surge_factor}, minimum {levels.minimum}",
            help=known.action if known else _UNNAMED[name][1],
            hours=hours,
            alarm=alarm,
        )


_UNNAMED: Final = {
    UNKNOWN_REASON: (
        "a reason that is none of this package's Action (not shown)",
        "Look into Monitoring > Logs; python -m phonemfa drift says whose Action runs.",
    ),
    LIMITED: (
        "Auth0's own limit of messages per user",
        f"Many users ask again: do codes arrive? Else somebody floods numbers ({_INCIDENT}).",
    ),
}
"""Reasons that are none of the Action's: what they are, and what helps."""


def reason_text(name: str) -> str:
    """A reason in words."""
    return BY_ID[name].text if name in BY_ID else _UNNAMED[name][0]


def _success(now: Figures, levels: HealthLevels) -> Iterator[Finding]:
    level = levels.success_percent
    for channel, done, of, hours in _low(now, HANDED_OVER, level, levels.minimum):
        reason = _main_reason(now, channel, hours or range(now.period.hours))
        mostly = f", mostly for “{BY_ID[reason].text}”" if reason in BY_ID else ""
        yield Finding(
            rule="success",
            subject=channel or ALL,
            reason=reason,
            what=f"Of {of} {NAMES[channel]}, {done} were handed over ({_percent(done, of)}), the "
            f"others not{mostly}.",
            level=f"successPercent {level}, minimum {levels.minimum}",
            help="The reasons say what to do; python -m phonemfa smoke sends a test message; the "
            "CPaaS's console has each message.",
            hours=hours,
            alarm=not done,
        )


def _main_reason(now: Figures, channel: str, hours: Iterable[int]) -> str:
    counts: Counter[str] = Counter()
    for hour in hours:
        counts.update(now.channels[channel][hour].reasons)
    return next((name for name, _ in counts.most_common() if not is_wanted(name)), "")


def _completion(now: Figures, levels: HealthLevels) -> Iterator[Finding]:
    level = levels.completion_percent
    for channel, done, of, hours in _low(now, PASSED, level, levels.minimum):
        yield Finding(
            rule="completion",
            subject=channel or ALL,
            what=f"After {of} {NAMES[channel]}, {done} users passed before they asked for another "
            f"one ({_percent(done, of)}).",
            level=f"completionPercent {level}, minimum {levels.minimum}",
            help=_DOES_NOT_ARRIVE[channel],
            hours=hours,
        )


_DOES_NOT_ARRIVE: Final = {
    "text": "They were handed over and do not arrive, or nobody waits for them. NTT CPaaS can say "
    "whether carriers delivered them; is the sender one that carriers take?",
    "voice": "Is voicemail answering? ringTimeout and machineDetection "
    "(docs/decisions/voicemail.md); NTT CPaaS can say how calls ended.",
    "": "NTT CPaaS can say whether carriers delivered them.",
}


def _low(
    now: Figures, rate: Rate, percent: int, minimum: int
) -> Iterator[tuple[str, int, int, tuple[int, ...]]]:
    """Channels of which a rate is too low in the whole period, or in an hour of it.

    With each its two counts, and the hours: of those alone where the period as a whole is well.
    """
    for channel in CHANNELS:
        done = [count or 0 for count in now.by_hour(rate.done, channel)]
        of = [count or 0 for count in now.by_hour(rate.of, channel)]

        def is_low(done: int, of: int) -> bool:
            return of >= minimum and is_below(done, of, percent / 100)

        hours = tuple(hour for hour, pair in enumerate(zip(done, of, strict=True)) if is_low(*pair))
        if is_low(sum(done), sum(of)):
            yield channel, sum(done), sum(of), hours
        elif hours:
            yield channel, sum(done[one] for one in hours), sum(of[one] for one in hours), hours


def _sequence(now: Figures, levels: HealthLevels) -> Iterator[Finding]:
    blocks = [
        one
        for one in now.blocks
        if one.numbers >= levels.numbers_in_sequence and one.arrived < one.numbers / 2
    ]
    if not blocks:
        return
    numbers, arrived = sum(one.numbers for one in blocks), sum(one.arrived for one in blocks)
    messages = sum(one.messages for one in blocks)
    yield Finding(
        rule="sequence",
        what=f"{numbers} new numbers of {len(blocks)} block{'s' * (len(blocks) > 1)} of a thousand "
        f"got {messages} messages, and {arrived} of their users passed: somebody may be paid for "
        "them (SMS pumping).",
        level=f"numbersInSequence {levels.numbers_in_sequence}",
        help=f"Attack protection in Auth0, tenantLimit, allowedPrefixes; NTT CPaaS can block the "
        f"range ({_INCIDENT}).",
    )


def _flood(now: Figures, levels: HealthLevels) -> Iterator[Finding]:
    flooded = [one for one in now.most_to_one() if one >= levels.messages_per_number]
    if flooded:
        yield Finding(
            rule="flood",
            what=f"A number got {flooded[0]} messages within an hour"
            + (f", and {len(flooded) - 1} more got too many." if flooded[1:] else "."),
            level=f"messagesPerNumber {levels.messages_per_number}",
            help="recipientLimit and voiceLimit; attack protection in Auth0; ask the user whether "
            "messages arrive.",
        )


def _countries(now: Figures, before: Figures | None, levels: HealthLevels) -> Iterator[Finding]:
    if before is None or not before.countries:
        return
    for code, one in sorted(now.countries.items()):
        if code in before.countries or len(one.numbers) < levels.minimum:
            continue
        name = code or "no country's code"
        yield Finding(
            rule="country",
            subject=code or "none",
            what=f"{name} is new: {len(one.numbers)} numbers, {one.sent} messages were sent to "
            f"them, {one.not_sent} were not.",
            level=f"minimum {levels.minimum}",
            help="allowedPrefixes says which countries are sent to; is anybody expected there? "
            f"({_INCIDENT})",
        )


def unjudged(now: Figures, before: Figures | None) -> Iterator[str]:
    """What could not be judged, and why, a sentence each."""
    sent, masked, nameless = map(now.total, ("sent", "masked", "nameless"))
    if unknown := now.known.count(False):
        yield f"{unknown} of {now.period.hours} hours are not known."
    if before is None:
        yield "No earlier period is kept: new countries, and what was usual, are not known."
    if masked:
        yield (
            f"The log hides the number of {masked} of {sent} messages: countries and numbers in "
            "sequence are not known of them."
        )
    if nameless:
        yield f"{nameless} of {sent} messages name no user: whether they passed is not known."


def _sum(figures: Figures, name: str, hour: int) -> int:
    """A count of `Hour` over all channels."""
    return sum(getattr(one[hour], name) for one in figures.channels.values())


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "0 %"


def span_of(now: Figures, hours: Sequence[int]) -> tuple[float, float]:
    """From when to when: of these hours, or of the whole period."""
    if not hours:
        return now.period.start, now.period.end
    return now.period.hour(hours[0])[0], now.period.hour(hours[-1])[0] + HOUR
