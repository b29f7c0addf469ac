"""What in the tenant stands in the way of `pulumi up`, or would be overwritten by it.

Owns the rules, each a plain function from answers and settings to findings. Refuses to ask, and to
show a whole phone number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from components.guards.generation import contradiction
from components.masking import masked
from components.settings.model import StackSettings
from components.settings.texts import for_legacy, texts_for
from components.vocabulary import TRIGGERS, DeliveryMethod, Experience, MessageType
from phonemfa.doctor.access_checks import our_actions
from phonemfa.doctor.answers import Json, LegacyDelivery, Reading, Refused, Why
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.shown import cut, visible

ADOPT: Final = "python -m phonemfa adopt"
_LONGEST: Final = 60
"""Characters shown of a name or text that somebody else wrote."""


def generations(settings: StackSettings) -> frozenset[Experience]:
    """The generations whose parts the stack declares: both while it moves its tenant."""
    return frozenset(Experience) if settings.transition else frozenset({settings.experience})


def not_looked(refused: Refused, subject: Subject) -> Iterator[Finding]:
    """That a question has no answer; nothing where another finding says so already."""
    if refused.why in {Why.NO_TOKEN, Why.PLAN}:
        return
    needs = f"needs {refused.scope}" if refused.why is Why.SCOPE else refused.what
    yield Finding(level=Level.UNKNOWN, subject=subject, what=f"could not look: {needs}")


def generation_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """Whether tenant and stack are of one generation."""
    if isinstance(reading.settings, Refused):
        yield from not_looked(reading.settings, Subject.GENERATION)
        return
    unified = bool(reading.is_unified)
    actual = Experience.UNIFIED if unified else Experience.LEGACY
    wrong = contradiction(tenant_is_unified=unified, experience=settings.experience)
    if wrong and not settings.transition:
        what, _, fix = wrong.partition(" Nothing was written. Fix: ")
        yield Finding(level=Level.FAULT, subject=Subject.GENERATION, what=what, fix=fix)
    elif wrong:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.GENERATION,
            what=f"the next pulumi up moves the tenant from {actual} to {settings.experience}",
            fix="intended? docs/guides/migrate.md has the steps",
        )
    else:
        yield Finding(
            level=Level.OK, subject=Subject.GENERATION, what=f"tenant and stack are {actual}"
        )


def part_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """What is where the stack's own parts go."""
    yield from action_checks(reading, settings)
    yield from binding_checks(reading, settings)
    yield from provider_checks(reading, settings)
    yield from template_checks(reading, settings)


def as_found() -> Finding:
    """That an adopted stack declares the parts as they are, so that nothing is in the way."""
    return Finding(
        level=Level.NOTE,
        subject=Subject.ACTION,
        what="Action, provider, texts and phone factor are declared as they were found "
        "(phonemfa:adopted): pulumi up leaves them",
    )


def action_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """Whether the one place for an Action on the unified trigger is free, or ours."""
    if Experience.UNIFIED not in generations(settings):
        return
    if isinstance(reading.actions, Refused):
        yield from not_looked(reading.actions, Subject.ACTION)
        return
    found = reading.actions.get(TRIGGERS[Experience.UNIFIED], ())
    foreign = [one for one in found if one.get("name") != settings.action_name]
    for one in foreign:
        name = _name(one)
        installed = " of a Marketplace integration" if _from_marketplace(one) else ""
        yield Finding(
            level=Level.FAULT,
            subject=Subject.ACTION,
            what=f"{name}{installed} ({_cut(one.get('id'))}) has the one place on "
            f"{TRIGGERS[Experience.UNIFIED]}: creating ours would meet 403 "
            "actions_cardinality_custom_phone_provider_not_allowed",
            fix="uninstall the integration, or delete its Action"
            if installed
            else f"keep it for now: {ADOPT}. Or delete it",
        )
    if not foreign:
        yield _place(found, settings.action_name)


def _place(found: Collection[Json], name: str) -> Finding:
    trigger = TRIGGERS[Experience.UNIFIED]
    what = f"the one place on {trigger} is "
    what += f"ours, by the name {name!r}" if found else "free"
    return Finding(
        level=Level.OK,
        subject=Subject.ACTION,
        what=what,
        fix="if no pulumi up of this stack made it: pulumi import it first" if found else "",
    )


def binding_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """What else runs at every login of a legacy tenant."""
    if Experience.LEGACY not in generations(settings):
        return
    for answer in (reading.actions, reading.bindings):
        if isinstance(answer, Refused):
            yield from not_looked(answer, Subject.BINDINGS)
            return
    assert not isinstance(reading.actions, Refused)  # noqa: S101 - the loop returned
    assert not isinstance(reading.bindings, Refused)  # noqa: S101 - the loop returned
    trigger, ours = TRIGGERS[Experience.LEGACY], our_actions(settings)[Experience.LEGACY]
    known = {str(one.get("id")): one for one in reading.actions.get(trigger, ())}
    bound = [one.get("action") or {} for one in reading.bindings.get(trigger, ())]
    others = [one for one in bound if one.get("name") != ours]
    for one in others:
        yield _other_binding(known.get(str(one.get("id")), one))
    if not others:
        what = "ours, alone" if bound else "none yet"
        what = f"{what}, on {trigger}"
        yield Finding(level=Level.OK, subject=Subject.BINDINGS, what=what)


def _other_binding(action: Json) -> Finding:
    name = _name(action)
    if _from_marketplace(action):
        return Finding(
            level=Level.WARNING,
            subject=Subject.BINDINGS,
            what=f"the Action {name} of a Marketplace integration is bound: it stays, and every "
            "login gets a message from it too",
            fix="hand over as in docs/guides/legacy.md, Taking over from the Marketplace",
        )
    return Finding(
        level=Level.WARNING,
        subject=Subject.BINDINGS,
        what=f"the Action {name} ({_cut(action.get('id'))}) is bound: it stays, and runs at every "
        "login beside ours",
        fix="if it sends messages too, unbind it in the dashboard after the first pulumi up",
    )


def provider_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """What adopting an existing provider would overwrite, in either generation."""
    wanted = generations(settings)
    if Experience.UNIFIED in wanted:
        if isinstance(reading.provider, Refused):
            yield from not_looked(reading.provider, Subject.PROVIDER)
        else:
            yield _provider(reading.provider, settings)
    if Experience.LEGACY in wanted:
        if isinstance(reading.legacy, Refused):
            yield from not_looked(reading.legacy, Subject.PROVIDER)
        elif reading.legacy is not None:
            yield _legacy_provider(reading.legacy, settings)


def _provider(provider: Json | None, settings: StackSettings) -> Finding:
    if provider is None:
        return _provider_ok("none: ours will be created")
    ours = [one.value for one in DeliveryMethod if one in settings.delivery_methods]
    there = _configured(provider.get("configuration") or {})
    if provider.get("name") != "custom":
        return Finding(
            level=Level.WARNING,
            subject=Subject.PROVIDER,
            what=f"the tenant has {_name(provider)} ({_told(there)}): pulumi up takes it over in "
            f"place, as custom with delivery_methods {', '.join(ours)}. Its credentials are "
            "overwritten too, and nobody can read them back",
            fix=f"{ADOPT} notes down what can be read; do so before if you may want to go back",
        )
    changes = []
    if sorted(there.get("delivery_methods", [])) != sorted(ours):
        was = ", ".join(there.get("delivery_methods", [])) or "none"
        changes.append(f"delivery_methods from {was} to {', '.join(ours)}")
    if provider.get("disabled"):
        changes.append("disabled to enabled")
    if not changes:
        return _provider_ok("custom, as declared")
    return Finding(
        level=Level.WARNING,
        subject=Subject.PROVIDER,
        what=f"the tenant has a custom one already; pulumi up changes {' and '.join(changes)}",
    )


def _legacy_provider(legacy: LegacyDelivery, settings: StackSettings) -> Finding:
    overwritten = []
    if legacy.provider not in {None, "phone-message-hook"}:
        overwritten.append(f"the delivery provider {legacy.provider} (to phone-message-hook)")
    kept = f"; the Twilio account ({_told(_configured(legacy.twilio))}) stays, unused"
    if _own_texts(legacy.texts, settings):
        overwritten.append("the tenant's own enrolment and verification texts")
    if not overwritten:
        return _provider_ok("phone-message-hook, as declared" if legacy.provider else "none yet")
    return Finding(
        level=Level.WARNING,
        subject=Subject.PROVIDER,
        what=f"pulumi up overwrites {' and '.join(overwritten)}{kept if legacy.twilio else ''}",
        fix="note them down first if you may want to go back",
    )


def _own_texts(there: Json, settings: StackSettings) -> bool:
    """Whether a legacy tenant has texts that are not the stack's."""
    texts = texts_for(settings.language, settings.sent_message_types, settings.texts)
    ours = {
        "enrollment_message": for_legacy(texts[MessageType.OTP_ENROLL]),
        "verification_message": for_legacy(texts[MessageType.OTP_VERIFY]),
    }
    return any(there.get(key) not in {None, text} for key, text in ours.items())


def _provider_ok(what: str) -> Finding:
    return Finding(level=Level.OK, subject=Subject.PROVIDER, what=what)


def _configured(configuration: Json) -> dict[str, Any]:
    """A provider's configuration as output may show it: no phone number whole."""
    shown = {key: value for key, value in configuration.items() if value}
    for key in ("default_from", "from"):
        if shown.get(key):
            shown[key] = masked(str(shown[key]))
    return shown


def _told(configuration: Mapping[str, Any]) -> str:
    parts = [
        f"{key} {', '.join(map(str, value)) if isinstance(value, list) else _cut(value)}"
        for key, value in configuration.items()
    ]
    return "; ".join(parts) or "nothing configured"


def template_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """Texts that are customised already: creating them again would meet 409."""
    if Experience.UNIFIED not in generations(settings):
        return
    if isinstance(reading.templates, Refused):
        yield from not_looked(reading.templates, Subject.TEMPLATES)
        return
    texts = texts_for(settings.language, settings.sent_message_types, settings.texts)
    ours = {kind.value: {"text": one.text, "voice": one.voice} for kind, one in texts.items()}
    there = {str(one["type"]): one for one in reading.templates if one.get("type") in ours}
    other = {kind: one for kind, one in there.items() if _body(one) != ours[kind]}
    if not there:
        yield Finding(level=Level.OK, subject=Subject.TEMPLATES, what="none in the way")
    elif not other:
        yield Finding(
            level=Level.OK,
            subject=Subject.TEMPLATES,
            what=f"customised with this stack's own texts: {', '.join(sorted(there))}",
            fix="if no pulumi up of this stack made them: pulumi import them first",
        )
    else:
        ids = ", ".join(f"{kind} ({_cut(one.get('id'))})" for kind, one in sorted(there.items()))
        yield Finding(
            level=Level.WARNING,
            subject=Subject.TEMPLATES,
            what=f"already customised: {ids}. If this stack did not create them, pulumi up meets "
            "409; if it did, the texts differ and are overwritten",
            fix=f"{ADOPT}, or pulumi import them by these ids, or delete them",
        )


def _body(template: Json) -> dict[str, Any]:
    body = (template.get("content") or {}).get("body") or {}
    return {"text": body.get("text"), "voice": body.get("voice")}


def _from_marketplace(action: Json) -> bool:
    return bool(action.get("installed_integration_id"))


def _name(thing: Json) -> str:
    return f"'{_cut(thing.get('name', ''))}'"


def _cut(value: Any) -> str:
    return cut(visible(str(value)), _LONGEST)
