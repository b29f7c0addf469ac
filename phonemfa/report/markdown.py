"""The report as one Markdown comment.

Owns its sections, and shortening them until the comment fits. Refuses raw text of other people:
everything of theirs goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phonemfa.report import wording
from phonemfa.report.code import CodeChange
from phonemfa.report.differences import Planned
from phonemfa.report.escape import fence, prose, span, spans
from phonemfa.report.messages import Message, Rendered
from phonemfa.report.risks import Danger, Risk
from phonemfa.report.summary import Environment, together
from phonemfa.shown import encodable
from policy.model import Level, Violation

MAX_LENGTH: Final = 65_000
"""Of a comment, in UTF-16 units; GitHub takes 65,536 characters, and a marker is added."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of what may be long is shown."""

    diff_lines: int
    messages: int
    unchanged: bool


_ROOMS: Final = (
    Room(diff_lines=500, messages=40, unchanged=True),
    Room(diff_lines=150, messages=40, unchanged=False),
    Room(diff_lines=40, messages=12, unchanged=False),
    Room(diff_lines=0, messages=0, unchanged=False),
)
_MOST_LISTED: Final = 30
"""Entries of any other list."""


def as_markdown(environments: Sequence[Environment], *, whole: str, limit: int = MAX_LENGTH) -> str:
    """The report, within `limit` UTF-16 units.

    Args:
        environments: in the order in which they are shown.
        whole: where the unshortened report is, as Markdown; shown when something was left out.
        limit: at least 1,000.
    """
    blocks: list[str] = []
    for room in _ROOMS:
        blocks = list(_blocks(environments, room))
        # The largest room cuts diffs of thousands of lines, which each block tells by itself.
        note = [] if room is _ROOMS[0] else [_shortened(whole)]
        text = "\n\n".join([*blocks, *note])
        if _length(text) <= limit:
            return encodable(text) + "\n"
    return encodable(_fitting(blocks, _shortened(whole), limit)) + "\n"


def _shortened(whole: str) -> str:
    return f"**Shortened** to fit into a comment; the whole is in {whole}."


def _fitting(blocks: Sequence[str], note: str, limit: int) -> str:
    # Each block stands alone and the most important ones come first.
    kept, left = [], limit - _length(note) - 2
    for block in blocks:
        left -= _length(block) + 2
        if left < 0:
            break
        kept.append(block)
    return "\n\n".join([*kept, note])


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _blocks(environments: Sequence[Environment], room: Room) -> Iterator[str]:
    yield f"## Phone MFA: {wording.headline(environments)}"
    loud = [one for one in environments if not one.quiet]
    yield from (_environment(one) for one in loud)
    still = [one.stack for one in environments if one.quiet]
    if still:
        yield f"Nothing changes in {_listed([span(one) for one in still])}."
    if not loud:
        return
    yield from _section("Risks", _risks(loud))
    yield from _section("Policy rules that are broken", _violations(loud))
    yield from _section("Who is touched", _differences(loud))
    changing = [one for one in loud if one.changes]
    yield from _messages(changing, room)
    yield from _codes(changing, room)
    yield from _section("The Action's secrets", _secrets(changing))
    yield from _section("What could not be compared", _not_compared(loud))
    yield from _section("Warnings of the program", _warnings(loud))
    yield from _footer(loud)


def _section(title: str, entries: Iterator[str]) -> Iterator[str]:
    lines = [f"- {one}" for one in entries]
    if lines:
        yield f"### {title}"
        # One block each: what does not fit is left out at an entry's end.
        yield "\n".join(_bounded(lines))


def _bounded(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_LISTED
    return [*lines[:_MOST_LISTED], f"- … and {more} more"] if more > 0 else lines


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_LISTED
    return ", ".join([*names[:_MOST_LISTED], f"{more} more"] if more > 0 else names)


def _environment(one: Environment) -> str:
    if one.failure:
        return f"**{span(one.stack)}**: no preview.\n\n{fence(one.failure)}"
    if not one.planned:
        what = "nothing changes in the tenant" if one.differences else "nothing changes"
        return f"**{span(one.stack)}**: {what}."
    verbs = [
        f"{verb} {_listed([_plan(step) for step in one.planned if step.operation is operation])}."
        for operation, verb in wording.VERBS.items()
        if any(step.operation is operation for step in one.planned)
    ]
    return f"**{span(one.stack)}: {wording.counted(one.planned)}.** {' '.join(verbs)}"


def _plan(step: Planned) -> str:
    name = f" {span(step.name)}" if step.name else ""
    parts = f" ({', '.join(step.parts)})" if step.parts else ""
    return f"{step.kind}{name}{parts}"


def _risks(environments: Sequence[Environment]) -> Iterator[str]:
    for risk, stacks in together(environments, lambda one: one.risks):
        yield f"{_mark(risk)}, {spans(stacks)}: {risk.what}{_subjects(risk)}{_fix(risk.fix)}"


def _mark(risk: Risk) -> str:
    return f"{'🛑' if risk.danger is Danger.LOCKOUT else '⚠️'} **{risk.title}**"


def _subjects(risk: Risk) -> str:
    return f" {_listed([span(one) for one in risk.subjects])}." if risk.subjects else ""


def _fix(fix: str) -> str:
    return f" *To do:* {fix}." if fix else ""


def _violations(environments: Sequence[Environment]) -> Iterator[str]:
    found = together(
        environments,
        lambda one: one.violations,
        lambda one: (one.rule, one.message, one.fix, one.enforcement),
    )
    for violation, stacks in sorted(
        found, key=lambda one: one[0].enforcement is not Level.MANDATORY
    ):
        yield _violation(violation, stacks)


def _violation(violation: Violation, stacks: list[str]) -> str:
    mark = "⛔" if violation.enforcement is Level.MANDATORY else "⚠️"
    return (
        f"{mark} {span(violation.rule)} ({violation.enforcement.value}), {spans(stacks)}: "
        f"{prose(violation.message[:600])}{_fix(prose(violation.fix[:300].rstrip('.')))}"
    )


def _differences(environments: Sequence[Environment]) -> Iterator[str]:
    for one, stacks in together(environments, lambda each: each.differences):
        meaning = f" ({one.meaning})" if one.meaning else ""
        worth = f" *({one.before_is})*" if one.before_is else ""
        change = f"{_value(one.before)}{worth} → {_value(one.after)}"
        yield f"{spans(stacks)}: **{prose(one.subject)}** {change}{meaning}"


def _value(value: str | None) -> str:
    return span(value) if value is not None else "*none*"


def _messages(environments: Sequence[Environment], room: Room) -> Iterator[str]:
    changed = together(environments, lambda one: one.changed_messages)
    if changed:
        yield "### Messages, as users get them"
        yield from (_message(one, stacks) for one, stacks in changed[: room.messages])
        left = len(changed) - room.messages
        if left > 0:
            yield f"… and {wording.several(left, 'more changed message')} not shown here."
    same = [
        f"- {span(one.kind)} {wording.channel(one)}: {wording.size(one.after)} ({spans(stacks)})"
        for one, stacks in together(
            environments, lambda each: (one for one in each.messages if not one.changed)
        )
        if one.after
    ]
    if same and room.unchanged:
        title = f"{wording.several(len(same), 'message')} unchanged"
        yield _folded(title, "\n".join(_bounded(same)))


def _message(one: Message, stacks: list[str]) -> str:
    sender = f" from {span(one.sender)}" if one.sender else ""
    parts = [f"**{span(one.kind)}, {wording.channel(one)}**{sender} ({spans(stacks)})"]
    if one.only_the_template and one.before and one.after:
        parts.append("Reads the same with the sample values; the template is another. Before:")
        parts.append(f"{fence(one.before.template)}\n\nAfter:\n{fence(one.after.template)}")
        return "\n\n".join(parts)
    if one.before:
        parts.append(f"Before ({_about(one.before)}):\n{fence(one.before.text)}")
    if one.after:
        more = "; **more parts than before**" if wording.grew(one) else ""
        parts.append(f"After ({_about(one.after)}{more}):\n{fence(one.after.text)}")
    else:
        parts.append("After: Auth0's own text, or nothing.")
    return "\n\n".join(parts)


def _about(one: Rendered) -> str:
    repeated = f"; {wording.REPEATED}" if one.repeats else ""
    return wording.size(one) + repeated + (f"; **{prose(one.problem)}**" if one.problem else "")


def _codes(environments: Sequence[Environment], room: Room) -> Iterator[str]:
    found = together(environments, lambda one: one.code)
    if found:
        yield "### The Action's code"
        yield from (_code(change, stacks, room) for change, stacks in found)


def _code(change: CodeChange, stacks: list[str], room: Room) -> str:
    name, short = span(change.action), change.digest[:12]
    if not change.lines:
        count = wording.several(change.added or change.removed, "line")
        return f"{name} ({spans(stacks)}): {change.what}, {count}, SHA-256 `{short}…`."
    about = f"{name} ({spans(stacks)}): +{change.added} −{change.removed} lines, SHA-256 `{short}…`"
    if not room.diff_lines:
        return f"{about}; the diff is not shown here."
    shown = change.lines[: room.diff_lines]
    body = fence("\n".join(line[:500] for line in shown), "diff")
    if len(change.lines) > len(shown):
        body += f"\n\n… and {len(change.lines) - len(shown)} more lines of this diff."
    return f"{about}.\n\n{_folded('Unified diff', body)}"


def _folded(title: str, body: str) -> str:
    # The empty lines are what makes GitHub read Markdown inside of HTML.
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _secrets(environments: Sequence[Environment]) -> Iterator[str]:
    for one, stacks in together(environments, lambda each: each.secrets):
        yield f"{spans(stacks)}, {span(one.action)}: {wording.secrets(one)}"


def _not_compared(environments: Sequence[Environment]) -> Iterator[str]:
    for sentence, stacks in together(environments, lambda one: one.not_compared):
        yield f"{spans(stacks)}: {prose(sentence[:600])}"


def _warnings(environments: Sequence[Environment]) -> Iterator[str]:
    for warning, stacks in together(environments, lambda one: one.warnings):
        yield f"{spans(stacks)}: {prose(warning[:600])}"


def _footer(environments: Sequence[Environment]) -> Iterator[str]:
    stand_in = [wording.STAND_IN] if any(one.foreign_plugin for one in environments) else []
    samples = [wording.SAMPLES] if any(one.changes for one in environments) else []
    if stand_in or samples:
        yield f"<sub>{' '.join([*samples, *stand_in])}</sub>"
