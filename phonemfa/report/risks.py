"""What a change may do to the users of a tenant that nobody asked for.

Rules over what is declared whether it changes or not are the policy pack's.
Sources: contract, provider-traps.md (what deleting and replacing does) and management-api.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from components.settings.words import CHANNEL_NAMES, words
from components.tenant.action import Action
from components.tenant.guardian import Guardian
from components.tenant.model import seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import Gate, Policy
from phonemfa.pulumi.preview import Operation
from phonemfa.report.change import Change
from phonemfa.report.differences import Difference, named
from phonemfa.report.messages import Message
from phonemfa.report.settings import Known, secrets_changes


class Danger(StrEnum):
    """How bad it may get, the worst first."""

    EXPOSURE = "exposure"
    """A secret goes to somebody else."""
    LOCKOUT = "lockout"
    """Users cannot log in."""
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One risk: `what` may happen and what to do about it.

    `subjects` are other people's words (names, numbers) that belong to it, shown apart.
    """

    danger: Danger
    title: str
    what: str
    fix: str = ""
    subjects: tuple[str, ...] = ()


def risks(
    change: Change, differing: tuple[Difference, ...], messages: tuple[Message, ...]
) -> tuple[Risk, ...]:
    """Every risk of a change, the worst first; none when nothing changes."""
    if all(one.operation is Operation.SAME for one in change.steps) and not differing:
        return ()
    rules = (
        _another_address,
        _nobody_can_log_in,
        _replaced,
        _always_with_something_new,
        _deleted,
        _generation,
        _policy_weaker,
        _narrowed,
        _dearer,
        _gate_off,
        _templates,
        _code_stays_a_draft,
        _protection,
    )
    found = [risk for rule in rules for risk in rule(change)]
    found += [*_other_factors(differing), *_longer(messages)]
    return tuple(sorted(found, key=lambda one: [*Danger].index(one.danger)))


def _another_address(change: Change) -> Iterator[Risk]:
    moves = [("auth0:domain", *one.tenants) for one in change.settings]
    moves += [
        ("phonemfa:cpaasBaseHost", each.before, each.after)
        for one in change.settings
        for each in one.changed
        if each.key == "cpaasBaseHost"
    ]
    to = [f"{key}: {was} → {will}" for key, was, will in moves if was and will and will != was]
    if to:
        yield Risk(
            danger=Danger.EXPOSURE,
            title="Secrets go to another address",
            what="Whoever has the new address gets a secret of this stack: a tenant that of the "
            "Auth0 client, a CPaaS host the key with every number and code.",
            fix="make sure who has the address; give another tenant a stack of its own, as the "
            "state's ids are those of this one",
            subjects=tuple(to),
        )


def _nobody_can_log_in(change: Change) -> Iterator[Risk]:
    missing = change.after.missing
    if missing and change.after.policy in {Policy.ALWAYS, Policy.ADAPTIVE}:
        hard = change.after.policy == Policy.ALWAYS
        logins = "Every login is" if hard else "Logins that look risky are"
        yield Risk(
            danger=Danger.LOCKOUT if hard else Danger.WARNING,
            title="Lockout" if hard else "Lockout of risky logins",
            what=f"{logins} asked for a second factor, but {missing}: users who have nothing but "
            "the phone cannot log in.",
            fix="keep the policy at never until what sends is in place",
        )


def _replaced(change: Change) -> Iterator[Risk]:
    replace = Operation.REPLACE
    parts = {
        Action.TOKEN: "Action",
        PhoneProvider.TOKEN: "phone provider",
        Guardian.TOKEN: "factor",
    }
    replaced = [words for kind, words in parts.items() if change.touched(kind, replace)]
    if _becomes_always(change) and replaced:
        yield Risk(
            danger=Danger.LOCKOUT,
            title="Lockout",
            what="The policy becomes always in the same change that replaces the "
            f"{' and the '.join(replaced)}: if the replacement fails half-way, every login asks "
            "for a code that nothing sends.",
            fix="make the replacement first, see a code arrive, then change the policy",
        )
    if change.touched(Action.TOKEN, replace):
        yield Risk(
            danger=Danger.WARNING,
            title="A moment without a sender",
            what="The Action is deleted before the new one is made, because a tenant has room for "
            "one: codes asked for in between are not sent, and a failure in between leaves none.",
            fix="apply it when few people log in; a plain pulumi up finishes a failed run",
        )
    if change.touched(PhoneProvider.TOKEN, replace):
        yield Risk(
            danger=Danger.WARNING,
            title="Phone provider replaced",
            what="A tenant has one provider: creating takes over the one that is there, and "
            "deleting the old one afterwards may leave none.",
            fix="look at Branding > Phone Provider after the run, or avoid the replacement",
        )
    if change.touched(Guardian.TOKEN, replace):
        yield Risk(
            danger=Danger.WARNING,
            title="All MFA off",
            what="Replacing the factor ends with deleting the old one, which sets the policy to "
            "never and switches every MFA factor off.",
            fix="avoid the replacement; otherwise run pulumi up --refresh right after it",
        )


def _becomes_always(change: Change) -> bool:
    """Whether users are asked at every login from this change on."""
    return change.after.policy == Policy.ALWAYS != change.before.policy


def _always_with_something_new(change: Change) -> Iterator[Risk]:
    if not _becomes_always(change) or change.after.missing:
        return
    action = change.after.action
    tried = [one for one in _TRIED_BY_SENDING if one in change.changed_settings]
    known = {one.known for one in secrets_changes(change.steps, change.settings)}
    if change.touched(Action.TOKEN, Operation.CREATE, Operation.IMPORT):
        what = "This sender has never delivered a code"
    elif action and change.before.action and action.code != change.before.action.code:
        what = "The code that sends changes too"
    elif Known.CHANGED in known:
        what = "The CPaaS key changes too"
    elif tried:
        what = f"The {words(tried[0]).subject} changes too"
    elif known:
        what = "The Action's secrets change too, and whether the key does is not told"
    else:
        return
    yield Risk(
        danger=Danger.WARNING,
        title="Always from the first try",
        what=f"{what}, and from the same change on every login needs one: a fault in it locks "
        "everybody out.",
        fix="apply it with the policy never, see a code arrive on your own phone, then switch",
    )


_TRIED_BY_SENDING: Final = ("cpaasBaseHost", "smsSender", "voiceSender")
"""Settings with a wrong value of which nothing is sent, which no check finds."""


def _dearer(change: Change) -> Iterator[Risk]:
    was, will_be = (side.listed("allowedPrefixes") for side in (change.before, change.after))
    added = [one for one in will_be if was and not one.startswith(was)]
    if added:
        yield Risk(
            danger=Danger.WARNING,
            title="Countries added",
            what="Anybody can have codes sent to numbers under these prefixes from here on, and "
            "the company pays for them.",
            subjects=tuple(added),
        )
    if (
        "recipientLimit" in change.changed_settings
        and change.after.settings.get("recipientLimit") == 0
    ):
        yield Risk(
            danger=Danger.WARNING,
            title="No limit per number",
            what="One number can be sent any number of codes, each of which is paid for.",
            fix="set phonemfa:recipientLimit to what a person needs in an hour",
        )


def _gate_off(change: Change) -> Iterator[Risk]:
    if "gate" in change.changed_settings and change.after.settings.get("gate") == Gate.OFF:
        yield Risk(
            danger=Danger.WARNING,
            title="Nothing is checked before users are asked",
            what="From here on the policy is written whether or not the tenant can send a code.",
            fix="set phonemfa:gate to ready",
        )


def _longer(messages: tuple[Message, ...]) -> Iterator[Risk]:
    parts = [
        f"{one.kind}: {one.before.size.parts} → {one.after.size.parts}"
        for one in messages
        if one.grew and one.sent and one.before and one.before.size and one.after and one.after.size
    ]
    if parts:
        yield Risk(
            danger=Danger.WARNING,
            title="SMS cost more",
            what="These are sent in more parts than before, and each part is paid for.",
            fix="shorten the text; a part of Japanese text holds 70 characters, or 67 of several",
            subjects=tuple(parts),
        )


def _deleted(change: Change) -> Iterator[Risk]:
    # A tenant that has moved leaves its other sender behind (`_generation`).
    goes = not change.ends_transition
    if goes and change.touched(PhoneProvider.TOKEN, Operation.DELETE):
        yield Risk(
            danger=Danger.WARNING,
            title="Phone provider destroyed",
            what="The tenant's phone provider is really deleted, with its configuration.",
            fix="keep it while the tenant has the unified experience",
        )
    if goes and change.touched(Action.TOKEN, Operation.DELETE):
        yield Risk(
            danger=Danger.WARNING,
            title="Action deleted",
            what="Its versions and its secrets go with it: going back means a new Action.",
        )
    if change.touched(Guardian.TOKEN, Operation.DELETE):
        yield Risk(
            danger=Danger.WARNING,
            title="All MFA off",
            what="Deleting the factor sets the policy to never and switches every MFA factor off, "
            "those of other teams too.",
        )


def _generation(change: Change) -> Iterator[Risk]:
    was, will_be = change.before.experience, change.after.experience
    if was and will_be and was is not will_be:
        yield Risk(
            danger=Danger.WARNING,
            title="The tenant changes its phone experience",
            what=f"From {was} to {will_be}: another trigger, another Action and other texts send "
            "the codes from here on.",
            fix="docs/guides/migrate.md has the steps and how to go back",
        )
    had_both, has_both = change.before.tenant.in_transition, change.after.tenant.in_transition
    if has_both and not had_both and seen(change.before.tenant.actions):
        yield Risk(
            danger=Danger.WARNING,
            title="A transition begins",
            what="Senders of both phone experiences will stand side by side.",
            fix="end it once codes arrive through the new one (docs/guides/migrate.md)",
        )
    if change.ends_transition:
        gone = [
            " ".join(named(one)).strip()
            for one in change.steps
            if one.operation is Operation.DELETE and one.type != TenantSettings.TOKEN
        ]
        yield Risk(
            danger=Danger.WARNING,
            title="A transition ends",
            what="The other experience's sender goes: there is no quick way back after this.",
            fix="see a code arrive through the one that stays first",
            subjects=tuple(gone),
        )


def _policy_weaker(change: Change) -> Iterator[Risk]:
    strength = {Policy.NEVER.value: 0, Policy.ADAPTIVE.value: 1, Policy.ALWAYS.value: 2}
    was, will_be = change.before.policy, change.after.policy
    if will_be and strength.get(was or "", 0) > strength.get(will_be, 0):
        yield Risk(
            danger=Danger.WARNING,
            title="MFA asked for less often",
            what=f"The policy goes from {was} to {will_be}: a stolen password is enough for "
            f"{'every login' if will_be == 'never' else 'logins that do not look risky'}.",
        )


def _narrowed(change: Change) -> Iterator[Risk]:
    hard = change.after.policy == Policy.ALWAYS
    then = "cannot log in" if hard else "cannot use it as a factor any more"
    # A side that has no channel at all is told by other rules.
    gone = [one for one in change.before.channels if one not in change.after.channels]
    if gone and change.after.channels:
        yield Risk(
            danger=Danger.WARNING,
            title="Channel taken away",
            what=f"No more codes by {' and '.join(CHANNEL_NAMES[one] for one in gone)}: users who "
            f"have nothing else {then}.",
            fix="docs/guides/narrow-channels.md has the order and what to look at first",
        )
    was, will_be = (side.listed("allowedPrefixes") for side in (change.before, change.after))
    lost = [one for one in was if not one.startswith(will_be)]
    if lost and change.after.action:
        yield Risk(
            danger=Danger.WARNING,
            title="Countries taken away",
            what=f"No more codes to numbers under these prefixes: their users {then}.",
            subjects=tuple(lost),
        )
    was, will_be = (side.listed("messageTypes") for side in (change.before, change.after))
    dropped = [one for one in was if one not in will_be]
    if dropped and change.after.action:
        yield Risk(
            danger=Danger.WARNING,
            title="Messages no longer sent",
            what="The Action drops messages of these types from here on.",
            subjects=tuple(dropped),
        )


def _other_factors(differing: tuple[Difference, ...]) -> Iterator[Risk]:
    off = [
        one.subject.removeprefix("other factor ")
        for one in differing
        if one.subject.startswith("other factor ") and one.after == "off"
    ]
    if off:
        yield Risk(
            danger=Danger.WARNING,
            title="Other factors switched off",
            what="Users who have enrolled nothing else must enrol again, or lose a way to recover.",
            subjects=tuple(off),
        )


def _templates(change: Change) -> Iterator[Risk]:
    deleted = [named(one)[1] for one in change.touched(PhoneTemplate.TOKEN, Operation.DELETE)]
    if deleted and not change.ends_transition:
        yield Risk(
            danger=Danger.WARNING,
            title="Text deleted",
            what="The tenant falls back to Auth0's own text for these messages.",
            subjects=tuple(deleted),
        )
    was = change.before.texts
    off = [
        kind
        for kind, text in change.after.texts.items()
        if text.disabled is True and not (kind in was and was[kind].disabled is True)
    ]
    if off:
        yield Risk(
            danger=Danger.WARNING,
            title="Text switched off",
            what="A template that is switched off is not used for these messages.",
            subjects=tuple(off),
        )


def _code_stays_a_draft(change: Change) -> Iterator[Risk]:
    drafts = [
        named(step)[1]
        for step in change.actions()
        if step.operation is not Operation.SAME and step.will and step.will.deployed is False
    ]
    if drafts:
        yield Risk(
            danger=Danger.WARNING,
            title="Code without a version",
            what="The Action changes and is not deployed: the tenant goes on running the version "
            "before, and the preview shows the draft.",
            fix="set deploy on the Action",
            subjects=tuple(drafts),
        )


def _protection(change: Change) -> Iterator[Risk]:
    if change.before.protected and not change.after.protected:
        yield Risk(
            danger=Danger.WARNING,
            title="Protection removed",
            what="From here on Pulumi deletes and replaces these resources without refusing.",
            fix="put protect back in the change after the one that needs it",
        )
