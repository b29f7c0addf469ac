"""The rules over all resources of a stack together.

Owns each rule's logic and words. Refuses names, levels and defaults (rules.py).

The engine hands these rules what the resources are after the change, not what the program said:
only properties whose meaning the tenant does not change are read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from components.vocabulary import DeliveryMethod, guardian_message_types
from policy.model import Context, Declared, Finding, Hidden
from policy.resource_types import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    TEMPLATE,
    TRIGGER_ACTION,
    TRIGGER_ACTIONS,
    trigger_of,
)

_UNIFIED_TRIGGER: Final = "custom-phone-provider"
_LEGACY_TRIGGER: Final = "send-phone-message"
_TWILIO: Final = "twilio"
"""The one provider that sends without an Action."""


def message_types_covered(resources: Sequence[Declared], _context: Context) -> Iterator[Finding]:
    """The factor's message types against the delivery methods of the phone provider.

    A stack without a phone provider is a legacy one: there the Action alone decides.
    """
    providers = [one for one in resources if one.type == PROVIDER]
    if not providers or any(_cannot_be_seen(provider) for provider in providers):
        return
    covered = _covered(providers)
    for factor in (one for one in resources if one.type == GUARDIAN):
        types = factor.at("phone", "messageTypes")
        if factor.at("phone", "enabled") is not True or isinstance(types, Hidden):
            continue
        if not types:
            yield Finding(
                urn=factor.urn,
                message="The phone factor is on without declared message types: users may be "
                "offered channels that nobody delivers.",
                fix="declare phone.message_types",
            )
        for kind in factor.items_at("phone", "messageTypes"):
            if isinstance(kind, str) and kind not in covered:
                yield Finding(
                    urn=factor.urn,
                    message=f"The factor offers {kind}, which the phone provider does not deliver "
                    f"({', '.join(covered) or 'nothing'}): users who pick it cannot log in.",
                    fix="add the channel to phonemfa:deliveryMethods, or take it out of the factor",
                )


def _cannot_be_seen(provider: Declared) -> bool:
    methods = provider.at("configuration", "deliveryMethods")
    disabled = provider.at("disabled")
    return isinstance(methods, Hidden) or isinstance(disabled, Hidden)


def _covered(providers: Sequence[Declared]) -> list[str]:
    named = {
        method
        for provider in providers
        if not provider.at("disabled")
        for method in provider.items_at("configuration", "deliveryMethods")
        if isinstance(method, str)
    }
    return guardian_message_types([method for method in DeliveryMethod if method in named])


def one_sender_per_channel(resources: Sequence[Declared], _context: Context) -> Iterator[Finding]:
    """One Action, one provider, one template a type; for a legacy trigger one bound Action.

    Only the provider "custom" has an Action behind it.
    """
    if any(isinstance(trigger, Hidden) for one in resources for trigger in _triggers(one)):
        return
    unified = _on_trigger(resources, _UNIFIED_TRIGGER)
    legacy = _on_trigger(resources, _LEGACY_TRIGGER)
    providers = [one for one in resources if one.type == PROVIDER]
    templates = [one for one in resources if one.type == TEMPLATE]
    if unified or providers or templates:
        if unified or any(one.text_at("name") != _TWILIO for one in providers):
            yield from _exactly_one(unified, f"Action on {_UNIFIED_TRIGGER}")
        yield from _exactly_one(providers, "phone provider")
        yield from _one_a_type(templates)
    bindings = _bindings(resources)
    if legacy or bindings:
        yield from _exactly_one(legacy, f"Action on {_LEGACY_TRIGGER}")
        yield from _exactly_one(bindings, f"Action bound to {_LEGACY_TRIGGER}")
    if not (unified or legacy or providers or bindings):
        for factor in resources:
            if factor.type == GUARDIAN and factor.at("phone", "enabled") is True:
                yield Finding(
                    urn=factor.urn,
                    message="The phone factor is on, and the stack declares nothing that sends.",
                    fix="declare the sender in the same stack",
                )


def _triggers(resource: Declared) -> Iterator[object]:
    if resource.type == ACTION:
        yield resource.at("supportedTriggers", "id")
    elif resource.type in {TRIGGER_ACTION, TRIGGER_ACTIONS}:
        yield resource.at("trigger")


def _on_trigger(resources: Sequence[Declared], trigger: str) -> list[Declared]:
    return [one for one in resources if trigger_of(one) == trigger]


def _bindings(resources: Sequence[Declared]) -> list[Declared]:
    """The holders of bindings to the legacy trigger, one entry a bound Action."""
    bound = [one for one in resources if one.at("trigger") == _LEGACY_TRIGGER]
    return [one for one in bound if one.type == TRIGGER_ACTION] + [
        one for one in bound if one.type == TRIGGER_ACTIONS for _ in one.items_at("actions")
    ]


def _exactly_one(found: Sequence[Declared], what: str) -> Iterator[Finding]:
    if not found:
        yield Finding(
            urn="",
            message=f"The stack declares no {what}: no code would be sent.",
            fix=f"declare one {what}",
        )
    for surplus in found[1:]:
        yield Finding(
            urn=surplus.urn,
            message=f"{surplus.name} is one {what} too many: which one sends is left to chance.",
            fix=f"keep one {what}",
        )


def _one_a_type(templates: Sequence[Declared]) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for template in templates:
        kind = template.text_at("type")
        if kind is None:
            continue
        seen[kind] += 1
        if seen[kind] > 1:
            yield Finding(
                urn=template.urn,
                message=f"{template.name} is a second template of {kind}: the tenant has room for "
                "one and refuses the other.",
                fix=f"keep one template of {kind}",
            )
