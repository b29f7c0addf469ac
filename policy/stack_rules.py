"""The rules over all resources of a stack together; names, levels and defaults are in rules.py.

The engine hands these rules what the resources are after the change, not what the program said:
only properties whose meaning the tenant does not change are read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from components.tenant import guardian, phone_provider, phone_template, trigger
from components.tenant.model import Unseen, is_hidden, listed
from components.vocabulary import TRIGGERS, DeliveryMethod, Experience, guardian_message_types
from policy.model import Context, Declared, Finding

_UNIFIED_TRIGGER: Final = TRIGGERS[Experience.UNIFIED]
_LEGACY_TRIGGER: Final = TRIGGERS[Experience.LEGACY]
_TWILIO: Final = "twilio"
"""The one provider that sends without an Action."""


def message_types_covered(resources: Sequence[Declared], _context: Context) -> Iterator[Finding]:
    """The factor's message types against the delivery methods of the phone provider.

    A stack without a phone provider is a legacy one: there the Action alone decides.
    """
    providers = _all(resources, phone_provider.TOKEN)
    if not providers or any(_cannot_be_seen(provider) for provider in providers):
        return
    covered = _covered(providers)
    for factor in _all(resources, guardian.TOKEN):
        types = factor.said("message_types")
        if factor.said("phone_enabled") is not True or isinstance(types, Unseen):
            continue
        if not types:
            yield Finding(
                urn=factor.urn,
                message="The phone factor is on without declared message types: users may be "
                "offered channels that nobody delivers.",
                fix="declare phone.message_types",
            )
        for kind in listed(types):
            if isinstance(kind, str) and kind not in covered:
                yield Finding(
                    urn=factor.urn,
                    message=f"The factor offers {kind}, which the phone provider does not deliver "
                    f"({', '.join(covered) or 'nothing'}): users who pick it cannot log in.",
                    fix="add the channel to phonemfa:deliveryMethods, or take it out of the factor",
                )


def _all(resources: Sequence[Declared], token: str) -> list[Declared]:
    return [one for one in resources if one.type == token]


def _cannot_be_seen(provider: Declared) -> bool:
    return any(is_hidden(provider.said(one)) for one in ("delivery_methods", "disabled"))


def _covered(providers: Sequence[Declared]) -> list[str]:
    on = [one for one in providers if not one.said("disabled")]
    named = [method for one in on for method in listed(one.said("delivery_methods"))]
    return guardian_message_types([method for method in DeliveryMethod if method in named])


def one_sender_per_channel(resources: Sequence[Declared], _context: Context) -> Iterator[Finding]:
    """One Action, one provider, one template a type; for a legacy trigger one bound Action.

    Only the provider "custom" has an Action behind it.
    """
    if any(isinstance(one.trigger, Unseen) for one in resources):
        return
    unified = _on_trigger(resources, _UNIFIED_TRIGGER)
    legacy = _on_trigger(resources, _LEGACY_TRIGGER)
    providers = _all(resources, phone_provider.TOKEN)
    templates = _all(resources, phone_template.TOKEN)
    if unified or providers or templates:
        if unified or any(one.said("name") != _TWILIO for one in providers):
            yield from _exactly_one(unified, f"Action on {_UNIFIED_TRIGGER}")
        yield from _exactly_one(providers, "phone provider")
        yield from _one_a_type(templates)
    bindings = _bindings(resources)
    if legacy or bindings:
        yield from _exactly_one(legacy, f"Action on {_LEGACY_TRIGGER}")
        yield from _exactly_one(bindings, f"Action bound to {_LEGACY_TRIGGER}")
    if not (unified or legacy or providers or bindings):
        for factor in _all(resources, guardian.TOKEN):
            if factor.said("phone_enabled") is True:
                yield Finding(
                    urn=factor.urn,
                    message="The phone factor is on, and the stack declares nothing that sends.",
                    fix="declare the sender in the same stack",
                )


def _on_trigger(resources: Sequence[Declared], name: str) -> list[Declared]:
    return [one for one in resources if one.sends_by_phone and one.trigger == name]


def _bindings(resources: Sequence[Declared]) -> list[Declared]:
    """The holders of bindings to the legacy trigger, one entry a bound Action."""
    return [
        one
        for token in (trigger.TOKEN, trigger.TOKEN_OF_ALL)
        for one in _all(resources, token)
        if one.trigger == _LEGACY_TRIGGER
        for _ in trigger.Binding.recorded(one.properties)
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
        kind = phone_template.kind_of(template.properties)
        if not isinstance(kind, str):
            continue
        seen[kind] += 1
        if seen[kind] > 1:
            yield Finding(
                urn=template.urn,
                message=f"{template.name} is a second template of {kind}: the tenant has room for "
                "one and refuses the other.",
                fix=f"keep one template of {kind}",
            )
