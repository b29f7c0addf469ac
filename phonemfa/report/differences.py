"""What changes for users and operators, what the engine will do, and what cannot be compared.

Settings come from the component (`settings`), the rest from the two sides of the resources.
Whether a difference is dangerous says `risks`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from components.action_code import is_assembled
from components.settings.words import meaning, subject, value_in_words, words
from components.tenant import trigger
from components.tenant.action import Action
from components.tenant.guardian import OTHER_FACTORS, Guardian
from components.tenant.model import Part, at, known, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate, kind_of
from components.tenant.snapshot import MODELS
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import CHANNEL_NAMES, Experience
from phonemfa.output.text import cut, unified_diff
from phonemfa.pulumi.preview import Operation, Step
from phonemfa.report.change import Change, Side
from phonemfa.report.settings import ASKED_ONLY, Settings

_NAMES: Final = {
    PhoneProvider.TOKEN: "the phone provider",
    Guardian.TOKEN: "factor and policy",
    TenantSettings.TOKEN: "the tenant's switches",
    trigger.TOKEN: "the Action's binding",
    trigger.TOKEN_OF_ALL: "the bindings of a trigger",
}
_PART_NAMES: Final = {
    "deployed": "deployment",
    "voice": "text",
    "sender": "text",
    "disabled": "switch",
    "phone_enabled": "phone factor",
    "selected_provider": "phone factor",
    "mfa_in_actions": "MFA in Actions",
}
"""Parts of the models that no setting names, where their field's name is not their word."""
_LONGEST_SUBJECT: Final = 120
"""Characters: a preview may come from anywhere, and the keys in it with it."""
FACTOR: Final = "other factor "
_AGAIN: Final = "nothing differs: written once more"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that users or operators notice. None: not there, or not known before.

    `meaning` says what the new value does; empty where the value says it. `before_is` says what
    the value before is worth, where it is not what the tenant has.
    """

    subject: str
    """Ours, but for keys inside of a setting: each format escapes it."""
    before: str | None
    after: str | None
    meaning: str = ""
    before_is: str = ""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One thing that the engine will do. `name` is other people's text; `kind` is ours."""

    operation: Operation
    kind: str
    name: str
    parts: tuple[str, ...] = ()


def named(step: Step) -> tuple[str, str]:
    """What a resource is, in our words, and other people's name of it where there are several."""
    there = step.will or step.was
    if step.type == Action.TOKEN:
        return "the Action", known(there.name, step.name)
    if step.type == PhoneTemplate.TOKEN:
        kind = kind_of(step.new or step.old)
        return "the text", kind if isinstance(kind, str) else step.name
    if step.type in _NAMES:
        # The tenant cannot be without them, so that Pulumi only forgets them.
        kept = step.type == TenantSettings.TOKEN and step.operation is Operation.DELETE
        name = _NAMES[step.type]
        return f"Pulumi's record of {name}, which stay as they are" if kept else name, ""
    return "a resource that is no part of phone MFA:", f"{step.type} {step.name}"


def planned(steps: Iterable[Step]) -> Iterator[Planned]:
    """What the engine will do, in its own order."""
    for step in steps:
        if step.operation is not Operation.SAME:
            kind, name = named(step)
            parts: tuple[str, ...] = ()
            if step.operation is Operation.UPDATE:
                differing = [words for words, path in _parts(step) if step.differs(path)]
                parts = tuple(dict.fromkeys(differing)) if step.paths else (_AGAIN,)
            yield Planned(operation=step.operation, kind=kind, name=name, parts=parts)


def _parts(step: Step) -> Iterator[tuple[str, str]]:
    """The parts that a resource's model has, in our words, and where they stand."""
    found = MODELS.get(step.type)
    if found:
        yield from ((_words(one), one.pulumi) for one in found.PARTS if one.pulumi)
        if hidden := getattr(found, "HIDDEN", ""):
            yield hidden, hidden


def _words(part: Part) -> str:
    key, *members = part.setting.split(".")
    if not key:
        return _PART_NAMES.get(part.field, part.field)
    return subject(key) if words(key).as_one else subject(key, *members)


def unseen(step: Step) -> Iterator[str]:
    """Each changing part of which a side cannot be seen, in a sentence.

    An Action's secrets and settings have sentences of their own (`settings`).
    """
    if step.operation in {Operation.SAME, Operation.DELETE}:
        return
    # Without paths the engine does not say what differs: then nothing rules a difference out.
    told = step.operation is Operation.UPDATE and bool(step.paths)
    hidden = [
        words
        for words, path in _parts(step)
        if step.hides(path)
        and (step.differs(path) if told else path != PhoneProvider.HIDDEN)
        and path != Action.HIDDEN
    ]
    for part in dict.fromkeys(hidden):
        yield (
            f"The {part} of {' '.join(named(step)).strip()} cannot be seen (a secret, or known "
            "only after the apply), and was not compared."
        )


def differences(change: Change) -> tuple[Difference, ...]:
    """What changes, who is asked for a code first.

    What the resources say too is told once. Where they say otherwise, because the tenant was
    changed by hand or a run did not finish, both are told.
    """
    resources = list(_of_resources(change))
    found: list[Difference] = []
    for one in _of_settings(change.settings):
        same = [
            each
            for each in resources
            if (each.subject, each.after) == (one.subject, one.after)
            # Factors that a stack did not name were left as the tenant has them.
            and one.before in {None, each.before}
            and not one.before_is
        ]
        resources = [each for each in resources if each not in same]
        found += same[:1] or [one]
    twice = {one.subject for one in found}
    for one in resources:
        again = ", as Pulumi's state has it" if one.subject in twice else ""
        found.append(replace(one, subject=f"{one.subject}{again}"))
    return tuple(sorted(found, key=lambda one: not one.subject.startswith("policy")))


def _of_settings(settings: tuple[Settings, ...]) -> Iterator[Difference]:
    for one in settings:
        # With several components in a program each is named.
        whose = f" of {one.component}" if len(settings) > 1 else ""
        before_is = ASKED_ONLY if one.asked_only else ""
        for each in one.changed:
            yield Difference(
                subject=f"{cut(subject(each.key, *each.members), _LONGEST_SUBJECT)}{whose}",
                before=value_in_words(each.key, each.before),
                after=value_in_words(each.key, each.after),
                meaning=meaning(each.key, each.after),
                before_is=before_is if each.before is not None else "",
            )


def _of_resources(change: Change) -> Iterator[Difference]:
    for what, told in _OF_A_SIDE.items():
        yield from _differ(what, told(change.before), told(change.after))
    yield from _other_factors(change.steps)
    yield from _actions(change)


def _differ(what: str, before: str | None, after: str | None) -> Iterator[Difference]:
    if before != after:
        yield Difference(subject=what, before=before, after=after, meaning=meaning(what, after))


def _on_off(value: Any) -> str | None:
    return ("on" if value else "off") if isinstance(value, bool) else None


def _provider(side: Side) -> str | None:
    if side.provider:
        off = ", switched off" if side.provider.disabled is True else ""
        return f"{known(side.provider.name, 'unnamed')}{off}"
    selected = side.tenant.guardian.selected_provider
    is_told = side.experience is Experience.LEGACY and isinstance(selected, str)
    return str(selected) if is_told else None


_OF_A_SIDE: Final[Mapping[str, Callable[[Side], str | None]]] = {
    "policy": lambda side: side.policy,
    "phone experience": lambda side: side.experience,
    "phone factor": lambda side: _on_off(side.tenant.guardian.phone_enabled),
    "phone provider": _provider,
    "channels": lambda side: ", ".join(CHANNEL_NAMES[one] for one in side.channels) or None,
    "bound triggers": lambda side: (
        ", ".join(sorted({one.trigger for one in seen(side.tenant.bindings)})) or None
    ),
    "protection against deletion": lambda side: _on_off(side.protected),
}


def _other_factors(steps: tuple[Step, ...]) -> Iterator[Difference]:
    for step in steps:
        if step.type != Guardian.TOKEN or step.will is None:
            continue
        was: dict[str, bool] = step.was.other_factors if step.was else {}
        for part in OTHER_FACTORS:
            # A new factor's resource tells those alone that the program names.
            news = part.field in was or (not step.was and at(step.new, part.pulumi) is not None)
            if news and part.field in step.will.other_factors:
                yield from _differ(
                    f"{FACTOR}{part.field}",
                    _on_off(was.get(part.field)),
                    _on_off(step.will.other_factors[part.field]),
                )


def _actions(change: Change) -> Iterator[Difference]:
    for step in change.actions():
        if step.was and step.will:
            for name in ("name", "runtime", "trigger"):
                sides = [getattr(one, name) for one in (step.was, step.will)]
                if all(isinstance(one, str) for one in sides):
                    yield from _differ(f"the Action's {name}", *sides)


@dataclass(frozen=True, kw_only=True)
class Code:
    """One side of a change of code, by what may be told of every code."""

    lines: int
    digest: str
    """SHA-256, hexadecimal."""
    ours: bool
    """Whether some version of this package made it, and nobody has edited it."""


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """The code of one Action; a side is None where there is none.

    `lines` is the unified diff; empty unless the code on both sides is ours. Code that somebody
    wrote or edited by hand may hold a key: of it only length and hash are told.
    """

    action: str
    before: Code | None
    after: Code | None
    lines: tuple[str, ...] = ()

    def count(self, sign: str) -> int:
        """How many lines of the diff are new (`+`), or go (`-`)."""
        # The first two lines are the headings.
        return sum(line.startswith(sign) for line in self.lines[2:])


def code_changes(change: Change) -> Iterator[CodeChange]:
    """Every Action whose code will be another."""
    for step in sorted(change.actions(), key=lambda one: one.name):
        sides = [one and one.code for one in (step.was, step.will)]
        if sides[0] == sides[1] or any(one and not isinstance(one, str) for one in sides):
            continue  # Hidden, or known after the apply: `unseen` says so.
        before, after = (_code(one) for one in sides)
        ours = before and after and before.ours and after.ours
        yield CodeChange(
            action=known((step.will or step.was).name, step.name),
            before=before,
            after=after,
            lines=tuple(unified_diff(*sides, names=("before", "after"))) if ours else (),
        )


def _code(code: Any) -> Code | None:
    if not isinstance(code, str):
        return None
    return Code(
        lines=code.count("\n") + 1 if code else 0,
        digest=sha256(code.encode("utf-8", "replace")).hexdigest(),
        ours=is_assembled(code),
    )
