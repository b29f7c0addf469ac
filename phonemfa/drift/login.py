"""Rules about what a login meets: the factor, its channels, the policy, the tenant's switches.

Owns comparing what the stack declares with the tenant's. Refuses to read a tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from components.resources.factor import BLOCKS, SWITCHES
from phonemfa.drift.declared import Declared
from phonemfa.drift.findings import Finding, Level, Repair, shown
from phonemfa.drift.live import Live
from phonemfa.drift.recorded import GUARDIAN, TENANT, Recorded

PHONE: Final = "sms"
"""What the API calls the phone factor, voice included."""

API_NAMES: Final = {
    name: {"push": "push-notification"}.get(name, name.replace("_", "-"))
    for name in (*SWITCHES, *BLOCKS)
}

_SWITCH_NAMES: Final = {
    "phone_consolidated_experience": "unified phone experience",
    "customize_mfa_in_postlogin_action": "Customize MFA Factors using Actions",
}


def check(declared: Declared, recorded: Recorded, live: Live) -> Iterator[Finding]:
    """Every finding about factors, policy and switches."""
    yield from _switches(declared, recorded, live)
    yield from _policy(declared, live)
    yield from _phone_factor(declared, live)
    yield from _other_factors(declared, recorded, live)


def _switches(declared: Declared, recorded: Recorded, live: Live) -> Iterator[Finding]:
    in_state = recorded.one(TENANT) is not None
    for key, wanted in declared.switches.items():
        there = bool(live.settings.get(key))
        if there is wanted:
            continue
        # The guard in front of every write refuses a tenant of the other generation.
        guarded = key == "phone_consolidated_experience" and not declared.in_transition
        yield Finding(
            kind="tenant-switch",
            subject=key,
            what=f"{_SWITCH_NAMES[key]} was switched {shown(there)}",
            expected=shown(wanted),
            found=shown(there),
            repair=Repair.BY_HAND if guarded else Repair.UP,
            how=_move(declared) if guarded else "",
            blocks=guarded,
            in_state=in_state,
        )


def _move(declared: Declared) -> str:
    return (
        f"take the tenant back to {declared.experience}: pulumi config set phonemfa:transition "
        "true, pulumi up --refresh, pulumi config rm phonemfa:transition, pulumi up "
        "(docs/guides/migrate.md); or switch it in the dashboard"
    )


def _policy(declared: Declared, live: Live) -> Iterator[Finding]:
    there = live.policies[0] if live.policies else "never"
    if there != declared.policy:
        yield Finding(
            kind="policy",
            what="a second factor is asked for at other times",
            expected=declared.policy,
            found=", ".join(live.policies) or "never",
        )


def _phone_factor(declared: Declared, live: Live) -> Iterator[Finding]:
    there = live.factors.get(PHONE, False)
    if there is not declared.phone_enabled:
        yield Finding(
            kind="factor",
            what="the phone factor is switched on"
            if there
            else "the phone factor is switched off: nobody gets a code by phone",
            expected=shown(declared.phone_enabled),
            found=shown(there),
        )
    # Guardian's list is ordered, but means the same in any order.
    elif there and set(live.message_types or ()) != set(declared.message_types):
        yield Finding(
            kind="message-types",
            what="the phone factor offers other channels",
            expected=", ".join(declared.message_types),
            found=", ".join(live.message_types or ()) or "none",
        )


def _other_factors(declared: Declared, recorded: Recorded, live: Live) -> Iterator[Finding]:
    guardian = recorded.one(GUARDIAN)
    before = guardian.outputs if guardian else {}
    for name, api_name in API_NAMES.items():
        there = live.factors.get(api_name, False)
        wanted = declared.other_factors.get(name)
        if wanted is not None and there is not wanted:
            yield Finding(
                kind="other-factor",
                subject=api_name,
                what=f"{api_name} was switched {shown(there)}",
                expected=shown(wanted),
                found=shown(there),
            )
        elif wanted is None and guardian and there is not _recorded_switch(before, name):
            yield Finding(
                kind="other-factor",
                subject=api_name,
                level=Level.NOTICE,
                what=f"{api_name} was switched {shown(there)} since the last pulumi up; the stack "
                "leaves it alone",
                expected=f"{shown(not there)} at the last pulumi up",
                found=shown(there),
                repair=Repair.NOTHING,
                how=f"to have it kept, name it: phonemfa:otherFactors {{{to_camel(name)}: …}}; "
                "the next pulumi up --refresh records it",
                in_state=False,
            )


def _recorded_switch(outputs: Mapping[str, Any], name: str) -> bool:
    value = outputs.get(to_camel(name))
    # A plain switch, or a block with one; left out where the tenant never had it on.
    return bool(value.get("enabled") if isinstance(value, Mapping) else value)
