"""One look at a tenant's log: what it says, what is wrong, and what it does not say.

Nothing here knows how a result is shown; every output is made from `Health` alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from components.settings.model import HealthLevels
from phonemfa.health.judging import Finding, Likely, judge, likely, unjudged
from phonemfa.health.period import HOUR, WEEK, Period, before, lasting, latest, shown
from phonemfa.health.reading import LogReader, Window
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
    def periods(self) -> list[Figures]:
        """Both, or the one that there is."""
        return [one for one in (self.now, self.before) if one]

    @property
    def is_known(self) -> bool:
        """Whether the log says anything, and all that was asked of it."""
        return self.is_read and any(self.now.known)

    @property
    def likely(self) -> Likely | None:
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
    reader.find_reach()
    period, oldest = latest(reader.now, hours), reader.oldest
    earlier = before(period, oldest) if oldest is not None else None
    tally = Tally([period, earlier] if earlier else [period])
    unread = reader.read(period, tally) if oldest is not None else []
    is_compared = earlier is not None and not unread and not reader.read(earlier, tally)
    # Those that were read whole, and that the log keeps whole.
    known = [
        oldest is not None
        and oldest <= begin
        and not any(begin < window[1] and window[0] < end for window in unread)
        for begin, end in map(period.hour, range(hours))
    ]
    now, *others = tally.figures([known, [is_compared] * hours])
    then = others[0] if is_compared else None
    return Health(
        stack=stack,
        domain=reader.domain,
        levels=levels,
        now=now,
        before=then,
        findings=judge(now, then, levels, reader.logins),
        notes=[*_notes(reader, period, unread, tally.log), *unjudged(now, then)],
        oldest=oldest,
        is_read=not unread,
        log=tally.log,
        requests=reader.requests,
    )


def _notes(reader: LogReader, period: Period, unread: list[Window], log: Log) -> Iterator[str]:
    if reader.oldest is None:
        yield "The log has no entry, or none with a time that can be read: nothing is known."
        return
    if reader.oldest > period.start:
        yield (
            f"The log begins at {shown(reader.oldest)}, and the period at {shown(period.start)}: "
            "what was before is not known. Plans keep 1 to 30 days."
        )
    if abs(reader.ahead) > _CLOCK:
        yield (
            f"This machine's clock differs from the tenant's by {lasting(abs(reader.ahead))}: the "
            "tenant's was taken."
        )
    if reader.newest is not None and reader.newest > reader.now + _CLOCK:
        yield (
            f"The newest entry is {lasting(reader.newest - reader.now)} ahead of the tenant's own "
            "clock: times may be wrong."
        )
    if not reader.by_type:
        yield "The tenant does not search by type: every entry was read and sorted out here."
    if not reader.by_second:
        yield "The tenant does not search by the time of day: whole days were read."
    if unread:
        hours = sum(end - begin for begin, end in unread) / HOUR
        yield (
            f"{hours:.1f} hours could not be read within {reader.seconds / 60:g} minutes "
            f"at {reader.per_minute} requests a minute: give more of either "
            "(--within, --requests-per-minute), or a shorter --since."
        )
    if reader.waited:
        yield f"The tenant limited the rate: {reader.waited:.0f} s were spent waiting."
    if log.unreadable:
        yield f"{log.unreadable} of {log.read} entries had no time or type that can be read."
    if log.bare:
        yield f"{log.bare} of {log.read} entries were about a message and had no details."
    unknown = [
        f"{name} ({count})"
        for name, count in sorted(log.types.items())
        if name.startswith("gd_") and name not in _LEFT_ALONE
    ]
    if unknown:
        yield f"Types that nobody knew when this was written: {', '.join(unknown)}."


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
