"""What could go wrong when this stack is applied to this tenant.

Owns the rules, each a plain function from tenant and settings to findings. Refuses to read
either, and to print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from components.generation import contradiction
from components.settings import StackSettings
from components.vocabulary import Experience
from phonemfa.tenant import BoundAction, TenantView


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    subject: str
    what: str
    fix: str = ""


def check(tenant: TenantView, settings: StackSettings) -> list[Finding]:
    """Every finding, in the order in which `pulumi up` would meet them."""
    return [
        *_generation(tenant, settings),
        *_one_action_per_tenant(tenant, settings),
        *_legacy_bindings(tenant, settings),
        *_provider(tenant, settings),
        *_templates(tenant, settings),
    ]


def _generation(tenant: TenantView, settings: StackSettings) -> Iterator[Finding]:
    actual = Experience.UNIFIED if tenant.is_unified else Experience.LEGACY
    wrong = contradiction(tenant_is_unified=tenant.is_unified, experience=settings.experience)
    if wrong and not settings.transition:
        what, _, fix = wrong.partition(" Nothing was written. Fix: ")
        yield Finding(level=Level.FAULT, subject="generation", what=what, fix=fix)
    elif wrong:
        yield Finding(
            level=Level.WARNING,
            subject="generation",
            what=f"the next pulumi up moves the tenant from {actual} to {settings.experience}",
            fix="intended? docs/guides/migrate.md has the steps",
        )
    else:
        yield Finding(level=Level.OK, subject="generation", what=f"tenant and stack are {actual}")


def _one_action_per_tenant(tenant: TenantView, settings: StackSettings) -> Iterator[Finding]:
    if settings.experience is not Experience.UNIFIED and not settings.transition:
        return
    trigger = "custom-phone-provider"
    found = [one for one in tenant.actions if one.trigger == trigger]
    foreign = [one for one in found if one.name != settings.action_name]
    for one in foreign:
        yield Finding(
            level=Level.FAULT,
            subject=trigger,
            what=f"the tenant has the Action {one.name!r} ({one.action_id}), and room for one: "
            "creating ours would meet 403 actions_cardinality_custom_phone_provider_not_allowed",
            fix=f"set phonemfa:actionName to {one.name!r} and pulumi import it, or delete it",
        )
    if not foreign:
        what = "ours is there" if found else "free for ours"
        yield Finding(level=Level.OK, subject=trigger, what=what)


def _legacy_bindings(tenant: TenantView, settings: StackSettings) -> Iterator[Finding]:
    if settings.experience is not Experience.LEGACY and not settings.transition:
        return
    trigger, ours = "send-phone-message", f"{settings.action_name}-legacy"
    marketplace = {one.action_id for one in tenant.actions if one.from_marketplace}
    names = {one.action_id: one.name for one in tenant.actions}
    others = [one for one in tenant.bound[trigger] if names.get(one.action_id, one.name) != ours]
    for one in others:
        yield _other_binding(one, trigger, from_marketplace=one.action_id in marketplace)
    if not others:
        count = len(tenant.bound[trigger])
        what = "ours is bound, alone" if count else "nothing is bound yet"
        yield Finding(level=Level.OK, subject=trigger, what=what)


def _other_binding(one: BoundAction, trigger: str, *, from_marketplace: bool) -> Finding:
    if from_marketplace:
        return Finding(
            level=Level.WARNING,
            subject=trigger,
            what=f"the Action {one.name!r} of a Marketplace integration is bound: it stays, and "
            "every login gets a message from it too",
            fix="hand over as in docs/guides/legacy.md, Taking over from the Marketplace",
        )
    return Finding(
        level=Level.WARNING,
        subject=trigger,
        what=f"the Action {one.name!r} ({one.action_id}) is bound: it stays, and runs at every "
        "login beside ours",
        fix="if it sends messages too, unbind it in the dashboard after the first pulumi up",
    )


def _provider(tenant: TenantView, settings: StackSettings) -> Iterator[Finding]:
    if settings.experience is not Experience.UNIFIED and not settings.transition:
        return
    provider = tenant.provider
    if provider is None:
        yield Finding(level=Level.OK, subject="phone provider", what="none: ours will be created")
    elif provider.get("name") == "custom":
        yield Finding(level=Level.OK, subject="phone provider", what="custom, as declared")
    else:
        yield Finding(
            level=Level.WARNING,
            subject="phone provider",
            what=f"the tenant has the provider {provider.get('name')!r}: pulumi up takes it over "
            "and overwrites its configuration and credentials",
            fix="note them down first if you may want to go back",
        )


def _templates(tenant: TenantView, settings: StackSettings) -> Iterator[Finding]:
    if settings.experience is not Experience.UNIFIED and not settings.transition:
        return
    ahead = sorted(
        {kind.value for kind in settings.message_types} & set(tenant.customised_templates)
    )
    if ahead:
        yield Finding(
            level=Level.WARNING,
            subject="phone templates",
            what=f"already customised: {', '.join(ahead)}. If this stack did not create them, "
            "pulumi up meets 409",
            fix="pulumi import them by their tem_… ids, or delete them in the tenant",
        )
    else:
        yield Finding(level=Level.OK, subject="phone templates", what="none in the way")
