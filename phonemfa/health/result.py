"""One look at a tenant's log: what it says, what is wrong, and what it does not say.

Nothing here knows how a result is shown; every output is made from `Health` alone.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from components.settings.health_levels import HealthLevels
from phonemfa.health.judging import Finding, Likely, Silence, judge, likely, silences, unjudged
from phonemfa.health.period import HOUR, WEEK, Period, before, lasting, latest, shown
from phonemfa.health.reading import LogReader, Reach, hours_read
from phonemfa.health.tally import Figures, Log, Tally

_CLOCK: Final = 120.0
"""Seconds by which two clocks may differ before it is worth a word."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a tenant's log says of a period.

    Attributes:
        now, before: the period, and what it is compared with, if the log has it whole.
        findings: levels that were passed, the gravest first.
        notes: what is not known, or was odd, a sentence each.
        oldest: where the log begins; None where it is empty.
        is_read: whether the log gave all of the period that it has.
        log: what was met while reading.
    """

    stack: str
    domain: str
    levels: HealthLevels
    now: Figures
    before: Figures | None
    findings: list[Finding]
    notes: list[str]
    oldest: float | None
    is_read: bool
    log: Log
    requests: int

    @property
    def is_known(self) -> bool:
        """Whether the log says anything, and all that was asked of it."""
        return self.is_read and any(self.now.known)

    @property
    def likely(self) -> Likely | None:
        """What the findings look like."""
        return likely(self.findings)

    @property
    def compared_with(self) -> str:
        """What the figures stand beside, in words."""
        if self.before is None:
            return "no earlier period is known"
        distance = self.now.period.end - self.before.period.end
        weeks = round(distance / WEEK)
        if distance == weeks * WEEK:
            return "the same hours a week earlier" if weeks == 1 else f"{weeks} weeks earlier"
        return f"the {self.now.period.hours} hours before"

    @property
    def summary(self) -> str:
        """The result in one sentence."""
        sent, span = self.now.total("sent"), f"{self.now.period.hours} h"
        if self.findings:
            count = len(self.findings)
            return (
                f"{self.likely}: {count} finding{'s' * (count > 1)} in {span} of {self.domain}, "
                f"stack {self.stack} ({', '.join(one.id for one in self.findings)})"
            )
        if not any(self.now.known):
            return f"nothing is known of {self.domain} for this period"
        if not self.is_read:
            return f"no finding in what could be read of {self.domain}, and not all could"
        return (
            f"well: {sent} messages in {span} of {self.domain}, no level of stack {self.stack} "
            "was passed"
        )


def look(reader: LogReader, *, stack: str, levels: HealthLevels, hours: int) -> Health:
    """Read, count and judge.

    Raises:
        OutOfTimeError: there was no time for even the first answers.
        TenantUnreadableError: no answer, or no read:logs.
    """
    reach = reader.reach()
    period = latest(reach.now, hours)
    earlier = before(period, reach.oldest) if reach.oldest is not None else None
    tally = Tally([period, earlier] if earlier else [period])
    unread = reader.read(period, reach, tally) if reach.oldest is not None else []
    unread_before = reader.read(earlier, reach, tally) if earlier and not unread else []
    is_compared = earlier is not None and not unread and not unread_before
    known = [hours_read(period, unread, reach), [is_compared] * hours]
    now, *others = tally.figures(known)
    then = others[0] if is_compared else None
    quiet = [_with_logins(one, reader, reach, now, then) for one in silences(now, levels)]
    return Health(
        stack=stack,
        domain=reader.domain,
        levels=levels,
        now=now,
        before=then,
        findings=judge(now, then, levels, quiet),
        notes=[*_notes(reader, reach, period, unread, tally.log), *unjudged(now, then)],
        oldest=reach.oldest,
        is_read=not unread,
        log=tally.log,
        requests=reader.requests,
    )


def _with_logins(
    silence: Silence, reader: LogReader, reach: Reach, now: Figures, then: Figures | None
) -> Silence:
    """The last silence with its logins, and messages for each login before."""
    if then is None or silence.last != now.period.hours - 1:
        return silence
    window = now.period.hour(silence.first)[0], now.period.end
    logins = reader.logins(window, reach)
    if not logins:
        return silence
    distance = now.period.end - then.period.end
    begin, end = (one - distance for one in window)
    usual = reader.logins((begin, end), reach)
    if not usual:
        return silence
    # No more than a hundred are asked for: the messages of as long as those took.
    begin = usual[-1] if len(usual) >= 100 else begin  # noqa: PLR2004
    sent = bisect_left(then.sent_at, end) - bisect_left(then.sent_at, begin)
    return replace(silence, logins=len(logins), per_login=sent / len(usual))


def _notes(
    reader: LogReader, reach: Reach, period: Period, unread: list[tuple[float, float]], log: Log
) -> Iterator[str]:
    if reach.oldest is None:
        yield "The log has no entry: nothing is known."
        return
    if reach.oldest > period.start:
        yield (
            f"The log begins at {shown(reach.oldest)}, and the period at {shown(period.start)}: "
            "what was before is not known. Plans keep 1 to 30 days."
        )
    if abs(reach.ahead) > _CLOCK:
        yield (
            f"This machine's clock differs from the tenant's by {lasting(abs(reach.ahead))}: the "
            "tenant's was taken."
        )
    if reach.newest is not None and reach.newest > reach.now + _CLOCK:
        yield (
            f"The newest entry is {lasting(reach.newest - reach.now)} ahead of the tenant's own "
            "clock: times may be wrong."
        )
    if not reach.by_type:
        yield "The tenant does not search by type: every entry was read and sorted out here."
    if not reach.by_second:
        yield "The tenant does not search by the time of day: whole days were read."
    if unread:
        hours = sum(end - begin for begin, end in unread) / HOUR
        yield (
            f"{hours:.1f} hours could not be read within {reader.limits.seconds / 60:g} minutes "
            f"at {reader.limits.per_minute} requests a minute: give more of either "
            "(--within, --requests-per-minute), or a shorter --since."
        )
    if reader.waited:
        yield f"The tenant limited the rate: {reader.waited:.0f} s were spent waiting."
    for count, what in (
        (log.unreadable, "had no time or type that can be read"),
        (log.bare, "were about a message and had no details"),
    ):
        if count:
            yield f"{count} of {log.read} entries {what}."
    strange = {name: count for name, count in log.types.items() if name.startswith("gd_")}
    if unknown := {name: count for name, count in strange.items() if name not in _LEFT_ALONE}:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(unknown.items()))
        yield f"Types that nobody knew when this was written: {told}."


_LEFT_ALONE: Final = frozenset(
    {
        "gd_unenroll",
        "gd_update_device_account",
        "gd_tenant_update",
        "gd_recovery_succeed",
        "gd_recovery_failed",
        "gd_recovery_rate_limit_exceed",
        "gd_user_delete",
        "gd_module_switch",
        "gd_auth_email_verification",
    }
)
