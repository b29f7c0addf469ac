"""A result as people and machines read it: one document, JSON, and JUnit's cases.

Terminal, page and issue are made of the same entries. The terminal ends with the result, page and
issue begin with it.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from phonemfa.health.judging import NAMES, RULES, Finding, reason_text, span_of
from phonemfa.health.period import shown
from phonemfa.health.result import Health
from phonemfa.health.tally import CHANNELS, HANDED_OVER, PASSED, Figures, Rate
from phonemfa.output import document as doc
from phonemfa.output.japanese import Language, said_in
from phonemfa.output.junit import Case
from phonemfa.reasons import BY_ID

_BARS: Final = "▂▃▄▅▆▇█"
_NONE, _UNKNOWN = "▁", "·"
_WIDEST: Final = 36
_MOST_REASONS: Final = 5
_MOST_FINDINGS: Final = 10
"""Of the page, which prints on one sheet; all of them are in the JSON."""
_COUNTS: Final = ("sent", "failed", "dropped", "retried", "limited")
_FACTORS: Final = {
    "started": "second factors started",
    "passed": "second factors passed",
    "wrong": "wrong codes",
    "rejected": "second factors rejected",
    "enrol_started": "enrolments started",
    "enrolled": "enrolments done",
    "enrol_failed": "enrolments failed",
    "codes_limited": "users at the limit of codes",
}
_PICTURE: Final = (
    "Messages by hour and channel, and second factors; the lines below have the sums. Red: hours "
    "of a finding. Grey: not known."
)


def as_document(health: Health, *, language: Language = "en") -> doc.Document:
    """For a person at a terminal: the figures, then what is wrong, and the result last."""
    verdict = doc.Mark.GOOD if health.is_known else doc.Mark.UNKNOWN
    if health.findings:
        verdict = doc.Mark.BAD
    hours = "\n".join(_hours(health))
    blocks: list[doc.Block] = [
        doc.Paragraph((doc.Strong(f"tenant {health.domain}, {_about(health)}"),)),
        *([doc.Verbatim(hours)] if hours else []),
        doc.Entries((*_channels(health), *_reasons(health, (language,)))),
        *(doc.Paragraph((line,)) for line in _facts(health)),
        doc.Entries(
            (
                *_notes(health),
                *(_entry(health, one) for one in health.findings),
                doc.Entry(mark=verdict, line=(doc.Strong(health.summary),)),
            )
        ),
    ]
    return doc.Document("", tuple(blocks))


def as_sheet(health: Health, picture: bytes) -> doc.Document:
    """For a page that prints on one sheet, with a picture of the hours (SVG)."""
    well = "Well" if health.is_known else "Not known"
    title = f"{'Codes may not arrive' if health.findings else well}: {health.domain}"
    blocks: list[doc.Block] = [doc.Paragraph((f"Stack {health.stack}, {_about(health)}.",))]
    if health.findings:
        found = [_entry(health, one) for one in health.findings[:_MOST_FINDINGS]]
        if more := len(health.findings) - len(found):
            found.append(doc.Entry(line=(f"And {more} more.",)))
        blocks.append(doc.Section(f"Findings: {health.likely}", (doc.Entries(tuple(found)),)))
    factors = (f"{words}: {told}" for words, _, told in _factor_rows(health))
    channels = doc.Entries((*_channels(health), doc.Entry(line=("; ".join(factors),))))
    blocks.append(doc.Section("By hour", (doc.Picture(picture, _PICTURE), channels)))
    # Each format that speaks Japanese finds the other language by itself.
    reasons = tuple(_reasons(health, ("en",)))[:_MOST_REASONS]
    if reasons:
        blocks.append(doc.Section("Not sent", (doc.Entries(reasons),)))
    rest = (*(doc.Entry(line=(line,)) for line in _facts(health)), *_notes(health))
    blocks.append(doc.Section("Where to, and what is not known", (doc.Entries(rest),)))
    return doc.Document(title, tuple(blocks))


def as_issue(health: Health) -> doc.Document:
    """For the one issue of a stack: what is wrong, and its reasons in English and Japanese."""
    about = (
        f"`phonemfa health` found this in the log of `{health.domain}` (stack `{health.stack}`). "
        "This text follows it, and the issue is closed when it is over."
    )
    found = {one.subject for one in health.findings if one.rule == "reason"}
    blocks: list[doc.Block] = [
        doc.Paragraph(doc.words(about)),
        doc.Paragraph((f"It looks as if {health.likely}.",)),
        doc.Entries(tuple(_entry(health, one) for one in health.findings)),
        doc.Entries(tuple(_reasons(health, ("en", "ja"), only=found))),
        doc.Entries(tuple(_notes(health))),
        doc.Paragraph(doc.words("`docs/guides/health.md` says what each finding means.")),
    ]
    return doc.Document("", tuple(blocks))


def _about(health: Health) -> str:
    period = health.now.period
    return f"{shown(period.start)} to {shown(period.end)}; in brackets: {health.compared_with}"


def _beside(figures: Iterable[Any]) -> str:
    """The figure of each period: this one's and, where it is known, the earlier one's."""
    now, *earlier = figures
    told = "not known" if now is None else str(now)
    return f"{told} ({earlier[0]})" if earlier and earlier[0] is not None else told


def channels_of(health: Health) -> list[str]:
    """The channels that had anything in either period."""
    return [
        channel
        for channel in CHANNELS
        if any(one.total(name, channel) for name in _COUNTS for one in health.periods)
    ]


def _channels(health: Health) -> Iterator[doc.Entry]:
    for channel in channels_of(health):
        counts = ", ".join(f"{health.now.total(name, channel)} {name}" for name in _COUNTS[1:])
        told = (
            f"{NAMES[channel]}: {_sent(health, channel)} sent; handed over "
            f"{_rate(health, HANDED_OVER, channel)}, user passed {_rate(health, PASSED, channel)}; "
            f"{counts}"
        )
        yield doc.Entry(mark=doc.Mark.NOTE, line=(told,))


def _sent(health: Health, channel: str) -> str:
    return _beside(one.total("sent", channel) for one in health.periods)


def _rate(health: Health, rate: Rate, channel: str) -> str:
    shares = (one.share(rate, channel) for one in health.periods)
    return _beside(None if share is None else f"{100 * share:.1f} %" for share in shares)


def _reasons(
    health: Health, languages: Sequence[Language], *, only: set[str] | None = None
) -> Iterator[doc.Entry]:
    """Why messages were not sent, the most frequent first, with what to do."""
    for name, _ in health.now.reasons().most_common():
        if only is not None and name not in only:
            continue
        count = _beside(one.reasons()[name] for one in health.periods)
        entry = doc.Entry(mark=doc.Mark.NOTE, line=(f"not sent {count}: {reason_text(name)}",))
        if known := BY_ID.get(name):
            means = ((said_in(one, "means"), (said_in(one, known.meaning),)) for one in languages)
            to_do = " ".join(said_in(one, known.action) for one in languages)
            entry = replace(entry, facts=tuple(means), fix=(to_do,))
        yield entry


def _notes(health: Health) -> Iterator[doc.Entry]:
    return (doc.Entry(mark=doc.Mark.UNKNOWN, line=(note,)) for note in health.notes)


def _entry(health: Health, finding: Finding) -> doc.Entry:
    return doc.Entry(
        mark=doc.Mark.BAD,
        line=(doc.Code(finding.id), f"  {finding.what}"),
        facts=(("when", (_when(health, finding),)), ("level", (finding.level,))),
        fix=(finding.help,),
    )


def _when(health: Health, finding: Finding) -> str:
    begin, end = span_of(health.now, finding.hours)
    return f"{'most plainly ' if finding.hours else ''}{shown(begin)} to {shown(end)}"


def _factor_rows(health: Health) -> Iterator[tuple[str, list[int | None], str]]:
    """Counts of second factors that either period has: in words, by hour, and in all."""
    for name, words in _FACTORS.items():
        if any(one.factor_total(name) for one in health.periods):
            totals = _beside(one.factor_total(name) for one in health.periods)
            yield words, health.now.factor_by_hour(name), totals


def _hours(health: Health) -> Iterator[str]:
    """What came by hour, as bars; the names are as wide as the longest."""
    rows = [
        (f"{NAMES[one]} sent", health.now.by_hour("sent", one), _sent(health, one))
        for one in channels_of(health)
    ]
    rows += _factor_rows(health)
    widest = max((len(name) for name, _, _ in rows), default=0)
    for name, hours, told in rows:
        yield f"{name:{widest}} {sparkline(hours)} {told}"


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


def _facts(health: Health) -> Iterator[str]:
    """Countries, ranges, numbers and applications, a line each; where the log begins."""
    now = health.now
    if now.countries:
        yield f"countries: {'; '.join(_country(health, code) for code in sorted(now.countries))}"
    if now.ranges:
        told = [f"{name} {count}" for name, count in now.ranges.most_common()]
        yield f"ranges in Japan: {', '.join(told)}"
    if now.numbers:
        yield f"distinct numbers: {_beside(len(one.numbers) for one in health.periods)}"
    if applications := now.applications():
        told = [f"{one['name'] or one['client_id']} {one['sent']}" for one in applications]
        yield f"applications: {', '.join(told)}"
    begins = shown(health.oldest) if health.oldest is not None else "nowhere: it is empty"
    yield f"the log begins: {begins}; {health.log.read} entries read in {health.requests} requests"


def _country(health: Health, code: str) -> str:
    name, not_sent = code or "no country", health.now.countries[code].not_sent
    if not health.now.numbers:
        # Of numbers that the log hides, those that failed are all it says.
        return f"{name} {not_sent} not sent"
    sent = _beside(
        one.countries[code].sent if code in one.countries else 0 for one in health.periods
    )
    return f"{name} {sent} sent, {not_sent} not"


def as_object(health: Health) -> dict[str, Any]:
    """Everything, by the hour."""
    now, before = health.now, health.before
    then = before.reasons() if before else None
    return {
        "stack": health.stack,
        "domain": health.domain,
        "well": not health.findings,
        "likely": health.likely.name.lower() if health.likely else None,
        "known": health.is_known,
        "period": _period(now),
        "comparedWith": _period(before) if before else None,
        "logBegins": shown(health.oldest) if health.oldest is not None else None,
        "findings": [_finding(health, one) for one in health.findings],
        "notes": health.notes,
        "now": _figures(now),
        "before": _figures(before) if before else None,
        "reasons": [
            {
                "id": name,
                "text": reason_text(name),
                "count": count,
                "before": None if then is None else then[name],
            }
            for name, count in now.reasons().most_common()
        ],
        "levels": health.levels.model_dump(mode="json", by_alias=True),
        "log": vars(health.log),
        "requests": health.requests,
    }


def _period(figures: Figures) -> dict[str, Any]:
    period = figures.period
    return {"from": shown(period.start), "to": shown(period.end), "hours": period.hours}


def _finding(health: Health, one: Finding) -> dict[str, Any]:
    begin, end = span_of(health.now, one.hours)
    names = ("rule", "subject", "what", "level", "help", "alarm")
    told = {name: getattr(one, name) for name in names}
    return {"id": one.id, **told, "from": shown(begin), "to": shown(end)}


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "channels": {
            channel or "unknown": {
                name: figures.by_hour(name, channel) for name in (*_COUNTS, "judged", "arrived")
            }
            for channel in CHANNELS
        },
        "factors": {name: figures.factor_by_hour(name) for name in _FACTORS},
        "countries": {
            code or "none": {
                "sent": one.sent,
                "notSent": one.not_sent,
                "numbers": len(one.numbers),
            }
            for code, one in sorted(figures.countries.items())
        },
        "japaneseRanges": dict(figures.ranges.most_common()),
        "distinctNumbers": len(figures.numbers),
        "hiddenNumbers": figures.total("masked"),
        "applications": figures.applications(),
    }


def read_case(*, error: str = "", output: str = "") -> Case:
    """Whether the log was read, for JUnit; the only case where there is no result."""
    return Case(name="The log was read", error=error, output=output)


def junit_cases(health: Health) -> list[Case]:
    """One case a rule, and whether the log was read."""
    cases = []
    for rule, title in RULES.items():
        found = [one for one in health.findings if one.rule == rule]
        message = "; ".join(one.what for one in found)
        text = "\n".join(
            f"{one.id}: {one.what}\n  {_when(health, one)}; level: {one.level}\n  {one.help}"
            for one in found
        )
        cases.append(Case(name=title, failure=(message, text) if found else None))
    notes = "\n".join(health.notes)
    if health.is_known:
        return [*cases, read_case(output=notes)]
    return [*cases, read_case(error=notes or health.summary)]
