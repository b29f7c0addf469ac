"""Rules about what a login meets: the factor, its channels, the policy, the tenant's switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from components.tenant.guardian import OTHER_FACTORS, WITH_DEFAULT, Guardian, name_of
from components.tenant.model import LEFT_ALONE, Difference, Part, Unseen, differences, seen
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import asks_less, policy_word
from phonemfa.drift.findings import Finding, Level, Repair, shown
from phonemfa.drift.kinds import kind_of
from phonemfa.drift.live import Live
from phonemfa.drift.recorded import Recorded

_RAISED: Final = (
    "no deploy lowers a policy: set phonemfa:policy to what the tenant has; or, if users are to be "
    "asked less often, lower it on purpose (python -m phonemfa break-glass), then pulumi up"
)
_SWITCH_NAMES: Final = {
    "unified": "unified phone experience",
    "mfa_in_actions": "Customize MFA Factors using Actions",
}


def check(declared: Snapshot, recorded: Recorded, live: Live) -> Iterator[Finding]:
    """Every finding about factors, policy and switches."""
    yield from _switches(declared, recorded, live.tenant)
    differing = {
        one.part.field: one for one in differences(declared.guardian, live.tenant.guardian)
    }
    if "policy" in differing:
        wanted, found = differing["policy"].wanted, differing["policy"].found
        lowered = asks_less([wanted], [found])
        yield Finding(
            kind="policy",
            what="a second factor is asked for at other times",
            expected=policy_word([wanted]),
            found=policy_word([found]),
            repair=Repair.BY_HAND if lowered else Repair.UP,
            how=_RAISED if lowered else "",
            blocks=lowered,
        )
    yield from _phone_factor(differing, live.tenant.guardian)
    yield from _other_factors(declared.guardian, recorded, live.tenant.guardian)
    yield from _with_default(declared.guardian, live.tenant.guardian)


def _switches(declared: Snapshot, recorded: Recorded, tenant: Snapshot) -> Iterator[Finding]:
    in_state = recorded.one(TenantSettings.TOKEN) is not None
    for one in differences(declared.settings, tenant.settings):
        # The guard in front of every write refuses a tenant of the other generation.
        guarded = one.part.field == "unified" and not declared.in_transition
        yield Finding(
            kind="tenant-switch",
            subject=one.part.api,
            what=f"{_SWITCH_NAMES[one.part.field]} was switched {shown(one.found)}",
            expected=shown(one.wanted),
            found=shown(one.found),
            repair=Repair.BY_HAND if guarded else Repair.UP,
            how=_move(declared) if guarded else "",
            blocks=guarded,
            in_state=in_state,
        )


def _move(declared: Snapshot) -> str:
    return (
        f"take the tenant back to {declared.experience}: pulumi config set phonemfa:transition "
        "true, pulumi up --refresh, pulumi config rm phonemfa:transition, pulumi up "
        "(docs/guides/migrate.md); or switch it in the dashboard"
    )


def _phone_factor(differing: Mapping[str, Difference], there: Guardian) -> Iterator[Finding]:
    factor, types = differing.get("phone_enabled"), differing.get("message_types")
    if factor:
        yield Finding(
            kind="factor",
            what="the phone factor is switched on"
            if factor.found
            else "the phone factor is switched off: nobody gets a code by phone",
            expected=shown(factor.wanted),
            found=shown(factor.found),
        )
    # A factor that is off offers nothing, whatever its list says.
    elif types and there.phone_enabled:
        yield Finding(
            kind="message-types",
            what="the phone factor offers other channels",
            expected=shown(types.wanted),
            found=shown(types.found),
        )


def _other_factors(declared: Guardian, recorded: Recorded, live: Guardian) -> Iterator[Finding]:
    guardian = recorded.one(Guardian.TOKEN)
    for part in OTHER_FACTORS:
        name, subject = part.field, name_of(part)
        there, wanted = seen(getattr(live, name)), declared.other_factors.get(name)
        if wanted is not None and there is not wanted:
            yield Finding(
                kind=kind_of(part),
                subject=subject,
                what=f"{subject} was switched {shown(there)}",
                expected=shown(wanted),
                found=shown(there),
            )
        elif wanted is None and guardian and there is not _recorded(guardian.outputs, name):
            yield Finding(
                kind=kind_of(part),
                subject=subject,
                level=Level.NOTICE,
                what=f"{subject} was switched {shown(there)} since the last pulumi up; the stack "
                "leaves it alone",
                expected=f"{shown(not there)} at the last pulumi up",
                found=shown(there),
                repair=Repair.NOTHING,
                how=f"to have it kept, name it: phonemfa:otherFactors {{{to_camel(name)}: …}}; "
                "the next pulumi up --refresh records it",
                in_state=False,
            )


def _with_default(declared: Guardian, there: Guardian) -> Iterator[Finding]:
    unseen: list[str] = []
    for part in WITH_DEFAULT:
        wanted, found = getattr(declared, part.field), getattr(there, part.field)
        is_declared = wanted is not LEFT_ALONE
        if isinstance(found, Unseen):
            if is_declared:
                unseen.append(part.setting)
        elif is_declared and found != wanted:
            yield _set_otherwise(part, wanted, found)
        elif not is_declared and found != part.default:
            yield _set_otherwise(part, part.default, found, level=Level.NOTICE)
    if unseen:
        refusals = [getattr(there, part.field) for part in WITH_DEFAULT]
        why = next(
            (one.refusal.what for one in refusals if isinstance(one, Unseen) and one.refusal), ""
        )
        yield Finding(
            kind="not-compared",
            subject="guardian",
            level=Level.NOTICE,
            what=f"{', '.join(unseen)}: the tenant does not tell. {why}".rstrip(),
            expected="what the stack declares",
            found="unknown",
            repair=Repair.NOTHING,
            how="python -m phonemfa doctor says what is missing",
            in_state=False,
        )


def _set_otherwise(part: Part, wanted: Any, found: Any, *, level: Level = Level.DRIFT) -> Finding:
    is_drift = level is Level.DRIFT
    name = name_of(part)
    keep = f"to have it kept, name it: phonemfa:{part.setting}" if part.setting else ""
    return Finding(
        kind=kind_of(part),
        subject=name,
        level=level,
        what=f"{part.setting} was changed"
        if is_drift
        else f"{name} is not Auth0's default; the stack leaves it alone",
        expected=shown(wanted),
        found=shown(found),
        repair=Repair.UP if is_drift else Repair.NOTHING,
        how="" if is_drift else keep,
        in_state=is_drift,
    )


def _recorded(outputs: Mapping[str, Any], name: str) -> bool:
    value: bool = getattr(Guardian.recorded(outputs), name)
    return value
