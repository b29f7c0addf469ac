"""The report as a document, in words: what is told of each environment, most important first."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from components.vocabulary import CHANNEL_NAMES
from phonemfa.output.document import (
    Article,
    Block,
    Code,
    Document,
    Entries,
    Entry,
    Folded,
    Line,
    Mark,
    Paragraph,
    Part,
    Phone,
    Phones,
    Section,
    Small,
    Soft,
    Strong,
    Verbatim,
    codes,
    listed,
)
from phonemfa.output.markdown import shortened
from phonemfa.output.text import cut
from phonemfa.pulumi.preview import Operation
from phonemfa.report.differences import Code as Coded
from phonemfa.report.differences import CodeChange, Difference, Planned
from phonemfa.report.messages import Message, Rendered
from phonemfa.report.risks import Danger, Risk, by_danger
from phonemfa.report.settings import SecretsChange
from phonemfa.report.summary import Environment
from policy.model import Level, Violation

T = TypeVar("T")

MAX_LENGTH: Final = 65_000
"""Of a comment, in UTF-16 units; GitHub takes 65,536 characters, and a marker is added. Its limit
in bytes, 262,144, holds too: no unit has more than three."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of what may be long is shown."""

    diff_lines: int
    line_length: int
    messages: int
    plans_first: bool = True


_PAGE: Final = Room(diff_lines=5_000, line_length=100_000, messages=10_000)
_COMMENT: Final = Room(diff_lines=200, line_length=500, messages=40)
_CUT: Final = replace(_COMMENT, plans_first=False)
"""Of a comment that loses its end: what many environments do must not push out a risk of one."""
_MOST_NAMES: Final = 30
"""In one sentence."""
_SENTENCE: Final = 600
"""Characters of one that others wrote: an engine, a rule."""
_WORDS: Final = {
    Operation.CREATE: ("create", "Creates"),
    Operation.IMPORT: ("import", "Imports"),
    Operation.UPDATE: ("update", "Updates"),
    Operation.REPLACE: ("replacement", "Replaces"),
    Operation.DELETE: ("delete", "Deletes"),
}

_STAND_IN: Final = (
    "Made with an auth0 plugin that is not the released one: the sandbox's, or one that you put on "
    "PATH."
)
_SAMPLES: Final = "Messages show sample values of realistic length. Secrets are never looked at."


def as_comment(environments: Sequence[Environment], *, whole: Line, preface: str = "") -> str:
    """The report as Markdown, within `MAX_LENGTH`.

    What is left out is in the `whole` report; the `preface` is said before all else.
    """
    note = (Strong("Shortened"), " to fit into a comment; the whole is in ", *whole, ".")
    documents = (as_document(environments, room, preface=preface) for room in (_COMMENT, _CUT))
    return shortened(documents, note=note, limit=MAX_LENGTH)


def as_document(
    environments: Sequence[Environment], room: Room = _PAGE, *, preface: str = ""
) -> Document:
    """The report with as much of the long parts as there is room for."""
    title = f"Phone MFA: {_headline(environments)}"
    first = (Paragraph((Strong(preface),)),) if preface else ()
    return Document(title, (*first, *_blocks(environments, room)))


def _blocks(environments: Sequence[Environment], room: Room) -> Iterator[Block]:
    loud = [one for one in environments if not one.quiet]
    if room.plans_first:
        yield from _plans(environments)
    changing = [one for one in loud if one.changes]
    # What may be long stands last: a comment loses its end.
    sections: dict[str, Iterator[Block]] = {
        "Risks": _entries(loud, lambda one: one.risks, _risk, order=by_danger),
        "Rules that this change relaxes": _entries(loud, lambda one: one.relaxed, _relaxed),
        "Policy rules that are broken": _entries(loud, _broken, _violation, order=_is_advisory),
        "Who is touched": _entries(loud, lambda one: one.differences, _difference),
        "The Action's secrets": _entries(changing, lambda one: one.secrets, _secrets),
        "What could not be compared": _entries(loud, lambda one: one.not_compared, _sentence),
        "Warnings": _entries(loud, lambda one: one.warnings, partial(_sentence, mark=Mark.WARNING)),
        "What is done": iter(()) if room.plans_first else _plans(environments),
        "Messages, as users get them": _messages(changing, room),
        "The Action's code": _codes(changing, room),
    }
    for title, blocks in sections.items():
        if found := tuple(blocks):
            yield Section(title, found)
    remarks = [_SAMPLES] if changing else []
    if any(one.foreign_plugin for one in loud):
        remarks.append(_STAND_IN)
    if remarks:
        yield Small((" ".join(remarks),))


def _together(
    environments: Iterable[Environment], parts: Callable[[Environment], Iterable[T]]
) -> list[tuple[T, Line]]:
    """Equal parts of several environments once, each with the stacks it belongs to."""
    found: dict[T, list[str]] = {}
    for one in environments:
        for part in parts(one):
            found.setdefault(part, []).append(one.stack)
    return [(part, codes(dict.fromkeys(stacks))) for part, stacks in found.items()]


def _entries(
    environments: Iterable[Environment],
    parts: Callable[[Environment], Iterable[T]],
    entry: Callable[[T, Line], Entry],
    *,
    order: Callable[[T], int] = lambda _: 0,
) -> Iterator[Block]:
    """One entry a part, in an `order` of their own whichever environment they are of."""
    found = sorted(_together(environments, parts), key=lambda each: order(each[0]))
    if found:
        yield Entries(tuple(entry(one, where) for one, where in found))


def _plans(environments: Iterable[Environment]) -> Iterator[Block]:
    for one in environments:
        line: Line = (Code(one.stack), ": ")
        if one.failure:
            yield Paragraph((*line, Strong("no preview"), "."))
            yield Verbatim(one.failure)
        elif one.planned:
            yield Paragraph((*line, *_planned(one.planned)))
        elif not one.quiet:
            where = " in the tenant" if one.differences else ""
            yield Paragraph((*line, f"nothing changes{where}."))
    still = [one.stack for one in environments if one.quiet]
    if still:
        yield Paragraph(("Nothing changes in ", *codes(still, most=_MOST_NAMES), "."))


def _planned(planned: Sequence[Planned]) -> Line:
    line: Line = (Strong(f"{_counted(planned)}."),)
    for operation, (_, verb) in _WORDS.items():
        steps = [_plan(step) for step in planned if step.operation is operation]
        if steps:
            line = (*line, f" {verb} ", *listed(steps, most=_MOST_NAMES), ".")
    return line


def _plan(step: Planned) -> Line:
    name: Line = (" ", Code(step.name)) if step.name else ()
    parts = f" ({', '.join(step.parts)})" if step.parts else ""
    return (step.kind, *name, parts)


def _risk(one: Risk, where: Line) -> Entry:
    subjects: Line = (" ", *codes(one.subjects, most=_MOST_NAMES), ".") if one.subjects else ()
    return Entry(
        mark=Mark.WARNING if one.danger is Danger.WARNING else Mark.BAD,
        line=(Strong(one.title), ", ", *where, f": {one.what}", *subjects),
        fix=(f"{one.fix}.",) if one.fix else (),
    )


def _relaxed(one: str, where: Line) -> Entry:
    return Entry(mark=Mark.WARNING, line=(*where, ": ", Code(one)))


def _broken(environment: Environment) -> Iterator[Violation]:
    # What is said of several resources in the same words is said once.
    return (replace(one, urn="") for one in environment.violations)


def _is_advisory(violation: Violation) -> bool:
    return violation.enforcement is not Level.MANDATORY


def _violation(one: Violation, where: Line) -> Entry:
    how = f" ({one.enforcement.value}), "
    return Entry(
        mark=Mark.WARNING if _is_advisory(one) else Mark.BAD,
        line=(Code(one.rule), how, *where, f": {cut(one.message, _SENTENCE)}"),
        fix=(f"{cut(one.fix, _SENTENCE).rstrip('.')}.",) if one.fix else (),
    )


def _difference(one: Difference, where: Line) -> Entry:
    before, after = (
        Code(value) if value is not None else Soft("none") for value in (one.before, one.after)
    )
    worth: Line = (" ", Soft(f"({one.before_is})")) if one.before_is else ()
    meaning = f" ({one.meaning})" if one.meaning else ""
    line = (*where, ": ", Strong(one.subject), " ", before, *worth, " → ", after, meaning)
    return Entry(line=line)


def _messages(environments: Sequence[Environment], room: Room) -> Iterator[Block]:
    every = _together(environments, lambda one: one.messages)
    changed = [each for each in every if each[0].changed]
    for one, where in changed[: room.messages]:
        yield _message(one, where)
    left = len(changed) - room.messages
    if left > 0:
        yield Paragraph((f"… and {several(left, 'more changed message')} not shown here.",))
    same = tuple(
        Entry(line=(Code(one.kind), f" {_channel(one)}: ", *_about(one.after), " (", *where, ")"))
        for one, where in every
        if one.after and not one.changed
    )
    if changed and same:
        yield Folded(f"{several(len(same), 'message')} unchanged", (Entries(same),))


def _message(one: Message, where: Line) -> Article:
    sender: Line = (" from ", Code(one.sender)) if one.sender else ()
    title: Line = (Code(one.kind), ", ", Strong(_channel(one)), *sender, " (", *where, ")")
    if one.only_the_template and one.before and one.after:
        told = "Reads the same with the sample values; the template is another. Before:"
        before, after = Verbatim(one.before.template), Verbatim(one.after.template)
        return Article(title, (Paragraph((told,)), before, Paragraph(("After:",)), after))
    grew: Line = ("; ", Strong("more parts than before")) if one.parts[1] > one.parts[0] else ()
    phones = (
        _phone("Before", one, one.before, nothing="no text of this stack"),
        _phone("After", one, one.after, *grew, nothing="Auth0's own text, or nothing"),
    )
    return Article(title, (Phones(phones),))


def _phone(label: str, message: Message, one: Rendered | None, *more: Part, nothing: str) -> Phone:
    if one is None:
        return Phone(label=label, below=nothing)
    return Phone(
        label=label,
        about=(*_about(one), *more),
        channel=message.channel,
        sender=message.sender,
        text=one.text,
        below=several(one.size.parts, "part") if one.size else "voice call · what is read out",
    )


def _about(one: Rendered) -> Line:
    repeated = "; the Action adds a sentence that says the code again" if one.repeats else ""
    problem: Line = ("; ", Strong(one.problem)) if one.problem else ()
    return (f"{size(one)}{repeated}", *problem)


def _codes(environments: Sequence[Environment], room: Room) -> Iterator[Block]:
    for change, where in _together(environments, lambda one: one.code):
        yield Article((Code(change.action), " (", *where, ")"), tuple(_code(change, room)))


def _code(change: CodeChange, room: Room) -> Iterator[Block]:
    if not change.lines:
        for label, code in (("Before: ", change.before), ("After: ", change.after)):
            if code:
                whose = "the package's" if code.ours else "not the package's, and so not shown"
                told = f"{several(code.lines, 'line')}, {whose}"
                yield Paragraph((label, told, *_digest(code)))
        return
    count = f"+{change.count('+')} −{change.count('-')} lines"
    yield Paragraph((count, *_digest(change.after)))
    lines = "\n".join(cut(one, room.line_length) for one in change.lines[: room.diff_lines])
    blocks: list[Block] = [Verbatim(lines, "diff")]
    left = len(change.lines) - room.diff_lines
    if left > 0:
        blocks.append(Paragraph((f"… and {left} more lines of this diff.",)))
    yield Folded("Unified diff", tuple(blocks))


def _digest(code: Coded | None) -> Line:
    return (", SHA-256 ", Code(code.digest)) if code else ()


def _secrets(one: SecretsChange, where: Line) -> Entry:
    told = f": the Action's secrets change; {one.known.value}"
    return Entry(line=(*where, ", ", Code(one.action), told))


def _sentence(one: str, where: Line, mark: Mark | None = None) -> Entry:
    return Entry(mark=mark, line=(*where, f": {cut(one, _SENTENCE)}"))


def _counted(planned: Sequence[Planned]) -> str:
    """How much happens: `2 updates, 1 delete`."""
    counts = Counter(one.operation for one in planned)
    return ", ".join(several(counts[one], noun) for one, (noun, _) in _WORDS.items() if counts[one])


def several(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def size(rendered: Rendered) -> str:
    """How long a text is on a phone."""
    units = f"{rendered.units} UTF-16 units"
    if rendered.size is None:
        return units
    encoding = rendered.size.encoding
    packed = f" ({rendered.size.units} in {encoding})" if encoding == "GSM-7" else ""
    return f"{units}{packed}, {several(rendered.size.parts, 'part')}"


def _channel(message: Message) -> str:
    """Which channel a message goes by, and whether it is open."""
    name = CHANNEL_NAMES[message.channel]
    return name if message.sent else f"{name}, not sent: the channel is closed"


def _headline(environments: Sequence[Environment]) -> str:
    """The report in one line."""
    if any(one.failure for one in environments):
        return "not every preview could be made"
    changing = [one for one in environments if one.changes]
    if not changing:
        return "nothing changes"
    total = _counted([step for one in changing for step in one.planned])
    return f"{total or 'settings of Pulumi alone'} in {several(len(changing), 'environment')}"
