"""Rules about what a login meets: the factor, its channels, the policy, the tenant's switches."""

from collections.abc import Iterator
from typing import Final

from components.tenant.guardian import HOOK, OTHER_FACTORS, WITH_DEFAULT, Guardian
from components.tenant.model import LEFT_ALONE, Difference, Unseen, differences, not_compared
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import asks_less, policy_word
from phonemfa.drift.findings import Finding, Repair, notice, shown, text_diff, thing_of
from phonemfa.drift.look import Sides

_RAISED: Final = (
    "no deploy lowers a policy: set phonemfa:policy to what the tenant has; or, if users are to be "
    "asked less often, lower it on purpose (python -m phonemfa break-glass), then pulumi up"
)
_TAKEN_BACK: Final = (
    "pulumi config set phonemfa:transition true, pulumi up --refresh, "
    "pulumi config rm phonemfa:transition, pulumi up (docs/guides/migrate.md); or switch it in the "
    "dashboard"
)
_SWITCH_NAMES: Final = {
    "unified": "unified phone experience",
    "mfa_in_actions": "Customize MFA Factors using Actions",
}


def check(at: Sides) -> Iterator[Finding]:
    """Every finding about Guardian, a legacy tenant's texts among it, and about switches."""
    for one in (
        *differences(at.declared.settings, at.tenant.settings),
        *differences(at.declared.guardian, at.tenant.guardian),
    ):
        if _is_offered(one, at.tenant.guardian):
            yield _differing(at, one)
    yield from _left_alone(at)
    yield from _not_told(at.declared.guardian, at.tenant.guardian)


def _is_offered(one: Difference, there: Guardian) -> bool:
    """Whether a part takes effect: a factor that is off offers nothing, whatever its lists say."""
    match one.part.field:
        case "message_types":
            return there.phone_enabled is True
        case "selected_provider" | "enrollment_message" | "verification_message":
            return there.phone_enabled is True and isinstance(there.selected_provider, str)
        case _:
            return True


def _differing(at: Sides, one: Difference) -> Finding:
    kind, subject = thing_of(one.part)
    expected, found = shown(one.wanted), shown(one.found)
    what, diff, in_state, how = f"{one.part.setting} was changed", "", True, ""
    match kind:
        case "policy":
            what = "a second factor is asked for at other times"
            expected, found = policy_word([one.wanted]), policy_word([one.found])
            how = _RAISED if asks_less([one.wanted], [one.found]) else ""
        case "tenant-switch":
            what = f"{_SWITCH_NAMES[one.part.field]} was switched {found}"
            in_state = at.recorded.one(TenantSettings.TOKEN) is not None
            # The guard in front of every write refuses a tenant of the other generation.
            if one.part.field == "unified" and not at.declared.in_transition:
                how = f"take the tenant back to {at.declared.experience}: {_TAKEN_BACK}"
        case "template":
            what = "the text was changed" if one.found else "the text is gone"
            expected, found = "ours", "another" if one.found else "Auth0's default"
            diff = text_diff(one.wanted, one.found, name=subject)
        case "factor":
            what = f"the phone factor is switched {found}"
            what += "" if one.found else ": nobody gets a code by phone"
        case "message-types":
            what = "the phone factor offers other channels"
        case "provider":
            what = "codes are sent by another provider"
            if one.wanted == HOOK:
                what = "the tenant sends codes itself instead of handing them to the Action"
        case "other-factor":
            what = f"{subject} was switched {found}"
    # What pulumi up cannot take back, it fails at.
    return Finding(
        kind=kind,
        subject=subject,
        what=what,
        expected=expected,
        found=found,
        repair=Repair.BY_HAND if how else Repair.UP,
        how=how,
        blocks=bool(how),
        diff=diff,
        in_state=in_state,
    )


def _left_alone(at: Sides) -> Iterator[Finding]:
    """What the stack does not say, and is not as the last run left it, or as Auth0 has it."""
    held, there = at.recorded.one(Guardian.TOKEN), at.tenant.guardian
    before = Guardian.recorded(held.outputs) if held else there
    for part in Guardian.PARTS:
        found, (kind, subject) = getattr(there, part.field), thing_of(part)
        if getattr(at.declared.guardian, part.field) is not LEFT_ALONE or isinstance(found, Unseen):
            continue
        if part in OTHER_FACTORS and found != getattr(before, part.field):
            key, _, member = part.setting.partition(".")
            yield notice(
                kind=kind,
                subject=subject,
                what=f"{subject} was switched {shown(found)} since the last pulumi up; the stack "
                "leaves it alone",
                expected=f"{shown(not found)} at the last pulumi up",
                found=shown(found),
                how=f"to have it kept, name it: phonemfa:{key} {{{member}: …}}; "
                "the next pulumi up --refresh records it",
            )
        elif part in WITH_DEFAULT and found != part.default:
            yield notice(
                kind=kind,
                subject=subject,
                what=f"{subject} is not Auth0's default; the stack leaves it alone",
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
            kind="not-compared",
            subject="guardian",
            what=f"{names}: the tenant does not tell. {why}".rstrip(),
            expected="what the stack declares",
            found="unknown",
            how="python -m phonemfa doctor says what is missing",
        )
