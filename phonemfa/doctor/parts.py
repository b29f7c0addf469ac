"""What in the tenant stands in the way of `pulumi up`, or would be overwritten by it."""

from collections.abc import Iterator
from typing import Any, Final

from components.guards.first_write import contradiction
from components.masking import masked
from components.settings.texts import for_legacy
from components.tenant import phone_provider, phone_template
from components.tenant.action import find, name_of
from components.tenant.guardian import HOOK
from components.tenant.model import Unseen, UnseenError, differences, known, seen
from components.tenant.phone_provider import PhoneProvider
from components.vocabulary import TRIGGERS, Experience
from phonemfa.doctor.findings import Finding, Subject, about, fault, note, ok, warning
from phonemfa.doctor.reading import Reading, is_unified
from phonemfa.output.text import cut

ADOPT: Final = "python -m phonemfa adopt"
_LONGEST: Final = 60
"""Characters shown of a name or text that somebody else wrote."""


@about(Subject.GENERATION)
def generation_checks(reading: Reading) -> Iterator[Finding]:
    """Whether tenant and stack are of one generation."""
    actual, wanted = reading.tenant.experience, reading.stack.experience
    wrong = contradiction(tenant_is_unified=actual is Experience.UNIFIED, experience=wanted)
    if not wrong:
        yield ok(f"tenant and stack are {actual}")
    elif reading.stack.transition:
        yield warning(
            f"the next pulumi up moves the tenant from {actual} to {wanted}",
            fix="intended? docs/guides/migrate.md has the steps",
        )
    else:
        what, _, fix = wrong.partition(" Nothing was written. Fix: ")
        yield fault(what, fix)


@about(Subject.ACTION)
def as_found(reading: Reading) -> Iterator[Finding]:
    """Of an adopted stack, which declares the parts as they are: nothing is in the way."""
    if reading.stack.adopted:
        yield note(
            "Action, provider, texts and phone factor are declared as they were found "
            "(phonemfa:adopted): pulumi up leaves them"
        )


@about(Subject.ACTION)
def action_checks(reading: Reading) -> Iterator[Finding]:
    """Whether the one place for an Action on the unified trigger is free, or ours."""
    if Experience.UNIFIED not in reading.stack.experiences:
        return
    trigger, name = TRIGGERS[Experience.UNIFIED], reading.stack.action_name
    found = reading.tenant.actions_on(trigger)
    foreign = [one for one in found if one.name != name]
    for one in foreign:
        installed = " of a Marketplace integration" if one.from_marketplace else ""
        yield fault(
            f"'{_cut(one.name)}'{installed} ({_cut(one.id)}) has the one place on {trigger}: "
            "creating ours would meet 403 actions_cardinality_custom_phone_provider_not_allowed",
            fix="uninstall the integration, or delete its Action"
            if installed
            else f"keep it for now: {ADOPT}. Or delete it",
        )
    if not found:
        yield ok(f"the one place on {trigger} is free")
    elif not foreign:
        yield ok(
            f"the one place on {trigger} is ours, by the name {name!r}",
            fix="if no pulumi up of this stack made it: pulumi import it first",
        )


@about(Subject.BINDINGS)
def binding_checks(reading: Reading) -> Iterator[Finding]:
    """What else runs at every login of a legacy tenant."""
    if Experience.LEGACY not in reading.stack.experiences:
        return
    trigger, ours = TRIGGERS[Experience.LEGACY], name_of(reading.stack, Experience.LEGACY)
    actions, bound = reading.tenant.actions_on(trigger), reading.tenant.bindings_of(trigger)
    others = [one for one in bound if one.action_name != ours]
    for one in others:
        name, action = f"'{_cut(one.action_name)}'", find(actions, one.action_name)
        if action and action.from_marketplace:
            yield warning(
                f"the Action {name} of a Marketplace integration is bound: it stays, and every "
                "login gets a message from it too",
                fix="hand over as in docs/guides/legacy.md, Taking over from the Marketplace",
            )
        else:
            yield warning(
                f"the Action {name} ({_cut(one.action_id)}) is bound: it stays, and runs at every "
                "login beside ours",
                fix="if it sends messages too, unbind it in the dashboard after the first pulumi "
                "up",
            )
    if not others:
        yield ok(f"{'ours, alone' if bound else 'none yet'}, on {trigger}")


@about(Subject.PROVIDER)
def provider_checks(reading: Reading) -> Iterator[Finding]:
    """What taking over a unified tenant's provider would overwrite."""
    declared = phone_provider.declared(reading.stack)
    if declared is None:
        return
    provider, ours = seen(reading.tenant.provider), ", ".join(seen(declared.delivery_methods))
    if provider is None:
        yield ok("none: ours will be created")
        return
    different = {one.part.field for one in differences(declared, provider)}
    changes = []
    if "delivery_methods" in different:
        was = ", ".join(seen(provider.delivery_methods)) or "none"
        changes.append(f"delivery_methods from {was} to {ours}")
    if "disabled" in different:
        changes.append("disabled to enabled")
    if provider.name != declared.name:
        yield warning(
            f"the tenant has '{_cut(provider.name)}' ({_configured(provider)}): pulumi up "
            f"takes it over in place, as {declared.name} with delivery_methods {ours}. Its "
            "credentials are overwritten too, and nobody can read them back",
            fix=f"{ADOPT} notes down what can be read; do so before if you may want to go back",
        )
    elif changes:
        yield warning(
            f"the tenant has a custom one already; pulumi up changes {' and '.join(changes)}"
        )
    else:
        yield ok("custom, as declared")


@about(Subject.PROVIDER)
def legacy_checks(reading: Reading) -> Iterator[Finding]:
    """What a legacy tenant sends by and says, before it is overwritten."""
    tenant = reading.tenant
    if Experience.LEGACY not in reading.stack.experiences or is_unified(tenant):
        return
    for one in (tenant.guardian.selected_provider, tenant.guardian.enrollment_message):
        if isinstance(one, Unseen) and one.refusal:  # Not where the answer has none.
            raise UnseenError(one.refusal)
    selected = known(tenant.guardian.selected_provider, "")
    ours = {kind: for_legacy(one) for kind, one in reading.stack.declared_texts.items()}
    overwritten = []
    if selected not in {"", HOOK}:
        overwritten.append(f"the delivery provider {selected} (to {HOOK})")
    if any(text != ours.get(kind) for kind, text in tenant.guardian.texts.items()):
        overwritten.append("the tenant's own enrolment and verification texts")
    twilio = seen(reading.twilio)
    if not overwritten:
        yield ok(f"{HOOK}, as declared" if selected else "none yet")
        return
    kept = f"; the Twilio account ({_configured(twilio)}) stays, unused" if twilio else ""
    yield warning(
        f"pulumi up overwrites {' and '.join(overwritten)}{kept}",
        fix="note them down first if you may want to go back",
    )


def _configured(provider: PhoneProvider) -> str:
    """A provider's configuration as output may show it: no phone number whole."""
    shown = []
    for part in PhoneProvider.PARTS:
        value = known(getattr(provider, part.field), None)
        if not value or part.field in {"name", "disabled"}:
            continue
        if isinstance(value, tuple):
            value = ", ".join(value)
        elif part.field == "default_from":
            value = masked(value)
        shown.append(f"{part.field} {_cut(value)}")
    return "; ".join(shown) or "nothing configured"


@about(Subject.TEMPLATES)
def template_checks(reading: Reading) -> Iterator[Finding]:
    """Texts that are customised already: creating them again would meet 409."""
    ours = phone_template.declared(reading.stack)
    if not ours:
        return
    there = {kind: one for kind, one in seen(reading.tenant.templates).items() if kind in ours}
    if not there:
        yield ok("none in the way")
    elif all(
        (one.text, one.voice) == (ours[kind].text, ours[kind].voice) for kind, one in there.items()
    ):
        yield ok(
            f"customised with this stack's own texts: {', '.join(sorted(there))}",
            fix="if no pulumi up of this stack made them: pulumi import them first",
        )
    else:
        ids = ", ".join(f"{kind} ({_cut(one.id)})" for kind, one in sorted(there.items()))
        yield warning(
            f"already customised: {ids}. If this stack did not create them, pulumi up meets "
            "409; if it did, the texts differ and are overwritten",
            fix=f"{ADOPT}, or pulumi import them by these ids, or delete them",
        )


def _cut(value: Any) -> str:
    return cut(str(value), _LONGEST)
