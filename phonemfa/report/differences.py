"""What changes for users and operators, and what the engine will do, in plain words.

Settings come from the component (`settings`), the rest from the two sides of the resources.
Whether a difference is dangerous says `risks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from components.settings.words import (
    ASKED,
    CHANNEL_NAMES,
    OTHER_FACTORS,
    subject,
    value_in_words,
    words,
)
from components.vocabulary import Experience
from phonemfa.report.facts import ActionFacts, Facts
from phonemfa.report.preview import Operation, Step, at
from phonemfa.report.settings import ASKED_ONLY, Settings, Source
from phonemfa.shown import cut
from policy.resource_types import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    TEMPLATE,
    TENANT,
    TRIGGER_ACTION,
    TRIGGER_ACTIONS,
)

_NAMES: Final = {
    PROVIDER: "the phone provider",
    GUARDIAN: "factor and policy",
    TENANT: "the tenant's phone experience",
    TRIGGER_ACTION: "the Action's binding",
    TRIGGER_ACTIONS: "the bindings of a trigger",
}
_PROPERTY_NAMES: Final = {
    "code": "code",
    "secrets": "secrets",
    "runtime": "runtime",
    "name": "name",
    "deploy": "deployment",
    "content": "text",
    "disabled": "switch",
    "configuration": "channels",
    "policy": "policy",
    "phone": "phone factor",
}
_LONGEST_SUBJECT: Final = 120
"""Characters: a preview may come from anywhere, and the keys in it with it."""
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


def planned(steps: tuple[Step, ...]) -> tuple[Planned, ...]:
    """What the engine will do, in its own order."""
    return tuple(_planned(step) for step in steps if step.operation is not Operation.SAME)


def named(step: Step) -> tuple[str, str]:
    """What a resource is, in our words, and other people's name of it where there are several."""
    there = step.new or step.old
    if step.type == ACTION:
        return "the Action", _shown_name(there.get("name"), step)
    if step.type == TEMPLATE:
        return "the text", _shown_name(there.get("type"), step)
    if step.type in _NAMES:
        return _NAMES[step.type], ""
    return "a resource that is no part of phone MFA:", f"{step.type} {step.name}"


def _shown_name(name: Any, step: Step) -> str:
    return name if isinstance(name, str) else step.name


def _planned(step: Step) -> Planned:
    kind, name = named(step)
    tops = {path.partition(".")[0].partition("[")[0] for path in step.paths}
    known = [words for key, words in _PROPERTY_NAMES.items() if key in tops]
    known += [name for key, name in OTHER_FACTORS.items() if key in tops]
    if not step.paths:
        known = [_AGAIN]
    parts = tuple(known) if step.operation is Operation.UPDATE else ()
    return Planned(operation=step.operation, kind=kind, name=name, parts=parts)


def differences(
    before: Facts,
    after: Facts,
    steps: tuple[Step, ...] = (),
    settings: tuple[Settings, ...] = (),
) -> tuple[Difference, ...]:
    """What changes, who is asked for a code first.

    What the resources say too is told once. Where they say otherwise, because the tenant was
    changed by hand or a run did not finish, both are told.
    """
    resources = list(_of_resources(before, after, steps))
    found: list[Difference] = []
    for one in _of_settings(settings):
        same = [
            each
            for each in resources
            if each.subject == one.subject
            and each.after == one.after
            # Factors that a stack did not name were left as the tenant has them.
            and one.before in {None, each.before}
            and not one.before_is
        ]
        resources = [each for each in resources if each not in same]
        found += same[:1] or [one]
    twice = {one.subject for one in found}
    found += [
        replace(one, subject=f"{one.subject}, as Pulumi's state has it")
        if one.subject in twice
        else one
        for one in resources
    ]
    return tuple(sorted(found, key=lambda one: not one.subject.startswith("policy")))


def _of_settings(settings: tuple[Settings, ...]) -> Iterator[Difference]:
    for one in settings:
        # With several components in a program each is named.
        whose = f" of {one.component}" if len(settings) > 1 else ""
        before_is = ASKED_ONLY if one.source is Source.ASKED else ""
        was, will_be = one.tenants
        if was and will_be and was != will_be:
            yield Difference(
                subject=f"tenant{whose}", before=was, after=will_be, before_is=before_is
            )
        for each in one.changed:
            after = value_in_words(each.key, each.after)
            meaning = words(each.key).meaning if each.after is not None else ""
            yield Difference(
                subject=f"{cut(subject(each.key, *each.members), _LONGEST_SUBJECT)}{whose}",
                before=value_in_words(each.key, each.before),
                after=after,
                meaning=ASKED.get(after or "", "") if each.key == "policy" else meaning,
                before_is=before_is if each.before is not None else "",
            )


def _of_resources(before: Facts, after: Facts, steps: tuple[Step, ...]) -> Iterator[Difference]:
    found = [
        *_differ("policy", before.policy, after.policy, ASKED.get(after.policy or "", "")),
        *_differ("phone experience", before.experience, after.experience),
        *_differ("phone factor", _on_off(before.phone_on), _on_off(after.phone_on)),
        *_differ("phone provider", _provider(before), _provider(after)),
        *_differ("channels", _channels(before), _channels(after)),
        *_other_factors(steps),
        *_actions(before, after),
        *_differ(
            "bound triggers",
            ", ".join(sorted(before.bound)) or None,
            ", ".join(sorted(after.bound)) or None,
        ),
    ]
    if steps:
        found += _differ(
            "protection against deletion", _on_off(before.protected), _on_off(after.protected)
        )
    yield from found


def _differ(
    subject: str, before: str | None, after: str | None, meaning: str = ""
) -> list[Difference]:
    if before == after:
        return []
    return [Difference(subject=subject, before=before, after=after, meaning=meaning)]


def _on_off(value: bool | None) -> str | None:
    return None if value is None else "on" if value else "off"


def _provider(facts: Facts) -> str | None:
    if facts.experience is Experience.LEGACY and facts.provider is None:
        return facts.factor_provider
    off = "" if facts.provider_on else ", switched off"
    return f"{facts.provider}{off}" if facts.provider else None


def _channels(facts: Facts) -> str | None:
    return ", ".join(CHANNEL_NAMES[one] for one in facts.channels) or None


def _other_factors(steps: tuple[Step, ...]) -> Iterator[Difference]:
    for step in steps:
        if step.type != GUARDIAN:
            continue
        for key, name in OTHER_FACTORS.items():
            if key in step.left_alone:
                continue
            is_on, was_on = _switch(step.new.get(key)), _switch(step.old.get(key))
            news = step.differs(key) if step.old else key in step.new
            if news and step.new:
                yield Difference(
                    subject=f"other factor {name}",
                    before=_on_off(was_on) if step.old else None,
                    after=_on_off(is_on),
                )


def _switch(value: Any) -> bool:
    return value is True or at(value, "enabled") is True


def _actions(before: Facts, after: Facts) -> Iterator[Difference]:
    old = {one.resource: one for one in before.actions}
    for new in after.actions:
        was = old.get(new.resource)
        for part in ("name", "runtime", "trigger"):
            if was and getattr(was, part) != getattr(new, part):
                yield Difference(
                    subject=f"the Action's {part}",
                    before=_shown(was, part),
                    after=_shown(new, part),
                )


def _shown(action: ActionFacts, name: str) -> str:
    return str(getattr(action, name))
