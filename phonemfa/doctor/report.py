"""The doctor's findings as a document, and for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from phonemfa.doctor.findings import Finding, Level, exit_status
from phonemfa.output.document import Document, Entries, Entry, Mark, Paragraph, Strong, words

_MARKS: Final = {
    Level.OK: Mark.GOOD,
    Level.NOTE: Mark.NOTE,
    Level.WARNING: Mark.WARNING,
    Level.UNKNOWN: Mark.UNKNOWN,
    Level.FAULT: Mark.BAD,
}


def as_object(stack: str, domain: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """`stack`, `domain`, `exit`, and `findings`: each `level`, `subject`, `what`, `fix`.

    Levels and subjects are stable (docs/guides/first-tenant.md lists them); the sentences are not.
    """
    return {
        "stack": stack,
        "domain": domain,
        "exit": int(exit_status(findings)),
        "findings": [
            {
                "level": one.level.value,
                "subject": one.subject.value,
                "what": one.what,
                "fix": one.fix,
            }
            for one in findings
        ],
    }


def as_document(stack: str, domain: str, findings: Sequence[Finding]) -> Document:
    """What was found, beneath it what to do, and the answer last."""
    entries = tuple(
        Entry(
            mark=_MARKS[one.level],
            line=(Strong(one.subject), ": ", *words(one.what)),
            fix=words(one.fix) if one.fix else (),
        )
        for one in findings
    )
    end = Paragraph((Strong(summary(findings)),))
    return Document(f"stack {stack}, tenant {domain}", (Entries(entries), end))


def summary(findings: Sequence[Finding]) -> str:
    """The answer in one sentence."""
    count = Counter(one.level for one in findings)
    told = [
        f"{count[level]} {level}{'s' * (count[level] > 1)}"
        for level in (Level.FAULT, Level.WARNING)
        if count[level]
    ]
    if count[Level.UNKNOWN]:
        told.append(f"{count[Level.UNKNOWN]} that could not be looked at")
    if count[Level.FAULT]:
        return f"Not yet: {', '.join(told)}."
    if count[Level.UNKNOWN]:
        return f"No answer: {', '.join(told)}."
    return f"Ready for pulumi up: {', '.join(told) or 'nothing stands in the way'}."
