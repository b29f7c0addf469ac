"""A result as people and machines read it: terminal, JSON, JUnit, an issue's text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from phonemfa.health.judging import TITLES, Finding, Rule, span_of
from phonemfa.health.period import shown
from phonemfa.health.result import (
    Health,
    NoAnswer,
    channel_rows,
    reason_rows,
)
from phonemfa.health.tally import CHANNELS, Figures
from phonemfa.output.document import (
    Block,
    Code,
    Document,
    Entries,
    Entry,
    Mark,
    Paragraph,
    Strong,
    Verbatim,
)
from phonemfa.output.junit import Case
from phonemfa.output.markdown import prose
from phonemfa.reasons import Language

LABEL: Final = "phone-mfa-health"
_INTRODUCTION: Final = (
    "`phonemfa health` found this in the log of `{domain}` (stack `{stack}`). This text follows "
    "it, and the issue is closed when it is over."
)
_BARS: Final = "▂▃▄▅▆▇█"
_NONE, _UNKNOWN = "▁", "·"
_WIDEST: Final = 36
_MEANS: Final[dict[Language, str]] = {"en": "means", "ja": "意味"}
_READ: Final = "The log was read"


def sparkline(counts: Sequence[int | None]) -> str:
    """Counts as bars, at most 36; ▁ for none, · for not known."""
    step = -(-len(counts) // _WIDEST)
    groups = [counts[at : at + step] for at in range(0, len(counts), step)]
    means = [None if None in one else sum(count or 0 for count in one) / len(one) for one in groups]
    most = max((one for one in means if one), default=1)
    return "".join(
        _UNKNOWN if one is None else _BARS[math.ceil(one * len(_BARS) / most) - 1] if one else _NONE
        for one in means
    )


def by_hour(figures: Figures, name: str, channel: str) -> list[int | None]:
    """A count of a channel by hour; None where it is not known."""
    return [
        getattr(hour, name) if known else None
        for hour, known in zip(figures.channels[channel], figures.known, strict=True)
    ]


def factor_by_hour(figures: Figures, name: str) -> list[int | None]:
    """A count of second factors by hour; None where it is not known."""
    return [
        hour[name] if known else None
        for hour, known in zip(figures.factors, figures.known, strict=True)
    ]


def percent(rate: float | None) -> str:
    """A rate in words."""
    return "not known" if rate is None else f"{100 * rate:.1f} %"


def beside(now: Any, then: Any) -> str:
    """A figure and, where there is one, the earlier one."""
    return f"{now}" if then is None else f"{now} ({then})"


# -- terminal ---------------------------------------------------------------------------------


def as_document(health: Health, *, language: Language = "en") -> Document:
    """For a person at a terminal: the figures, then what is wrong, and the result last."""
    period = health.now.period
    compared = f"in brackets: {health.compared_with}"
    figures: list[Block] = [
        Verbatim("\n".join(_hours(health))),
        Entries(tuple(_channels(health))),
        Entries(tuple(_reasons(health, language))),
        *(Paragraph((line,)) for line in facts(health)),
    ]
    verdict = Mark.BAD if health.findings else Mark.GOOD if health.is_known else Mark.UNKNOWN
    wrong = (
        *(Entry(mark=Mark.UNKNOWN, line=(note,)) for note in health.notes),
        *(_entry(health, one) for one in health.findings),
        Entry(mark=verdict, line=(Strong(health.summary),)),
    )
    title = f"tenant {health.domain}, {shown(period.start)} to {shown(period.end)}; {compared}"
    return Document("", (Paragraph((Strong(title),)), *figures, Entries(wrong)))


def _channels(health: Health) -> Iterator[Entry]:
    for row in channel_rows(health):
        over = beside(percent(row.success), row.success_before and percent(row.success_before))
        passed = beside(percent(row.arrived), row.arrived_before and percent(row.arrived_before))
        rest = (row.failed, row.dropped, row.retried, row.limited)
        told = "{} failed, {} dropped, {} retried, {} limited".format(*rest)
        yield Entry(
            mark=Mark.NOTE, line=(f"{row.name}: handed over {over}, user passed {passed}; {told}",)
        )


def _reasons(health: Health, language: Language) -> Iterator[Entry]:
    for one in reason_rows(health):
        known = one.reason
        yield Entry(
            mark=Mark.NOTE,
            line=(f"not sent {beside(one.count, one.before)}: {one.text}",),
            facts=((_MEANS[language], (known.meaning_in(language),)),) if known else (),
            fix=(known.action_in(language),) if known else (),
        )


def _entry(health: Health, finding: Finding) -> Entry:
    return Entry(
        mark=Mark.BAD,
        line=(Code(finding.id), f"  {finding.what}"),
        facts=(("when", (_when(health, finding),)), ("level", (finding.level,))),
        fix=(finding.help,) if finding.help else (),
    )


def _when(health: Health, finding: Finding) -> str:
    begin, end = span_of(health.now, finding.hours)
    return f"{'most plainly ' if finding.hours else ''}{shown(begin)} to {shown(end)}"


FACTORS: Final = {
    "started": "second factors started",
    "passed": "second factors passed",
    "wrong": "wrong codes",
    "rejected": "second factors rejected",
    "enrol_started": "enrolments started",
    "enrolled": "enrolments done",
    "enrol_failed": "enrolments failed",
    "codes_limited": "users at the limit of codes",
}


def _hours(health: Health) -> Iterator[str]:
    """What came by hour, as bars; the names are as wide as the longest."""
    now, then = health.now, health.before
    rows = [
        (f"{row.name} sent", by_hour(now, "sent", row.channel), beside(row.sent, row.sent_before))
        for row in channel_rows(health)
    ]
    for name, words in FACTORS.items():
        count, before = now.factor_total(name), then.factor_total(name) if then else None
        if count or before:
            rows.append((words, factor_by_hour(now, name), beside(count, before)))
    widest = max((len(name) for name, _, _ in rows), default=0)
    for name, hours, told in rows:
        yield f"{name:{widest}} {sparkline(hours)} {told}"


def facts(health: Health) -> Iterator[str]:
    """Countries, ranges, numbers and applications, a line each; where the log begins."""
    now, then = health.now, health.before
    if now.countries:
        told = [
            f"{code or 'no country'} {beside(one.sent, then and _sent_to(then, code))} sent, "
            f"{one.not_sent} not"
            # Of numbers that the log hides, those that failed are all it says.
            if now.numbers
            else f"{code or 'no country'} {one.not_sent} not sent"
            for code, one in now.countries.items()
        ]
        yield f"countries: {'; '.join(told)}"
    if now.ranges:
        told = [f"{name} {count}" for name, count in now.ranges.items()]
        yield f"ranges in Japan: {', '.join(told)}"
    if now.numbers:
        yield f"distinct numbers: {beside(now.numbers, then.numbers if then else None)}"
    if now.applications:
        told = [f"{one.name or one.client_id} {one.sent}" for one in now.applications]
        yield f"applications: {', '.join(told)}"
    begins = shown(health.oldest) if health.oldest is not None else "nowhere: it is empty"
    yield f"the log begins: {begins}; {health.log.read} entries read in {health.requests} requests"


def _sent_to(figures: Figures, code: str) -> int:
    return figures.countries[code].sent if code in figures.countries else 0


def told(health: Health, finding: Finding) -> Iterator[str]:
    """A finding in lines: what, when, which level, what helps."""
    yield f"{finding.id}: {finding.what}"
    yield f"  {_when(health, finding)}; level: {finding.level}"
    if finding.help:
        yield f"  {finding.help}"


# -- machines ---------------------------------------------------------------------------------


def as_object(health: Health) -> dict[str, Any]:
    """Everything, by the hour."""
    now = health.now
    return {
        "stack": health.stack,
        "domain": health.domain,
        "well": not health.findings,
        "likely": health.likely.name.lower() if health.likely else None,
        "known": health.is_known,
        "period": _period(now),
        "comparedWith": _period(health.before) if health.before else None,
        "logBegins": shown(health.oldest) if health.oldest is not None else None,
        "findings": [_finding(health, one) for one in health.findings],
        "notes": health.notes,
        "now": _figures(now),
        "before": _figures(health.before) if health.before else None,
        "reasons": [
            {"id": one.id, "text": one.text, "count": one.count, "before": one.before}
            for one in reason_rows(health)
        ],
        "levels": health.levels.model_dump(mode="json", by_alias=True),
        "log": vars(health.log) | {"types": dict(health.log.types)},
        "requests": health.requests,
    }


def _period(figures: Figures) -> dict[str, Any]:
    period = figures.period
    return {"from": shown(period.start), "to": shown(period.end), "hours": period.hours}


def _finding(health: Health, one: Finding) -> dict[str, Any]:
    begin, end = span_of(health.now, one.hours)
    return {
        "id": one.id,
        "rule": one.rule.value,
        "subject": one.subject,
        "what": one.what,
        "level": one.level,
        "help": one.help,
        "from": shown(begin),
        "to": shown(end),
        "alarm": one.alarm,
    }


def _figures(figures: Figures) -> dict[str, Any]:
    names = ("sent", "failed", "dropped", "retried", "limited", "judged", "arrived")
    return {
        "channels": {
            channel or "unknown": {name: by_hour(figures, name, channel) for name in names}
            for channel in CHANNELS
        },
        "factors": {name: factor_by_hour(figures, name) for name in FACTORS},
        "countries": {
            code or "none": {
                "sent": one.sent,
                "notSent": one.not_sent,
                "numbers": one.numbers,
            }
            for code, one in figures.countries.items()
        },
        "japaneseRanges": figures.ranges,
        "distinctNumbers": figures.numbers,
        "hiddenNumbers": figures.masked,
        "applications": [asdict(one) for one in figures.applications],
    }


def junit_cases(result: Health | NoAnswer) -> list[Case]:
    """One case a rule, and whether the log was read."""
    if isinstance(result, NoAnswer):
        return [Case(name=_READ, error=result.why)]
    cases = []
    for rule in Rule:
        found = [one for one in result.findings if one.rule is rule]
        message = "; ".join(one.what for one in found)
        text = "\n".join(line for one in found for line in told(result, one))
        cases.append(Case(name=TITLES[rule], failure=(message, text) if found else None))
    notes = "\n".join(result.notes)
    read = (
        Case(name=_READ, output=notes)
        if result.is_known
        else Case(name=_READ, error=notes or result.summary)
    )
    return [*cases, read]


# -- GitHub -----------------------------------------------------------------------------------


def issue_title(health: Health) -> str:
    """Of the one issue of a stack."""
    return f"Health: codes of stack {health.stack} may not arrive"


def issue_body(health: Health) -> str:
    """Markdown of what is wrong, in English and, where it is said, Japanese."""
    lines = [
        _INTRODUCTION.format(domain=health.domain, stack=health.stack),
        "",
        f"It looks as if {health.likely}.",
        "",
        "| finding | what | when | level | what helps |",
        "|---|---|---|---|---|",
    ]
    for one in health.findings:
        cells = (one.id, one.what, _when(health, one), one.level, one.help)
        lines.append(f"| {' | '.join(map(prose, cells))} |")
    found = {one.subject for one in health.findings if one.rule is Rule.REASON}
    for row in reason_rows(health):
        if row.id in found and row.reason:
            known = row.reason
            lines += ["", f"**{prose(row.text)}** {known.meaning} {known.action}"]
            lines.append(f"{known.meaning_ja} {known.action_ja}")
    if health.notes:
        lines += ["", "Not known, or odd:", *(f"- {prose(note)}" for note in health.notes)]
    lines += ["", "[docs/guides/health.md](docs/guides/health.md) says what each finding means."]
    return "\n".join(lines)
