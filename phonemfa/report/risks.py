"""What a change may do to the users of a tenant that nobody asked for.

Rules over what is declared whether it changes or not are the policy pack's.
Sources: contract, provider-traps.md (what deleting and replacing does) and management-api.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from components.settings.words import words
from components.tenant.action import Action
from components.tenant.guardian import Guardian
from components.tenant.model import seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import CHANNEL_NAMES, Gate, Policy, asks_less
from phonemfa.pulumi.preview import Operation
from phonemfa.report.change import Change
from phonemfa.report.differences import FACTOR, Difference, named
from phonemfa.report.messages import Message
from phonemfa.report.settings import DOMAIN, Known, secrets_changes


class Danger(StrEnum):
    """How bad it may get, the worst first."""

    EXPOSURE = "exposure"
    """A secret goes to somebody else."""
    LOCKOUT = "lockout"
    """Users cannot log in."""
    WARNING = "warning"


@dataclass(frozen=True)
class Risk:
    """One risk: `what` may happen and what to do about it.

    `subjects` are other people's words (names, numbers) that belong to it, shown apart.
    """

    title: str
    what: str
    fix: str = ""
    subjects: tuple[str, ...] = ()
    danger: Danger = Danger.WARNING


def risks(
    change: Change, differing: tuple[Difference, ...], messages: tuple[Message, ...]
) -> tuple[Risk, ...]:
    """Every risk of a change, the worst first; none when nothing changes."""
    if all(one.operation is Operation.SAME for one in change.steps) and not differing:
        return ()
    rules = (
        _another_address,
        _nobody_can_log_in,
        _becomes_always,
        _done_to_resources,
        _generation,
        _policy_weaker,
        _narrowed,
        _dearer,
        _safeguards,
        _templates,
    )
    found = [risk for rule in rules for risk in rule(change)]
    found += [*_other_factors(differing), *_longer(messages)]
    return tuple(sorted(found, key=by_danger))


def by_danger(risk: Risk) -> int:
    """The place of a risk, the worst first."""
    return [*Danger].index(risk.danger)


def _about(
    subjects: Iterable[str], title: str, what: str, fix: str = "", danger: Danger = Danger.WARNING
) -> Iterator[Risk]:
    """One risk about all of these; none without any."""
    found = tuple(subjects)
    if found:
        yield Risk(title, what, fix, found, danger)


_ADDRESSES: Final = {DOMAIN: "auth0:domain", "cpaasBaseHost": "phonemfa:cpaasBaseHost"}


def _another_address(change: Change) -> Iterator[Risk]:
    changed = [each for one in change.settings for each in one.changed]
    yield from _about(
        [
            f"{address}: {one.before} → {one.after}"
            for key, address in _ADDRESSES.items()
            for one in changed
            if one.key == key and one.before and one.after
        ],
        "Secrets go to another address",
        "Whoever has the new address gets a secret of this stack: a tenant that of the Auth0 "
        "client, a CPaaS host the key with every number and code.",
        "make sure who has the address; give another tenant a stack of its own, as the state's ids "
        "are those of this one",
        Danger.EXPOSURE,
    )


def _nobody_can_log_in(change: Change) -> Iterator[Risk]:
    missing = change.after.missing
    if missing and change.after.policy in {Policy.ALWAYS, Policy.ADAPTIVE}:
        hard = change.after.policy == Policy.ALWAYS
        logins = "Every login is" if hard else "Logins that look risky are"
        yield Risk(
            "Lockout" if hard else "Lockout of risky logins",
            f"{logins} asked for a second factor, but {missing}: users who have nothing but the "
            "phone cannot log in.",
            "keep the policy at never until what sends is in place",
            danger=Danger.LOCKOUT if hard else Danger.WARNING,
        )


def _becomes_always(change: Change) -> Iterator[Risk]:
    """Users are asked at every login from this change on."""
    if not change.after.policy == Policy.ALWAYS != change.before.policy:
        return
    parts = {Action: "Action", PhoneProvider: "phone provider", Guardian: "factor"}
    replaced = [name for kind, name in parts.items() if change.touched(kind, Operation.REPLACE)]
    if replaced:
        yield Risk(
            "Lockout",
            "The policy becomes always in the same change that replaces the "
            f"{' and the '.join(replaced)}: if the replacement fails half-way, every login asks "
            "for a code that nothing sends.",
            "make the replacement first, see a code arrive, then change the policy",
            danger=Danger.LOCKOUT,
        )
    what = "" if change.after.missing else _something_new(change)
    if what:
        yield Risk(
            "Always from the first try",
            f"{what}, and from the same change on every login needs one: a fault in it locks "
            "everybody out.",
            "apply it with the policy never, see a code arrive on your own phone, then switch",
        )


def _something_new(change: Change) -> str:
    """What of sending has never been tried as it will be; empty when all has."""
    action = change.after.action
    tried = [one for one in _TRIED_BY_SENDING if one in change.changed_settings]
    known = {one.known for one in secrets_changes(change.steps, change.settings)}
    if change.touched(Action, Operation.CREATE, Operation.IMPORT):
        return "This sender has never delivered a code"
    if action and change.before.action and action.code != change.before.action.code:
        return "The code that sends changes too"
    if Known.CHANGED in known:
        return "The CPaaS key changes too"
    if tried:
        return f"The {words(tried[0]).subject} changes too"
    return "The Action's secrets change too, and whether the key does is not told" if known else ""


_TRIED_BY_SENDING: Final = ("cpaasBaseHost", "smsSender", "voiceSender")
"""Settings with a wrong value of which nothing is sent, which no check finds."""


def _done_to_resources(change: Change) -> Iterator[Risk]:
    for (kind, operation), risk in _DONE.items():
        # A tenant that has moved leaves its other sender behind (`_generation`).
        moved = change.ends_transition and operation is Operation.DELETE and kind is not Guardian
        if change.touched(kind, operation) and not moved:
            yield risk


_DONE: Final[Mapping[tuple[type, Operation], Risk]] = {
    (Action, Operation.REPLACE): Risk(
        "The Action is not replaced",
        "A new one beside one that sends is refused, and it is never deleted first: pulumi up "
        "stops there, and what comes after it is not written.",
        "avoid the replacement; what pulumi up says when it stops names the ways on",
    ),
    (PhoneProvider, Operation.REPLACE): Risk(
        "Phone provider replaced",
        "It is deleted before the new one is made, because a tenant has one: codes asked for in "
        "between are not sent, and a failure in between leaves none.",
        "apply it when few people log in; a plain pulumi up finishes a failed run",
    ),
    (Guardian, Operation.REPLACE): Risk(
        "All MFA off",
        "Replacing the factor begins with deleting it, which sets the policy to never and switches "
        "every MFA factor off; those that the stack does not name stay off.",
        "avoid the replacement; a plain pulumi up finishes a failed run",
    ),
    (PhoneProvider, Operation.DELETE): Risk(
        "Phone provider destroyed",
        "The tenant's phone provider is really deleted, with its configuration.",
        "keep it while the tenant has the unified experience",
    ),
    (Action, Operation.DELETE): Risk(
        "Action deleted", "Its versions and its secrets go with it: going back means a new Action."
    ),
    (Guardian, Operation.DELETE): Risk(
        "All MFA off",
        "Deleting the factor sets the policy to never and switches every MFA factor off, those of "
        "other teams too.",
    ),
}


def _dearer(change: Change) -> Iterator[Risk]:
    was, will_be = (side.listed("allowedPrefixes") for side in (change.before, change.after))
    yield from _about(
        [one for one in will_be if was and not one.startswith(was)],
        "Countries added",
        "Anybody can have codes sent to numbers under these prefixes from here on, and the company "
        "pays for them.",
    )
    limit = change.after.settings.get("recipientLimit")
    if "recipientLimit" in change.changed_settings and limit == 0:
        yield Risk(
            "No limit per number",
            "One number can be sent any number of codes, each of which is paid for.",
            "set phonemfa:recipientLimit to what a person needs in an hour",
        )


def _longer(messages: tuple[Message, ...]) -> Iterator[Risk]:
    longer = [one for one in messages if one.sent and one.before and one.parts[1] > one.parts[0]]
    yield from _about(
        [f"{one.kind}: {one.parts[0]} → {one.parts[1]}" for one in longer],
        "SMS cost more",
        "These are sent in more parts than before, and each part is paid for.",
        "shorten the text: one SMS holds 70 characters of Japanese, a part of several 67",
    )


def _generation(change: Change) -> Iterator[Risk]:
    was, will_be = change.before.experience, change.after.experience
    if was and will_be and was is not will_be:
        yield Risk(
            "The tenant changes its phone experience",
            f"From {was} to {will_be}: another trigger, another Action and other texts send the "
            "codes from here on.",
            "docs/guides/migrate.md has the steps and how to go back",
        )
    had_both, has_both = change.before.tenant.in_transition, change.after.tenant.in_transition
    if has_both and not had_both and seen(change.before.tenant.actions):
        yield Risk(
            "A transition begins",
            "Senders of both phone experiences will stand side by side.",
            "end it once codes arrive through the new one (docs/guides/migrate.md)",
        )
    if change.ends_transition:
        gone = [one for one in change.steps if one.operation is Operation.DELETE]
        yield Risk(
            "A transition ends",
            "The other experience's sender goes: there is no quick way back after this.",
            "see a code arrive through the one that stays first",
            tuple(" ".join(named(one)).strip() for one in gone if one.type != TenantSettings.TOKEN),
        )


def _policy_weaker(change: Change) -> Iterator[Risk]:
    was, will_be = change.before.policy, change.after.policy
    before, after = (side.tenant.guardian.policy for side in (change.before, change.after))
    if was and will_be and asks_less([seen(after)], [seen(before)]):
        logins = "every login" if will_be == Policy.NEVER else "logins that do not look risky"
        yield Risk(
            "MFA asked for less often",
            f"The policy goes from {was} to {will_be}: a stolen password is enough for {logins}.",
        )


def _narrowed(change: Change) -> Iterator[Risk]:
    before, after = change.before, change.after
    hard = after.policy == Policy.ALWAYS
    then = "cannot log in" if hard else "cannot use it as a factor any more"
    # A side that has no channel at all is told by other rules.
    gone = [CHANNEL_NAMES[one] for one in before.channels if one not in after.channels]
    if gone and after.channels:
        yield Risk(
            "Channel taken away",
            f"No more codes by {' and '.join(gone)}: users who have nothing else {then}.",
            "docs/guides/narrow-channels.md has the order and what to look at first",
        )
    if after.action is None:
        return
    prefixes, kinds = after.listed("allowedPrefixes"), after.listed("messageTypes")
    yield from _about(
        [one for one in before.listed("allowedPrefixes") if not one.startswith(prefixes)],
        "Countries taken away",
        f"No more codes to numbers under these prefixes: their users {then}.",
    )
    yield from _about(
        [one for one in before.listed("messageTypes") if one not in kinds],
        "Messages no longer sent",
        "The Action drops messages of these types from here on.",
    )


def _other_factors(differing: tuple[Difference, ...]) -> Iterator[Risk]:
    factors = [one for one in differing if one.subject.startswith(FACTOR)]
    yield from _about(
        [one.subject.removeprefix(FACTOR) for one in factors if one.after == "off"],
        "Other factors switched off",
        "Users who have enrolled nothing else must enrol again, or lose a way to recover.",
    )


def _templates(change: Change) -> Iterator[Risk]:
    deleted = change.touched(PhoneTemplate, Operation.DELETE)
    yield from _about(
        [named(one)[1] for one in deleted if not change.ends_transition],
        "Text deleted",
        "The tenant falls back to Auth0's own text for these messages.",
    )
    off, was_off = (
        [kind for kind, text in side.texts.items() if text.disabled is True]
        for side in (change.after, change.before)
    )
    yield from _about(
        [one for one in off if one not in was_off],
        "Text switched off",
        "A template that is switched off is not used for these messages.",
    )


def _safeguards(change: Change) -> Iterator[Risk]:
    changing = [one for one in change.actions() if one.operation is not Operation.SAME]
    yield from _about(
        [named(one)[1] for one in changing if one.will and one.will.deployed is False],
        "Code without a version",
        "The Action changes and is not deployed: the tenant goes on running the version before, "
        "and the preview shows the draft.",
        "set deploy on the Action",
    )
    if "gate" in change.changed_settings and change.after.settings.get("gate") == Gate.OFF:
        yield Risk(
            "Nothing is checked before users are asked",
            "From here on the policy is written whether or not the tenant can send a code.",
            "set phonemfa:gate to ready",
        )
    if change.before.protected and not change.after.protected:
        yield Risk(
            "Protection removed",
            "From here on Pulumi deletes and replaces these resources without refusing.",
            "put protect back in the change after the one that needs it",
        )
