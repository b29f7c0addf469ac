"""Who will be asked for a second factor after `pulumi up`, and with what.

Owns the rules about policy and factors: plain functions from answers and settings to findings.
Refuses to ask, and to gate an `up`: that is the components'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.settings.model import StackSettings
from components.vocabulary import DeliveryMethod, Gate, Policy, guardian_message_types
from phonemfa.doctor.answers import Reading, Refused
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.doctor.tenant_checks import not_looked

_POLICIES: Final = {"all-applications": Policy.ALWAYS, "confidence-score": Policy.ADAPTIVE}
_STRENGTH: Final = {Policy.NEVER: 0, Policy.ADAPTIVE: 1, Policy.ALWAYS: 2}
_ASKED: Final = {
    Policy.ALWAYS: "every user at every login; who has no factor must enrol one to get in",
    Policy.ADAPTIVE: "users whose login looks risky",
    Policy.NEVER: "nobody, unless an Action asks",
}
_SETTING_NAMES: Final = {
    "push-notification": "push",
    "webauthn-roaming": "webauthn_roaming",
    "webauthn-platform": "webauthn_platform",
    "recovery-code": "recovery_code",
}
_NOT_A_WAY_IN: Final = frozenset({"recovery-code"})
"""What users get beside a factor, and cannot enrol alone."""

PHONE: Final = "sms"
"""The phone factor's name in the API, for voice too."""


def policy_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """The tenant's policy against the declared one, and whether anybody could obey it."""
    if isinstance(reading.policies, Refused):
        yield from not_looked(reading.policies, Subject.POLICY)
        return
    names = [_POLICIES.get(one) for one in reading.policies]
    unheard = [one for one in reading.policies if one not in _POLICIES]
    now = next((one for one in names if one), Policy.NEVER)
    wanted = settings.policy
    usable = _usable(reading)
    if unheard:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.POLICY,
            what=f"the tenant has a policy that is not known here: {', '.join(unheard)}",
        )
    if now is not Policy.NEVER and usable is False:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.POLICY,
            what=f"it is {now} now, and no factor is on that users could enrol: whoever is asked "
            "cannot log in",
            fix="pulumi up switches the phone on; until then set the policy to never",
        )
    if wanted is not Policy.NEVER and settings.gate is Gate.OFF:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.POLICY,
            what="gate is off: a pulumi up that fails half-way can leave users asked for codes "
            "that nothing sends",
            fix="pulumi config set phonemfa:gate ready",
        )
    if wanted is now:
        yield Finding(
            level=Level.OK,
            subject=Subject.POLICY,
            what=f"{wanted}, as declared. Asked: {_ASKED[wanted]}",
        )
    elif _STRENGTH[wanted] > _STRENGTH[now]:
        yield _stricter(now, wanted, phone_works=_phone_is_on(reading))
    else:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.POLICY,
            what=f"it is {now} now, and pulumi up makes it {wanted}: logins lose the protection. "
            f"Asked afterwards: {_ASKED[wanted]}",
            fix=f"not intended? pulumi config set phonemfa:policy {now}",
        )


def _stricter(now: Policy, wanted: Policy, *, phone_works: bool) -> Finding:
    untried = "" if phone_works else " The phone factor is off, so this way is untried."
    return Finding(
        level=Level.WARNING,
        subject=Subject.POLICY,
        what=f"it is {now} now, and pulumi up makes it {wanted}. Asked afterwards: "
        f"{_ASKED[wanted]}.{untried}",
        fix="pulumi config set phonemfa:policy never for the first pulumi up; "
        f"{wanted} when a code has arrived on your own phone (python -m phonemfa smoke)",
    )


def _usable(reading: Reading) -> bool | None:
    """Whether a factor is on that users can enrol; None when that could not be read."""
    if isinstance(reading.factors, Refused):
        return None
    return any(
        one.get("enabled") and one.get("name") not in _NOT_A_WAY_IN for one in reading.factors
    )


def _phone_is_on(reading: Reading) -> bool:
    if isinstance(reading.factors, Refused):
        return False
    return any(one.get("name") == PHONE and one.get("enabled") for one in reading.factors)


def factor_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """What becomes of the phone factor and of the others."""
    if isinstance(reading.factors, Refused):
        yield from not_looked(reading.factors, Subject.FACTORS)
        return
    declared = settings.other_factors.model_dump(exclude_none=True)
    on = [str(one["name"]) for one in reading.factors if one.get("enabled")]
    others = [one for one in on if one != PHONE]
    leaving = [one for one in others if declared.get(_SETTING_NAMES.get(one, one)) is False]
    if leaving:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.FACTORS,
            what=f"pulumi up switches off {', '.join(leaving)}: users who enrolled nothing else "
            "must enrol the phone before they get in",
            fix="leave them out of phonemfa:otherFactors to keep them as they are",
        )
    yield from _losing_a_channel(reading, settings)
    phone = "phone is on" if PHONE in on else "phone is off, and will be switched on"
    staying = [one for one in others if one not in leaving]
    also = f"; {', '.join(staying)} on too, and left so" if staying else "; no other stays on"
    yield Finding(level=Level.OK, subject=Subject.FACTORS, what=f"{phone}{also}")


def _losing_a_channel(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    if isinstance(reading.message_types, Refused):
        yield from not_looked(reading.message_types, Subject.FACTORS)
        return
    wanted = guardian_message_types(settings.delivery_methods)
    lost = [one for one in reading.message_types if one not in wanted]
    if _phone_is_on(reading) and lost:
        channel = {"sms": DeliveryMethod.TEXT, "voice": DeliveryMethod.VOICE}
        name = ", ".join(channel.get(one, one) for one in lost)
        yield Finding(
            level=Level.WARNING,
            subject=Subject.FACTORS,
            what=f"users can choose {', '.join(lost)} now, and pulumi up takes it away: the stack "
            f"does not declare {name}",
            fix="docs/guides/narrow-channels.md has the steps",
        )
