"""What was found, for each format: a document, JSON, JUnit's cases, and the text of the issue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from phonemfa.drift.findings import KINDS, Finding, Level, Repair, drifted
from phonemfa.output.document import (
    Block,
    Code,
    Document,
    Entries,
    Entry,
    Folded,
    Line,
    Mark,
    Paragraph,
    Strong,
    Verbatim,
    words,
)
from phonemfa.output.issues import Issues, Posted
from phonemfa.output.junit import Case
from phonemfa.output.markdown import shortened

LABEL: Final = "phone-mfa-drift"

_TOLD: Final = (
    *("kind", "subject", "level", "what", "expected", "found", "since", "repair", "how"),
    *("recorded", "diff"),
)
"""What JSON has of a finding under the field's own name."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Findings of one stack; or, with `failure`, why there are none to tell."""

    stack: str
    domain: str
    findings: Sequence[Finding] = ()
    compared: int = 0
    failure: str = ""


def as_object(report: Report) -> dict[str, Any]:
    """The report for JSON: `stack`, `domain`, `drift`, `compared`, `findings`."""
    return {
        "stack": report.stack,
        "domain": report.domain,
        "drift": bool(drifted(report.findings)),
        "compared": report.compared,
        "findings": [
            {"id": one.id, **{name: getattr(one, name) for name in _TOLD}, "blocksUp": one.blocks}
            for one in report.findings
        ],
    }


def repair_of(finding: Finding) -> str:
    """What repairs a finding, in one line."""
    way = finding.repair.value
    if finding.repair in {Repair.BY_HAND, Repair.NOTHING}:
        return finding.how or way
    if finding.repair is Repair.UP and finding.recorded:
        way += " (the state says what the tenant has: not applied yet, or refreshed)"
    return f"{way}; {finding.how}" if finding.how else way


def summary(report: Report) -> str:
    """The result in one sentence."""
    drift = len(drifted(report.findings))
    notices = len(report.findings) - drift
    text = f"{drift} drift{'s' * (drift > 1)} of {report.domain} from stack {report.stack}"
    joint = ", "
    if not drift:
        joint = "; "
        text = (
            f"no drift: the tenant {report.domain} is as stack {report.stack} declares it "
            f"({report.compared} resources compared)"
        )
    return f"{text}{joint}{notices} notice{'s' * (notices > 1)}" if notices else text


def as_document(report: Report) -> Document:
    """The report for a person at a terminal: findings with their diffs, and the result last."""
    entries = tuple(
        as_entry(one, (Verbatim(one.diff, "diff"),) if one.diff else ()) for one in report.findings
    )
    mark = Mark.BAD if drifted(report.findings) else Mark.GOOD
    return Document("", (Entries((*entries, Entry(mark=mark, line=(Strong(summary(report)),)))),))


def as_entry(one: Finding, below: tuple[Block, ...] = ()) -> Entry:
    """A finding: what it is, both sides, since when, and what repairs it."""
    since = (one.since[:19].replace("T", " ") + "Z") if one.since else ""
    blocks: Line = (Strong("blocks pulumi up"), ", ") if one.blocks else ()
    return Entry(
        mark=Mark.BAD if one.level is Level.DRIFT else Mark.NOTE,
        line=(Code(one.id), "  ", *blocks, one.what),
        facts=(
            ("declared", (one.expected,)),
            ("in the tenant", (one.found,)),
            *([("since", (since,))] if since else []),
        ),
        fix=words(repair_of(one)),
        below=below,
    )


def cases(report: Report) -> list[Case]:
    """One case a kind, failed where it drifted; of a failed look, one with an error."""
    if report.failure:
        return [Case(name="look", error=report.failure)]
    return [_case(kind, [one for one in report.findings if one.kind == kind]) for kind in KINDS]


def _case(kind: str, findings: Sequence[Finding]) -> Case:
    drift = drifted(findings)
    notices = [one for one in findings if one not in drift]
    message = "; ".join(one.what for one in drift)
    return Case(
        name=kind,
        failure=(message, "\n\n".join(map(_at_length, drift))) if drift else None,
        output="\n\n".join(map(_at_length, notices)),
    )


def _at_length(finding: Finding) -> str:
    lines = [
        f"{finding.id}: {finding.what}",
        f"declared: {finding.expected}",
        f"in the tenant: {finding.found}",
        f"since: {finding.since or 'the tenant does not say'}",
        f"repair: {repair_of(finding)}",
        finding.diff,
    ]
    return "\n".join(lines).rstrip("\n")


def keep_issue(issues: Issues, report: Report) -> list[Posted]:
    """Open, update or close the issue of this stack, and the one that says that nobody can look.

    A look that gave no answer leaves the first as it is: what drifted may drift still. A
    `HostError`: the host refused, or is not reachable.
    """
    stack = report.stack
    marker, blind = f"drift:{stack}", f"drift-unseen:{stack}"
    if report.failure:
        title = f"Drift: the tenant of stack {stack} cannot be looked at"
        return [issues.upsert_issue(blind, label=LABEL, title=title, body=body_of(report))]
    again = f"`phonemfa drift` looks at stack `{stack}` again."
    seen = issues.close_issue(blind, label=LABEL, comment=again)
    if drifted(report.findings):
        title = f"Drift: the tenant of stack {stack} is not what it declares"
        body = body_of(report)
        return [*seen, issues.upsert_issue(marker, label=LABEL, title=title, body=body)]
    gone = f"The drift is gone: {report.domain} is as stack `{stack}` declares it again."
    return [*seen, *issues.close_issue(marker, label=LABEL, comment=gone)]


def body_of(report: Report) -> str:
    """Markdown; the same drift, or the same reason, gives the same text.

    So an issue is only updated when something has changed.
    """
    stack, domain = f"`{report.stack}`", f"`{report.domain}`"
    if report.failure:
        said = (
            f"Nobody knows whether the tenant{f' {domain}' if report.domain else ''} of stack "
            f"{stack} is what it declares: `phonemfa drift` had no answer. This text follows the "
            "reason, and the issue is closed by the next look that has one."
        )
        unseen = Document("", (Paragraph(words(said)), Verbatim(report.failure, "text")))
        return shortened((unseen,))
    introduction = (
        f"{domain} differs from what stack {stack} declares. This text follows the drift, and the "
        "issue is closed when it is gone."
    )
    advice = (
        f"Repair: `python -m phonemfa drift --stack {report.stack} --repair` shows what it will do "
        "and asks. Or change the stack, if the tenant is right."
    )
    short = (
        Paragraph(words(introduction)),
        Entries(tuple(map(as_entry, report.findings))),
        Paragraph(words(advice)),
    )
    diffs = [Folded(one.id, (Verbatim(one.diff, "diff"),)) for one in report.findings if one.diff]
    note = (f"Shortened: python -m phonemfa drift --stack {report.stack} shows all.",)
    documents = (Document("", (*short, *diffs)), Document("", short))
    return shortened(documents, note=note)
