"""What the token may do, what the plan refuses, and how fast the tenant may be asked."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from components.settings.model import StackSettings
from components.tenant.action import name_of
from components.tenant.guardian import BY_PLAN, reads_by_plan
from components.tenant.model import Unseen, Why, seen
from components.vocabulary import DeliveryMethod, Experience, Gate, Policy
from phonemfa import scopes
from phonemfa.doctor.findings import Finding, Subject, about, fault, note, ok, unknown, warning
from phonemfa.doctor.reading import Reading
from phonemfa.scopes import Scope

MOST_ACTIONS: Final = 100
"""Per tenant (entity limit policy; management-api.md §4.3)."""

SLOW: Final = 10
"""A bucket of fewer requests than this makes an `up` wait. The free plan's has 2 (§1.4)."""

_NAMED: Final = 5
"""Scopes that are listed before the rest is only counted."""


@about(Subject.TOKEN)
def token_checks(reading: Reading) -> Iterator[Finding]:
    """Whether there is a token."""
    if reading.unreachable:
        why, fix = str(reading.unreachable), reading.unreachable.fix
        why = why.removesuffix(fix).strip().rstrip(".")
        yield unknown(f"{why}. Nothing of the tenant was looked at", fix=fix.rstrip("."))
    else:
        yield ok(f"{reading.domain} gave one")


@about(Subject.SCOPES)
def scope_checks(reading: Reading) -> Iterator[Finding]:
    """Whether the token may do all that the stack needs; reads were tried, whatever it says."""
    needed, granted = scopes.needed_by(scopes.needs_of(reading.stack)), reading.heard.scopes
    lacking = {one.scope for one in reading.refusals if one.why is Why.SCOPE}
    if granted is not None:
        lacking |= scopes.names(needed) - granted
    missing = [one for one in needed if one.name in lacking]
    if missing:
        yield _missing(missing)
    elif granted is not None:
        yield ok(f"all {len(needed)} that this stack needs")
    if granted is None:
        writes = [one.name for one in needed if not one.is_read]
        yield warning(
            "the tenant does not say what its token may do. Reads were tried; unknown: "
            f"{', '.join(writes)}",
            fix="compare the application's scopes with docs/reference/scopes.md",
        )
    elif more := sorted(granted - scopes.names(scopes.SCOPES)):
        rest = f" and {len(more) - _NAMED} more" if len(more) > _NAMED else ""
        yield note(
            "the application may do more than anything here needs: "
            f"{', '.join(more[:_NAMED])}{rest}",
            fix="an application of its own, with the scopes of docs/reference/scopes.md does less "
            "harm",
        )


def _missing(missing: Sequence[Scope]) -> Finding:
    """One finding, for they are ticked in one place; a fault, unless only removing needs them."""
    pressing = [one.name for one in missing if not one.only_to_remove]
    later = [one.name for one in missing if one.only_to_remove]
    if len(missing) == 1:
        (only,) = missing
        what, them, more = f"{only.name} is missing: it is needed to {only.what_for}", "it", ""
    else:
        named = [", ".join(pressing)] if pressing else []
        named += [f"only to remove something: {', '.join(later)}"] if later else []
        what = f"{len(missing)} are missing: {'; and '.join(named)}"
        them, more = "them", ". docs/reference/scopes.md says what each is for"
    return (fault if pressing else warning)(
        what,
        fix=f"tick {them}: Applications > APIs > Auth0 Management API > Machine to Machine "
        f"Applications{more}",
    )


@about(Subject.PLAN)
def plan_checks(reading: Reading) -> Iterator[Finding]:
    """What the tenant refuses for its plan, as far as reads are refused too.

    But for what only some plans have: which version of the plugin fits decides what that means, so
    its own check tells it.
    """
    by_plan = {f"GET {path}" for path in BY_PLAN}
    closed = [one for one in reading.refusals if one.why is Why.PLAN and one.asked not in by_plan]
    for what in dict.fromkeys(one.what for one in closed):
        yield fault(
            f"{what}. It is not in the tenant's plan, and pulumi up would meet the same",
            fix="ask Auth0 for the feature (Dashboard > Settings > Subscription)",
        )
    if reading.tenant.guardian.trial_expired:
        yield warning(
            "the tenant says of its phone factor that a trial has expired: Auth0's own sender "
            "stops at 100 messages",
            fix="codes that must arrive before pulumi up are Auth0's; ours has another sender",
        )
    yield from _room_for_actions(reading)
    if reading.stack.policy is Policy.ADAPTIVE:
        yield warning(
            "policy adaptive needs an Enterprise plan with the Adaptive MFA add-on, and no "
            "read tells whether the tenant has it",
            fix="Dashboard > Security > Multi-factor Auth: can Adaptive MFA be chosen there?",
        )
        return
    start = "nothing else was refused" if closed else "no read was refused for the plan"
    voice = " with voice" if DeliveryMethod.VOICE in reading.stack.delivery_methods else ""
    yield note(
        f"{start}. Whether it includes the phone as a factor{voice}, only a write tells: it "
        "would be a 403 in pulumi up",
        fix="Dashboard > Security > Multi-factor Auth: can Phone Message be switched on there?",
    )


def _room_for_actions(reading: Reading) -> Iterator[Finding]:
    actions, count = reading.tenant.actions, reading.action_count
    if isinstance(actions, Unseen) or isinstance(count, Unseen):
        return
    there = {one.name for one in seen(actions)}
    names = [name_of(reading.stack, one) for one in reading.stack.experiences]
    wanted = [one for one in names if one and one not in there]
    if wanted and seen(count) + len(wanted) > MOST_ACTIONS:
        yield fault(
            f"the tenant has {count} Actions and room for {MOST_ACTIONS}: "
            f"{', '.join(sorted(wanted))} would be refused",
            fix="delete Actions that nothing uses",
        )


@about(Subject.RATE_LIMIT)
def rate_checks(reading: Reading) -> Iterator[Finding]:
    """Whether the rate limit makes an `up` wait."""
    rate, needed = reading.heard, requests_of_first_up(reading.stack, reading.sdk)
    if not rate.limit:  # Untold, or a proxy's 0, which it cannot be: this was an answer.
        yield note("the tenant's answers do not tell its rate limit")
    elif rate.limit < SLOW:
        seconds = math.ceil(needed / rate.limit)
        yield note(
            f"{rate.limit} requests at once (the free plan has 2, and 2 a second): a first "
            f"pulumi up makes about {needed} and takes {seconds} s or more. The auth0 provider "
            "waits for its turn"
        )
    else:
        yield ok(f"{rate.limit} requests at once; a first pulumi up makes about {needed}")
    if rate.refusals and (rate.limit or 0) >= SLOW:
        yield warning(
            f"{rate.refusals} of the doctor's own requests were refused with 429: somebody "
            "else is using the limit up",
            fix="stop what else calls the Management API, or let pulumi up wait for its turn",
        )


def requests_of_first_up(settings: StackSettings, sdk: str) -> int:
    """About how many requests the update of a first `pulumi up` makes.

    Counted in recordings of the official plugin, for parts of each kind, and the gate's here.
    """
    unified = settings.experience is Experience.UNIFIED or settings.transition
    legacy = settings.experience is Experience.LEGACY or settings.transition
    texts = len(settings.declared_texts)
    others = len(settings.other_factors.model_dump(exclude_none=True))
    total = 2 + 8 + others  # a token and the generation; the factor and its policy
    total += len(BY_PLAN) if reads_by_plan(sdk) else 0
    if unified:
        total += 5 + 3 + 2 * texts + (4 if settings.bind_action else 0)
    if legacy:
        total += 5 + 4 + 5 + (0 if settings.transition else 4)
    if settings.gate is Gate.OFF:
        return total
    # Those of the gate (docs/decisions/policy-last.md) and of the other hooks.
    raised = 12 + (legacy and not settings.transition)
    return total + (4 if settings.policy is Policy.NEVER else raised)
