"""What the doctor says of one thing that it looked at, and how it shows all that it says."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial, wraps
from typing import Any, Final, ParamSpec

from components.tenant.model import Refusal, UnseenError, Why
from phonemfa.exits import Exit
from phonemfa.output.document import (
    Document,
    Entries,
    Entry,
    Mark,
    Paragraph,
    Small,
    Soft,
    Strong,
    words,
)

P = ParamSpec("P")


class Level(StrEnum):
    """How much a finding matters."""

    FAULT = "fault"
    """`pulumi up` would fail, or no code would be sent."""
    UNKNOWN = "unknown"
    """Should have been looked at, and could not be."""
    WARNING = "warning"
    """`pulumi up` works, and does what somebody may not expect."""
    NOTE = "note"
    """Worth knowing; or no read can tell, and where it will show instead."""
    OK = "ok"


class Subject(StrEnum):
    """What is looked at, in the order in which `pulumi up` would meet it."""

    BACKEND = "backend"
    STACK = "stack"
    ENCRYPTION = "encryption"
    PENDING = "pending"
    LOCK = "lock"
    TOKEN = "token"  # noqa: S105 - what is looked at
    SCOPES = "scopes"
    PLAN = "plan"
    RATE_LIMIT = "rate limit"
    GENERATION = "generation"
    ACTION = "action"
    BINDINGS = "bindings"
    PROVIDER = "provider"
    TEMPLATES = "templates"
    TEXTS = "texts"
    POLICY = "policy"
    FACTORS = "factors"
    MFA_SETTINGS = "mfa settings"
    PROTECTION = "protection"
    SENDERS = "senders"
    CPAAS_HOST = "cpaas host"
    CPAAS_KEY = "cpaas key"


NOT_LOOKED_AT: Final = "not looked at: "
"""How a note begins of what, on Pulumi's own side, nobody could expect to be seen from here."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; its subject is that of its check (`about`)."""

    level: Level
    what: str
    fix: str = ""
    subject: str = ""


fault: Final = partial(Finding, Level.FAULT)
unknown: Final = partial(Finding, Level.UNKNOWN)
warning: Final = partial(Finding, Level.WARNING)
note: Final = partial(Finding, Level.NOTE)
ok: Final = partial(Finding, Level.OK)


def about(
    subject: Subject,
) -> Callable[[Callable[P, Iterator[Finding]]], Callable[P, list[Finding]]]:
    """Makes a check of a subject: where it meets something unseen, that is its last finding."""

    def of(check: Callable[P, Iterator[Finding]]) -> Callable[P, list[Finding]]:
        @wraps(check)
        def findings(*args: P.args, **kwargs: P.kwargs) -> list[Finding]:
            found = _as_far_as_seen(check(*args, **kwargs))
            return [replace(one, subject=one.subject or subject) for one in found]

        return findings

    return of


def _as_far_as_seen(findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except UnseenError as error:
        yield from not_looked(error.refusal)


def not_looked(refusal: Refusal | None) -> Iterator[Finding]:
    """That a question has no answer; nothing where it is the plan's, which is told by itself."""
    if refusal is None:
        yield unknown("could not look: the tenant's answer does not say")
    elif refusal.why is not Why.PLAN:
        yield unknown(f"could not look: {reason(refusal)}")


def reason(refusal: Refusal) -> str:
    """Why a question has no answer."""
    return f"needs {refusal.scope}" if refusal.why is Why.SCOPE else refusal.what


def exit_status(findings: Collection[Finding]) -> Exit:
    """1 when something is wrong; else 2 when something could not be looked at; else 0."""
    levels = {one.level for one in findings}
    if Level.FAULT in levels:
        return Exit.FAULTY
    return Exit.UNANSWERED if Level.UNKNOWN in levels else Exit.FINE


def as_object(stack: str, domain: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """`stack`, `domain`, `exit`, and `findings`: each `level`, `subject`, `what`, `fix`.

    Levels and subjects are stable (docs/guides/first-tenant.md lists them); the sentences are not.
    """
    return {
        "stack": stack,
        "domain": domain,
        "exit": int(exit_status(findings)),
        "findings": [
            {"level": one.level, "subject": one.subject, "what": one.what, "fix": one.fix}
            for one in findings
        ],
    }


_MARKS: Final = {
    Level.OK: Mark.GOOD,
    Level.NOTE: Mark.NOTE,
    Level.WARNING: Mark.WARNING,
    Level.UNKNOWN: Mark.UNKNOWN,
    Level.FAULT: Mark.BAD,
}
_FOLDED: Final = {Level.NOTE: "worth knowing", Level.OK: "fine"}
"""Levels of which a short answer has the subjects alone."""


def as_document(
    stack: str, domain: str, findings: Sequence[Finding], *, fold: bool = True
) -> Document:
    """What was found, the worst first, beneath it what to do, and the answer last.

    With `fold`, what needs nobody's attention is only named.
    """
    folded = [one for one in findings if fold and one.level in _FOLDED and not _is_unseen(one)]
    entries = [
        Entry(
            mark=_MARKS[level],
            line=(Strong(one.subject), ": ", *words(one.what)),
            fix=words(one.fix) if one.fix else (),
        )
        for level in Level
        for one in findings
        if one.level is level and one not in folded
    ]
    for level, said in _FOLDED.items():
        if named := dict.fromkeys(one.subject for one in folded if one.level is level):
            entries.append(Entry(mark=_MARKS[level], line=(f"{said}: {', '.join(named)}",)))
    result = Paragraph((Strong(summary(findings)),))
    more = (Small((Soft("--all shows what was seen of the rest."),)),) if folded else ()
    return Document(f"stack {stack}, tenant {domain}", (Entries(tuple(entries)), result, *more))


def _is_unseen(finding: Finding) -> bool:
    """Whether it says that a part of Pulumi's own side was not looked at."""
    return finding.what.startswith(NOT_LOOKED_AT)


def summary(findings: Sequence[Finding]) -> str:
    """The answer in one sentence: "ready" only where everything was looked at."""
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
    unseen = [one.subject for one in findings if _is_unseen(one)]
    if unseen:
        told.append(f"Pulumi's own side was not looked at ({', '.join(unseen)})")
        return f"The tenant is ready: {', '.join(told)}."
    return f"Ready for pulumi up: {', '.join(told) or 'nothing stands in the way'}."
