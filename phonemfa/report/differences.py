"""What changes for users and operators, and what the engine will do, in plain words.

Owns comparing the two sides of a preview and naming resources. Refuses to say whether a
difference is dangerous: that is `risks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from components.factor import BLOCKS, SWITCHES
from components.vocabulary import Experience
from phonemfa.report.facts import ActionFacts, Facts
from phonemfa.report.preview import Operation, Step, at
from policy.resource_types import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    TEMPLATE,
    TENANT,
    TRIGGER_ACTION,
    TRIGGER_ACTIONS,
)

CHANNEL_NAMES: Final = {"text": "SMS", "voice": "voice call"}
_ASKED: Final = {
    "always": "every login is asked for a second factor",
    "adaptive": "logins that look risky are asked for a second factor",
    "never": "no login is asked for a second factor",
}
_SETTINGS: Final = {
    "SMS_SENDER": "SMS sender",
    "VOICE_SENDER": "caller ID of voice calls",
    "VOICE_GENDER": "voice",
    "MESSAGE_TYPES": "message types that are sent",
    "ALLOWED_PREFIXES": "country prefixes that are sent to",
    "ORIGIN_BOUND_CODE": "host of the autofill line",
    "RECIPIENT_LIMIT": "messages per number and hour",
    "DEDUPLICATE": "suppression of repeated messages",
    "CPAAS_BASE_URL": "CPaaS host",
}
_NAMES: Final = {
    PROVIDER: "the phone provider",
    GUARDIAN: "factor and policy",
    TENANT: "the tenant's phone experience",
    TRIGGER_ACTION: "the Action's binding",
    TRIGGER_ACTIONS: "the bindings of a trigger",
}
_PROPERTY_NAMES: Final = {
    "code": "code",
    "secrets": "settings or secrets",
    "runtime": "runtime",
    "name": "name",
    "deploy": "deployment",
    "content": "text",
    "disabled": "switch",
    "configuration": "channels",
    "policy": "policy",
    "phone": "phone factor",
}
OTHER_FACTORS: Final = {
    "".join([name.split("_")[0], *(part.title() for part in name.split("_")[1:])]): name
    for name in (*SWITCHES, *BLOCKS)
}
"""The other factors' names in the resource (camelCase) and in the package's settings."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that users or operators notice. None: not there, or not known before.

    `meaning` says what the new value does; empty where the value says it.
    """

    subject: str
    before: str | None
    after: str | None
    meaning: str = ""


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


def _planned(step: Step) -> Planned:
    kind, name = _NAMES.get(step.type, ""), ""
    there = step.new or step.old
    if step.type == ACTION:
        kind, name = "the Action", str(there.get("name", step.name))
    elif step.type == TEMPLATE:
        kind, name = "the text", str(there.get("type", step.name))
    elif not kind:
        kind, name = "a resource that is no part of phone MFA:", f"{step.type} {step.name}"
    tops = {path.partition(".")[0].partition("[")[0] for path in step.paths}
    known = [words for key, words in _PROPERTY_NAMES.items() if key in tops]
    known += [name for key, name in OTHER_FACTORS.items() if key in tops]
    parts = tuple(known) if step.operation is Operation.UPDATE else ()
    return Planned(operation=step.operation, kind=kind, name=name, parts=parts)


def differences(
    before: Facts, after: Facts, steps: tuple[Step, ...] = ()
) -> tuple[Difference, ...]:
    """What changes, who is asked for a code first."""
    found = [
        *_differ("policy", before.policy, after.policy, _ASKED.get(after.policy or "", "")),
        *_differ("phone experience", before.experience, after.experience),
        *_differ("phone factor", _on_off(before.phone_on), _on_off(after.phone_on)),
        *_differ("phone provider", _provider(before), _provider(after)),
        *_differ("channels", _channels(before), _channels(after)),
        *_settings(before, after),
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
    return tuple(found)


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


def _settings(before: Facts, after: Facts) -> Iterator[Difference]:
    for name, subject in _SETTINGS.items():
        yield from _differ(subject, before.setting(name), after.setting(name))


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
        for subject in ("name", "runtime", "trigger"):
            if was and getattr(was, subject) != getattr(new, subject):
                yield Difference(
                    subject=f"the Action's {subject}",
                    before=_shown(was, subject),
                    after=_shown(new, subject),
                )


def _shown(action: ActionFacts, name: str) -> str:
    return str(getattr(action, name))
