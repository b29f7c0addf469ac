"""Rules about what a login meets: the factor, its channels, the policy, the tenant's switches."""

from collections.abc import Iterator
from typing import Final

from components.tenant.guardian import HOOK, OTHER_FACTORS, WITH_DEFAULT, Guardian
from components.tenant.model import LEFT_ALONE, Difference, Unseen, differences, not_compared
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import asks_less, policy_word
from phonemfa.drift.findings import Finding, Repair, notice, shown, text_diff
from phonemfa.drift.kinds import thing_of
from phonemfa.drift.sources import Live, Recorded

_RAISED: Final = (
    "no deploy lowers a policy: set phonemfa:policy to what the tenant has; or, if users are to be "
    "asked less often, lower it on purpose (python -m phonemfa break-glass), then pulumi up"
)
_SWITCH_NAMES: Final = {
    "unified": "unified phone experience",
    "mfa_in_actions": "Customize MFA Factors using Actions",
}


def check(declared: Snapshot, recorded: Recorded, live: Live) -> Iterator[Finding]:
    """Every finding about Guardian, a legacy tenant's texts among it, and about switches."""
    yield from _switches(declared, recorded, live.tenant)
    there = live.tenant.guardian
    for one in differences(declared.guardian, there):
        if _is_offered(one, there):
            yield _differing(one)
    yield from _left_alone(declared.guardian, recorded, there)
    yield from _not_told(declared.guardian, there)


def _switches(declared: Snapshot, recorded: Recorded, tenant: Snapshot) -> Iterator[Finding]:
    for one in differences(declared.settings, tenant.settings):
        # The guard in front of every write refuses a tenant of the other generation.
        guarded = one.part.field == "unified" and not declared.in_transition
        kind, subject = thing_of(one.part)
        yield Finding(
            kind=kind,
            subject=subject,
            what=f"{_SWITCH_NAMES[one.part.field]} was switched {shown(one.found)}",
            expected=shown(one.wanted),
            found=shown(one.found),
            repair=Repair.BY_HAND if guarded else Repair.UP,
            how=f"take the tenant back to {declared.experience}: pulumi config set "
            "phonemfa:transition true, pulumi up --refresh, pulumi config rm phonemfa:transition, "
            "pulumi up (docs/guides/migrate.md); or switch it in the dashboard"
            if guarded
            else "",
            blocks=guarded,
            in_state=recorded.one(TenantSettings.TOKEN) is not None,
        )


def _is_offered(one: Difference, there: Guardian) -> bool:
    """Whether a part takes effect: a factor that is off offers nothing, whatever its lists say."""
    match one.part.field:
        case "message_types":
            return there.phone_enabled is True
        case "selected_provider" | "enrollment_message" | "verification_message":
            return there.phone_enabled is True and isinstance(there.selected_provider, str)
        case _:
            return True


def _differing(one: Difference) -> Finding:
    kind, subject = thing_of(one.part)
    wanted, found = one.wanted, one.found
    if kind == "policy":
        lowered = asks_less([wanted], [found])
        return Finding(
            kind=kind,
            what="a second factor is asked for at other times",
            expected=policy_word([wanted]),
            found=policy_word([found]),
            repair=Repair.BY_HAND if lowered else Repair.UP,
            how=_RAISED if lowered else "",
            blocks=lowered,
        )
    if kind == "template":
        return Finding(
            kind=kind,
            subject=subject,
            what="the text was changed" if found else "the text is gone",
            expected="ours",
            found="another" if found else "Auth0's default",
            diff=text_diff(wanted, found, name=subject),
        )
    what = {
        "factor": "the phone factor is switched on"
        if found
        else "the phone factor is switched off: nobody gets a code by phone",
        "message-types": "the phone factor offers other channels",
        "provider": "the tenant sends codes itself instead of handing them to the Action"
        if wanted == HOOK
        else "codes are sent by another provider",
        "other-factor": f"{subject} was switched {shown(found)}",
    }.get(kind, f"{one.part.setting} was changed")
    return Finding(
        kind=kind, subject=subject, what=what, expected=shown(wanted), found=shown(found)
    )


def _left_alone(declared: Guardian, recorded: Recorded, there: Guardian) -> Iterator[Finding]:
    """What the stack does not say, and is not as the last run left it, or as Auth0 has it."""
    held = recorded.one(Guardian.TOKEN)
    before = Guardian.recorded(held.outputs) if held else there
    for part in Guardian.PARTS:
        found, (kind, subject) = getattr(there, part.field), thing_of(part)
        if getattr(declared, part.field) is not LEFT_ALONE or isinstance(found, Unseen):
            continue
        if part in OTHER_FACTORS and found != getattr(before, part.field):
            key, _, member = part.setting.partition(".")
            yield notice(
                kind,
                subject,
                f"{subject} was switched {shown(found)} since the last pulumi up; the stack "
                "leaves it alone",
                expected=f"{shown(not found)} at the last pulumi up",
                found=shown(found),
                how=f"to have it kept, name it: phonemfa:{key} {{{member}: …}}; "
                "the next pulumi up --refresh records it",
            )
        elif part in WITH_DEFAULT and found != part.default:
            yield notice(
                kind,
                subject,
                f"{subject} is not Auth0's default; the stack leaves it alone",
                expected=shown(part.default),
                found=shown(found),
                how=f"to have it kept, name it: phonemfa:{part.setting}" if part.setting else "",
            )


def _not_told(declared: Guardian, there: Guardian) -> Iterator[Finding]:
    unseen = [one for one in not_compared(declared, there) if one.part in WITH_DEFAULT]
    if unseen:
        names = ", ".join(one.part.setting for one in unseen)
        why = next((one.found.refusal.what for one in unseen if one.found.refusal), "")
        yield notice(
            "not-compared",
            "guardian",
            f"{names}: the tenant does not tell. {why}".rstrip(),
            expected="what the stack declares",
            found="unknown",
            how="python -m phonemfa doctor says what is missing",
        )
