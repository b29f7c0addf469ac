"""Who will be asked for a second factor after `pulumi up`, with what, and what else guards it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from components.settings.values import duration, in_words, seconds
from components.settings.words import meaning
from components.tenant.attack_protection import AttackProtection, State
from components.tenant.guardian import OTHER_FACTORS, blocks, in_force, name_of, reads_by_plan
from components.tenant.model import Unseen, Why, known, seen
from components.tenant.snapshot import Wanted, lacking
from components.vocabulary import CHANNELS, Gate, Policy, asks_less, policy_word
from phonemfa.doctor.findings import (
    Finding,
    Subject,
    about,
    fault,
    not_looked,
    note,
    ok,
    reason,
    unknown,
    warning,
)
from phonemfa.doctor.reading import Reading

_ASKED: Final = {
    Policy.ALWAYS: "every user at every login; users without a factor must enrol one",
    Policy.ADAPTIVE: "users whose login looks risky",
    Policy.NEVER: "nobody, unless an Action asks",
}
_NOT_A_WAY_IN: Final = frozenset({"recovery_code"})
"""What users get beside a factor, and cannot enrol alone."""


@about(Subject.POLICY)
def policy_checks(reading: Reading) -> Iterator[Finding]:
    """The tenant's policy against the declared one, and whether anybody could obey it."""
    there = reading.tenant.guardian
    live, wanted = [seen(there.policy)], reading.stack.policy
    now, declared = policy_word(live), [wanted.guardian_policy]
    is_known = now in set(Policy)
    if not is_known:
        yield warning(f"the tenant has a policy that is not known here: {now}")
    # Factors that could not be read accuse nobody.
    usable = [known(there.phone_enabled, otherwise=True)]
    usable += [on for name, on in there.other_factors.items() if name not in _NOT_A_WAY_IN]
    if now != Policy.NEVER and not any(usable):
        yield warning(
            f"it is {now} now, and no factor is on that users could enrol: whoever is asked "
            "cannot log in",
            fix="pulumi up switches the phone on; until then set the policy to never",
        )
    if wanted is not Policy.NEVER and reading.stack.gate is Gate.OFF:
        yield warning(
            "gate is off: a pulumi up that fails half-way can leave users asked for codes "
            "that nothing sends",
            fix="pulumi config set phonemfa:gate ready",
        )
    if live == declared:
        yield ok(f"{wanted}, as declared. Asked: {_ASKED[wanted]}")
    elif asks_less(declared, live):
        keep = f"pulumi config set phonemfa:policy {now}; or, if it is meant, " if is_known else ""
        yield fault(
            f"it is {now} now, and the stack would lower it to {wanted}: no pulumi up does",
            fix=f"{keep}lower it first: python -m phonemfa break-glass",
        )
    else:
        # What a code lacks today on its way to a user, as far as that was seen.
        missing = lacking(reading.tenant, Wanted.by(reading.stack))
        untried = f" This way is untried: {'; '.join(missing)}." if missing else ""
        yield warning(
            f"it is {now} now, and pulumi up makes it {wanted}. Asked afterwards: "
            f"{_ASKED[wanted]}.{untried}",
            fix="pulumi config set phonemfa:policy never for the first pulumi up; "
            f"{wanted} when a code has arrived on your own phone (python -m phonemfa smoke)",
        )


@about(Subject.FACTORS)
def factor_checks(reading: Reading) -> Iterator[Finding]:
    """What becomes of the phone factor and of the others."""
    there = reading.tenant.guardian
    phone_on = seen(there.phone_enabled)
    declared = reading.stack.other_factors.model_dump(exclude_none=True)
    is_on = there.other_factors
    on = {part.field: name_of(part) for part in OTHER_FACTORS if is_on.get(part.field)}
    leaving = [name for field, name in on.items() if declared.get(field) is False]
    if leaving:
        yield warning(
            f"pulumi up switches off {', '.join(leaving)}: users who enrolled nothing else "
            "must enrol the phone before they get in",
            fix="leave them out of phonemfa:otherFactors to keep them as they are",
        )
    phone = "phone is on" if phone_on else "phone is off, and will be switched on"
    staying = [name for name in on.values() if name not in leaving]
    also = f"; {', '.join(staying)} on too, and left so" if staying else "; no other stays on"
    yield ok(f"{phone}{also}")


@about(Subject.FACTORS)
def channel_checks(reading: Reading) -> Iterator[Finding]:
    """Channels that users can choose now, and not after `pulumi up`."""
    there = reading.tenant.guardian
    wanted = {CHANNELS[one] for one in reading.stack.delivery_methods}
    lost = [one for one in seen(there.message_types) if one not in wanted]
    if known(there.phone_enabled, otherwise=False) and lost:
        names = {word: method for method, word in CHANNELS.items()}
        name = ", ".join(names.get(one, one) for one in lost)
        yield warning(
            f"users can choose {', '.join(lost)} now, and pulumi up takes it away: the stack "
            f"does not declare {name}",
            fix="docs/guides/narrow-channels.md has the steps",
        )


# --- MFA settings ---------------------------------------------------------------------------------
#
# From 3.54 on the plugin of pulumi-auth0 reads the tenant's MFA settings at the end of each create,
# update and refresh of Guardian. A tenant that is not entitled to them refuses that, and Guardian
# fails (provider issue 1732).

FITTING: Final = "pulumi-auth0>=3.50,<3.54"
"""Versions for a tenant that is not entitled to MFA settings."""

_GUIDE: Final = "docs/guides/plugin-version.md"


@about(Subject.MFA_SETTINGS)
def mfa_settings_checks(reading: Reading) -> Iterator[Finding]:
    """What the tenant's three answers mean for the installed version of the plugin.

    It fails over a refusal of the factors' settings. A 403 to the third it only warns of.
    """
    there, sdk = reading.tenant.guardian, reading.sdk
    values = (there.code_length, there.email_code_length, there.remember_me_shown)
    *factors, third = [one.refusal if isinstance(one, Unseen) else None for one in values]
    refused = [one for one in (*factors, third) if one]
    if not reads_by_plan(sdk):
        unread = f"the installed pulumi-auth0 {sdk} does not read them"
        if any(one.why is Why.PLAN for one in refused):
            yield note(
                f"the tenant is not entitled to them (403), and {unread}",
                fix=f"stay with {FITTING}, SDK and plugin alike: {_GUIDE}",
            )
        else:
            could = "" if refused else ", and could here"
            yield ok(f"{unread}; 3.54 and later does{could}")
        return
    if not refused:
        yield ok(
            f"the tenant shows all three that pulumi-auth0 3.54 and later reads; {sdk} is installed"
        )
    of_factors = [one for one in factors if one]
    plan = next((one for one in of_factors if one.why is Why.PLAN), None)
    missing = next((one for one in of_factors if one.status == HTTPStatus.NOT_FOUND), None)
    if plan:
        yield fault(
            f"{plan.what}. The tenant is not entitled to MFA settings, and Guardian of "
            f"pulumi-auth0 3.54 and later reads them: create, update and refresh would fail "
            f"({sdk} is installed)",
            fix=f"install {FITTING}; SDK and plugin go together: {_GUIDE}",
        )
    if missing:
        yield unknown(
            f"{missing.what}. The tenant (or sandbox) is older than these settings; what "
            f"Guardian of pulumi-auth0 3.54 and later does there is not known ({sdk} is installed)",
            fix=f"{FITTING} does not ask for them: {_GUIDE}",
        )
    for one in of_factors:
        if one.status != HTTPStatus.NOT_FOUND:
            yield from not_looked(one)
    if third is None or (plan and third.why is Why.PLAN):
        return
    if third.why in {Why.SCOPE, Why.PLAN}:
        yield warning(
            f"{third.asked}: {reason(third)}. pulumi-auth0 {sdk} only warns of that: how long a "
            "browser is remembered is not seen"
        )
    elif not (missing and third.status == HTTPStatus.NOT_FOUND):
        yield from not_looked(third)


@about(Subject.MFA_SETTINGS)
def remembered_browsers(reading: Reading) -> Iterator[Finding]:
    """What "always" means where a browser may be remembered, after the next `pulumi up`."""
    there, key = reading.tenant.guardian, "rememberBrowser"
    wanted, live = in_force(reading.stack, there)[key], blocks(there).get(key)
    if reading.stack.policy is not Policy.ALWAYS or wanted is None:
        return  # Where nobody knows, that the tenant does not tell is said already.
    if wanted["shown"] is False:
        yield ok(meaning(key, wanted))
        return
    changes = "" if live is None or live == wanted else ", which pulumi up changes"
    yield note(
        f"always is not every login{changes}: {meaning(key, wanted)}",
        fix="phonemfa:rememberBrowser says how long, or that no browser is remembered",
    )


@about(Subject.TEXTS)
def code_checks(reading: Reading) -> Iterator[Finding]:
    """Whether the shipped texts say how long a code is valid in this tenant."""
    stack = reading.stack
    code = in_force(stack, reading.tenant.guardian)["oneTimeCode"]
    if stack.adopted or code is None or seconds(code["lifetime"]) == stack.code_lifetime:
        return
    said, true = in_words(duration(stack.code_lifetime)), in_words(code["lifetime"])
    yield warning(
        f"the shipped texts say that a code is valid for {said}, and in this tenant it is "
        f"for {true}",
        fix=f"pulumi config set --path 'phonemfa:oneTimeCode.lifetime' {code['lifetime']}, with "
        f"oneTimeCode.length {code['length']}",
    )


# --- Auth0's own protection -----------------------------------------------------------------------

_CONTROLS: Final = {
    "bot_detection": "bot detection",
    "suspicious_ip_throttling": "suspicious IP throttling",
    "brute_force_protection": "brute-force protection",
    "breached_password_detection": "breached password detection",
}
_BY_DEFAULT: Final = frozenset({"suspicious_ip_throttling", "brute_force_protection"})
"""The controls that every new tenant has on, whatever its plan."""


@about(Subject.PROTECTION)
def protection_checks(reading: Reading) -> Iterator[Finding]:
    """Which of Auth0's own controls are on: they decide how many codes attackers can ask for."""
    told: dict[str, list[str]] = {}
    lowered = False
    for part in AttackProtection.PARTS:
        state = getattr(reading.protection, part.field)
        word = state.value if isinstance(state, State) else _unseen(state)
        told.setdefault(word, []).append(_CONTROLS[part.field])
        lowered |= isinstance(state, State) and state is not State.ON and part.field in _BY_DEFAULT
    is_fine = set(told) == {State.ON}
    say = warning if lowered else ok if is_fine else note
    yield say(
        "; ".join(f"{word}: {', '.join(names)}" for word, names in told.items()),
        fix=""
        if is_fine
        else "Dashboard > Security > Attack Protection shows and switches them: codes cost money, "
        "and attackers ask for many",
    )


def _unseen(state: Unseen) -> str:
    return f"unseen ({reason(state.refusal)})" if state.refusal else "unseen"


OF_EVERY_TENANT: Final = (
    policy_checks,
    mfa_settings_checks,
    remembered_browsers,
    code_checks,
    protection_checks,
)
"""What is asked of an adopted tenant too."""
