"""What a set of resources means to the users of a tenant: who is asked for a code, and how.

Read from one side of a preview, before or after; `differences` and `risks` compare the sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.tenant.action import KEY_SECRET
from components.vocabulary import TRIGGERS, Experience, MessageType, Policy
from phonemfa.report.preview import Step, at
from policy.resource_types import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    TEMPLATE,
    TENANT,
    TRIGGER_ACTION,
    TRIGGER_ACTIONS,
)

_POLICIES: Final = {one.guardian_policy: one.value for one in Policy}
_LEGACY_TEXTS: Final = {
    MessageType.OTP_ENROLL: "enrollmentMessage",
    MessageType.OTP_VERIFY: "verificationMessage",
}
_HOOK: Final = "phone-message-hook"
_CHANNELS: Final = {"sms": "text", "voice": "voice"}


@dataclass(frozen=True, kw_only=True)
class ActionFacts:
    """An Action on a phone trigger."""

    resource: str
    name: str
    trigger: str
    runtime: str
    code: str | None
    """None where there is none, or where it cannot be seen."""
    deployed: bool
    has_secrets: bool
    """Whether it has any; which ones a preview does not show."""


@dataclass(frozen=True, kw_only=True)
class TextFacts:
    """One message type's Liquid texts; None where there is none or it is not known yet."""

    text: str | None
    voice: str | None
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One side of a tenant's phone MFA, as far as a stack declares it. None: not declared."""

    experience: Experience | None
    policy: str | None
    phone_on: bool | None
    message_types: tuple[str, ...]
    provider: str | None
    """Name of the phone provider (`custom`, `twilio`); None when the stack has none."""
    provider_on: bool
    factor_provider: str | None
    """Who sends in a legacy tenant: `phone-message-hook` is the Action."""
    delivery_methods: tuple[str, ...]
    actions: tuple[ActionFacts, ...]
    bound: frozenset[str]
    """Triggers that an Action is bound to."""
    texts: Mapping[str, TextFacts]
    legacy_texts: Mapping[str, TextFacts]
    protected: bool
    settings: Mapping[str, Any]
    """By the keys of the stack's file; empty where the preview does not tell them."""

    @property
    def action(self) -> ActionFacts | None:
        """The Action that sends: the one on the trigger of the tenant's own experience."""
        trigger = TRIGGERS.get(self.experience) if self.experience else None
        return next((one for one in self.actions if one.trigger == trigger), None)

    @property
    def sent_by_action(self) -> bool:
        """Whether codes go through an Action: Twilio, and Auth0's own sender, need none."""
        if self.experience is Experience.LEGACY:
            return self.factor_provider == _HOOK
        return self.provider != "twilio"

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels by which a code can reach users: `text`, `voice`."""
        wanted = tuple(_CHANNELS[one] for one in self.message_types if one in _CHANNELS)
        if self.experience is Experience.LEGACY or not self.provider:
            return wanted
        return tuple(one for one in wanted if one in self.delivery_methods)

    @property
    def sent_texts(self) -> Mapping[str, TextFacts]:
        """The texts that the tenant's own experience sends."""
        return self.legacy_texts if self.experience is Experience.LEGACY else self.texts

    def listed(self, key: str) -> tuple[str, ...]:
        """The texts in a setting that is a list."""
        return _strings(self.settings.get(key))

    def missing(self) -> str | None:
        """The first thing without which no code can be delivered; None when all is declared."""
        return next((what for lacks, what in self._needs() if lacks), None)

    def _needs(self) -> Iterator[tuple[bool, str]]:
        action, legacy = self.action, self.experience is Experience.LEGACY
        yield self.sent_by_action and action is None, "the stack has no Action that could send it"
        if action and self.sent_by_action:
            # Somebody else's Action, as a stack may adopt it, keeps its version and its secrets.
            ours = bool(self.settings or action.has_secrets) and not self.settings.get("adopted")
            yield ours and not action.deployed, "the Action is not deployed"
            keyless = not action.has_secrets
            yield ours and keyless, f"the Action has no secrets, and so no {KEY_SECRET}"
            bound = action.trigger in self.bound
            yield legacy and not bound, "the Action is not bound, and legacy tenants run no other"
        yield not legacy and self.provider is None, "there is no phone provider"
        yield not legacy and not self.provider_on, "the phone provider is switched off"
        yield not self.phone_on, "the phone factor is off"
        yield not self.channels, "no channel is left"


def before(steps: Sequence[Step], settings: Mapping[str, Any] | None = None) -> Facts:
    """What is there now, as far as the engine knows; `settings` where they are told."""
    protect = [bool(one.before and one.before.protect) for one in steps if one.before]
    there = [one for one in steps if one.before]
    return _facts(there, lambda step: step.old, protect, settings or {})


def after(steps: Sequence[Step], settings: Mapping[str, Any] | None = None) -> Facts:
    """What will be there; `settings` where they are told."""
    staying = [one for one in steps if one.new]
    protect = [bool(one.after and one.after.protect) for one in staying]
    return _facts(staying, lambda step: step.new, protect, settings or {})


def _facts(
    steps: Sequence[Step],
    side: Callable[[Step], Mapping[str, Any]],
    protect: Sequence[bool],
    settings: Mapping[str, Any],
) -> Facts:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for step in steps:
        found.setdefault(step.type, []).append(side(step))
    guardian = _first(found.get(GUARDIAN))
    tenant = _first(found.get(TENANT))
    provider = _first(found.get(PROVIDER))
    policy = _text(guardian.get("policy"))
    actions = tuple(
        _action(step.name, side(step))
        for step in steps
        if step.type == ACTION and _trigger(side(step)) in TRIGGERS.values()
    )
    return Facts(
        experience=_experience(tenant, guardian, provider, actions),
        policy=_POLICIES.get(policy, policy) if policy else None,
        phone_on=_flag(at(guardian, "phone", "enabled")) if guardian else None,
        message_types=_strings(at(guardian, "phone", "messageTypes")),
        provider=(_text(provider.get("name")) or "unnamed") if provider else None,
        provider_on=bool(provider) and not _flag(provider.get("disabled")),
        factor_provider=_text(at(guardian, "phone", "provider")),
        delivery_methods=_strings(at(provider, "configuration", "deliveryMethods")),
        actions=actions,
        bound=frozenset(
            str(one.get("trigger"))
            for kind in (TRIGGER_ACTION, TRIGGER_ACTIONS)
            for one in found.get(kind, ())
        ),
        texts=dict(_templates(found.get(TEMPLATE, ()))),
        legacy_texts=dict(_legacy_texts(guardian)),
        protected=bool(protect) and all(protect),
        settings=settings,
    )


def _experience(
    tenant: Mapping[str, Any],
    guardian: Mapping[str, Any],
    provider: Mapping[str, Any],
    actions: Sequence[ActionFacts],
) -> Experience | None:
    unified = tenant.get("phoneConsolidatedExperience")
    if isinstance(unified, bool):
        return Experience.UNIFIED if unified else Experience.LEGACY
    # Only a legacy tenant's factor has a provider, and only a unified tenant has one beside it.
    triggers = {one.trigger for one in actions}
    if at(guardian, "phone", "provider") or triggers == {TRIGGERS[Experience.LEGACY]}:
        return Experience.LEGACY
    return Experience.UNIFIED if guardian or provider else None


def _action(resource: str, action: Mapping[str, Any]) -> ActionFacts:
    return ActionFacts(
        resource=resource,
        name=_text(action.get("name")) or "",
        trigger=_trigger(action),
        runtime=_text(action.get("runtime")) or "",
        code=_text(action.get("code")),
        deployed=_flag(action.get("deploy")),
        has_secrets=bool(action.get("secrets")),
    )


def _trigger(action: Mapping[str, Any]) -> str:
    return _text(at(action, "supportedTriggers", "id")) or ""


def _templates(templates: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, TextFacts]]:
    for one in templates:
        body = at(one, "content", "body")
        yield (
            _text(one.get("type")) or "",
            TextFacts(
                text=_text(at(body, "text")),
                voice=_text(at(body, "voice")),
                disabled=_flag(one.get("disabled")),
            ),
        )


def _legacy_texts(guardian: Mapping[str, Any]) -> Iterator[tuple[str, TextFacts]]:
    for kind, name in _LEGACY_TEXTS.items():
        text = _text(at(guardian, "phone", "options", name))
        if text is not None:
            yield kind.value, TextFacts(text=text, voice=text)


def _first(found: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return found[0] if found else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(one for one in _list(value) if isinstance(one, str))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: Any) -> bool:
    # Some outputs of the plugin are the words "true" and "false".
    return value is True or value == "true"
