"""Each risk is told when it is there, and not when it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from phonemfa.report.risks import Danger
from phonemfa.report.summary import Environment, faulty
from tests.phonemfa.report.previews import (
    ACTION,
    CHANGE_PASSWORD,
    COMPONENT,
    GUARDIAN,
    PROVIDER,
    VERIFY,
    Change,
    Inputs,
    policy,
    recoded,
    rotated,
    text,
)


def titles(environment: Environment, danger: Danger | None = None) -> set[str]:
    return {one.title for one in environment.risks if danger in {None, one.danger}}


def lockouts(change: Change) -> str:
    return " ".join(one.what for one in change.environment().risks if one.danger is Danger.LOCKOUT)


def from_never(change: Change) -> Change:
    """The policy becomes always in this change."""
    return change.before(GUARDIAN, policy("never")).update(
        GUARDIAN, policy("all-applications"), "policy"
    )


def phone(**values: object) -> Callable[[Inputs], object]:
    return lambda inputs: inputs["phone"].update(values)


def disabled(inputs: Inputs) -> None:
    inputs["disabled"] = True


def keyless(inputs: Inputs) -> None:
    inputs["secrets"] = []


HARMLESS = {
    "nothing": Change,
    "a text": lambda: Change().update(VERIFY, text("{{ code }}"), "content.body.text"),
    "the code": lambda: recoded(Change(), "// other"),
    "the key": lambda: rotated(Change()),
    "a longer prefix beside one that has it": lambda: Change().asks(
        allowedPrefixes=["+81", "+8190"]
    ),
    "a setting of an earlier version": lambda: Change().of_an_earlier_version(),
    "a stricter policy": lambda: from_never(Change()),
    "protection": lambda: Change().protect(was=False, will_be=True),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_change_has_no_risk(change: Callable[[], Change]) -> None:
    assert change().environment().risks == ()


LOCKOUTS = {
    "no Action": (lambda: Change().delete(ACTION), "no Action"),
    "no provider": (lambda: Change().delete(PROVIDER), "no phone provider"),
    "a provider that is off": (
        lambda: Change().update(PROVIDER, disabled, "disabled"),
        "provider is switched off",
    ),
    "a factor that is off": (
        lambda: Change().update(GUARDIAN, phone(enabled=False), "phone.enabled"),
        "factor is switched off",
    ),
    "no channel": (
        lambda: Change().update(GUARDIAN, phone(messageTypes=[]), "phone.messageTypes[0]"),
        "no channel",
    ),
    "an Action that is not deployed": (
        lambda: Change().update(ACTION, lambda inputs: inputs.update(deploy=False), "deploy"),
        "no Action is deployed",
    ),
    "an Action without its key": (
        lambda: Change().update(ACTION, keyless, "secrets"),
        "no CPAAS_API_KEY",
    ),
    "always while the Action is replaced": (
        lambda: from_never(Change().replace(ACTION)),
        "replaces the Action",
    ),
    "always while the provider is replaced": (
        lambda: from_never(Change().replace(PROVIDER)),
        "replaces the phone provider",
    ),
    "always while the provider is deleted": (
        lambda: from_never(Change().delete(PROVIDER)),
        "no phone provider",
    ),
}


@pytest.mark.parametrize(("change", "words"), LOCKOUTS.values(), ids=LOCKOUTS)
def test_a_lockout_is_told_and_fails_a_strict_run(change: Callable[[], Change], words: str) -> None:
    assert words in lockouts(change())
    assert faulty([change().environment()], strict=True)


@pytest.mark.parametrize("will_be", ["never", "confidence-score"])
def test_without_always_nobody_is_locked_out_for_sure(will_be: str) -> None:
    change = Change().before(GUARDIAN, policy(will_be)).delete(PROVIDER)
    assert lockouts(change) == ""
    risky = "Lockout of risky logins" in titles(change.environment())
    assert risky == (will_be == "confidence-score")


def to_another_tenant() -> Change:
    change = Change().asks(changes_the_action=False)
    change.step(COMPONENT)["newState"]["inputs"]["tenant"] = "other.sandbox.test"
    return change


WARNINGS: dict[str, Callable[[], Change]] = {
    "A moment without a sender": lambda: Change().replace(ACTION),
    "Phone provider replaced": lambda: Change().replace(PROVIDER),
    "All MFA off": lambda: Change().replace(GUARDIAN),
    "Phone provider destroyed": lambda: Change().delete(PROVIDER),
    "Action deleted": lambda: Change().delete(ACTION),
    "MFA asked for less often": lambda: Change().update(GUARDIAN, policy("never"), "policy"),
    "Channel taken away": lambda: Change().update(
        GUARDIAN, phone(messageTypes=["sms"]), "phone.messageTypes[1]"
    ),
    "Countries taken away": lambda: Change().asks(allowedPrefixes=["+8190"]),
    "Countries added": lambda: Change().asks(allowedPrefixes=["+81", "+1"]),
    "No limit per number": lambda: Change().asks(recipientLimit=0),
    "Nothing is checked before users are asked": lambda: Change().asks(
        gate="off", changes_the_action=False
    ),
    "Secrets go to another address": to_another_tenant,
    "SMS cost more": lambda: Change().update(
        VERIFY, text("{{ code }} " + "長" * 64), "content.body.text"
    ),
    "Messages no longer sent": lambda: Change().asks(messageTypes=["otp_enroll", "otp_verify"]),
    "Text deleted": lambda: Change().delete(CHANGE_PASSWORD),
    "Text switched off": lambda: Change().update(VERIFY, disabled, "disabled"),
    "Code without a version": lambda: Change().update(
        ACTION, lambda inputs: inputs.update(deploy=False, code="// new"), "deploy", "code"
    ),
    "Protection removed": lambda: Change().protect(was=True, will_be=False),
    "Always from the first try": lambda: Change().create(),
    "Other factors switched off": lambda: (
        Change()
        .named("otp")
        .before(GUARDIAN, lambda inputs: inputs.update(otp=True))
        .update(GUARDIAN, lambda inputs: inputs.update(otp=False), "otp")
    ),
    "The tenant changes its phone experience": lambda: Change().update(
        GUARDIAN, phone(provider="phone-message-hook"), "phone.provider"
    ),
}


LONGER: dict[str, tuple[Callable[[], Change], set[str]]] = {
    "a line that browsers fill in": (
        lambda: Change().asks(
            changes_the_action=False, originBoundCode="a-rather-long-name.login.example.co.jp"
        ),
        {"otp_enroll: 1 → 2", "otp_verify: 1 → 2"},
    ),
    "one character that carriers cannot pack": (
        lambda: (
            Change()
            .before(VERIFY, text("{{ code }}" + "x" * 140))
            .update(VERIFY, text("{{ code }}é" + "ç" * 10 + "x" * 129), "content.body.text")
        ),
        {"otp_verify: 1 → 3"},
    ),
}


@pytest.mark.parametrize(("change", "told"), LONGER.values(), ids=LONGER)
def test_an_sms_that_takes_more_parts_is_told_with_both_counts(
    change: Callable[[], Change], told: set[str]
) -> None:
    (risk,) = [one for one in change().environment().risks if one.title == "SMS cost more"]
    assert told <= {*risk.subjects}


def test_a_text_of_a_closed_channel_or_a_shorter_one_costs_no_more() -> None:
    longer = "{{ code }} " + "長" * 64
    closed = Change().before(GUARDIAN, phone(messageTypes=["voice"]))
    closed.update(VERIFY, text(longer), "content.body.text")
    assert "SMS cost more" not in titles(closed.environment())
    shorter = Change().before(VERIFY, text(longer))
    shorter.update(VERIFY, text("{{ code }}"), "content.body.text")
    assert "SMS cost more" not in titles(shorter.environment())


def test_a_factor_that_is_deleted_switches_all_mfa_off() -> None:
    assert "All MFA off" in titles(Change().delete(GUARDIAN).environment())


@pytest.mark.parametrize("title", WARNINGS)
def test_a_warning_is_told(title: str) -> None:
    assert title in titles(WARNINGS[title]().environment())


UNTRIED: dict[str, Callable[[Change], Change]] = {
    "key": rotated,
    "code": lambda change: recoded(change, "// new"),
    "sender": lambda change: change.asks(smsSender="0005299999"),
    "host": lambda change: change.asks(cpaasBaseHost="other.sandbox.test"),
    "secrets beside a setting": lambda change: change.asks(recipientLimit=9),
}


@pytest.mark.parametrize("with_it", UNTRIED.values(), ids=UNTRIED)
def test_always_together_with_something_untried_is_told(
    with_it: Callable[[Change], Change],
) -> None:
    assert "Always from the first try" in titles(with_it(from_never(Change())).environment())
    alone = titles(with_it(Change()).environment())
    assert alone <= {"Secrets go to another address"}, "a host, for a reason of its own"


def test_a_prefix_within_one_that_stays_is_not_taken_away() -> None:
    change = Change().had(allowedPrefixes=["+81", "+8190"]).asks(allowedPrefixes=["+81"])
    assert "Countries taken away" not in titles(change.environment())


def test_lockouts_come_first_but_for_a_secret_that_goes_astray() -> None:
    change = from_never(Change().replace(ACTION))
    dangers = [one.danger for one in change.environment().risks]
    assert dangers == sorted(dangers)
    assert dangers[0] is Danger.LOCKOUT
    change.asks(changes_the_action=False, cpaasBaseHost="other.sandbox.test")
    first, *others = change.environment().risks
    assert first.danger is Danger.EXPOSURE
    assert first.subjects == ("phonemfa:cpaasBaseHost: cpaas.sandbox.test → other.sandbox.test",)
    assert others
    assert faulty([to_another_tenant().environment()], strict=True)


def test_a_loose_run_passes_a_lockout_but_no_broken_mandatory_rule() -> None:
    locked = from_never(Change().replace(ACTION)).environment()
    assert not locked.violations
    assert not faulty([locked], strict=False)
    broken = Change().delete(PROVIDER).environment()
    assert broken.violations
    assert faulty([broken], strict=False)


def adopted(inputs: Inputs) -> None:
    """Somebody else's Action, as a stack declares it until its own takes over."""
    inputs.update(name="theirs", code="// theirs", deploy=False, secrets=[])


FOUND = {"action": {"name": "theirs"}}
"""The setting of such a stack."""


def leaving_its_version(change: Change) -> Change:
    """As the program declares it: whether it is deployed is not the stack's."""
    change.step(ACTION)["newState"]["ignoreChanges"] = ["deploy"]
    return change


def test_an_action_as_it_was_found_locks_nobody_out() -> None:
    found = leaving_its_version(Change().had(adopted=FOUND).before(ACTION, adopted))
    assert lockouts(found.update(GUARDIAN, phone(messageTypes=["sms"]), "phone")) == ""


def test_taking_over_from_an_adopted_action_is_no_lockout() -> None:
    ours = Change().step(ACTION)["newState"]["inputs"]
    takes_over = Change().had(adopted=FOUND).before(ACTION, adopted).asks(adopted=None)
    takes_over.update(ACTION, lambda inputs: inputs.update(ours), "code", "deploy", "name")
    assert lockouts(takes_over) == ""
    as_found = Change().asks(adopted=FOUND).update(ACTION, adopted, "code")
    assert lockouts(leaving_its_version(as_found)) == ""


def test_twilio_sends_without_an_action() -> None:
    twilio = Change().before(PROVIDER, lambda inputs: inputs.update(name="twilio"))
    assert lockouts(twilio.delete(ACTION)) == ""
    assert "no Action" in lockouts(Change().delete(ACTION))


@pytest.mark.parametrize(("provider", "locked"), [("auth0", ""), ("phone-message-hook", "Action")])
def test_a_legacy_tenants_own_sender_needs_no_action(provider: str, locked: str) -> None:
    legacy = Change().before(GUARDIAN, phone(provider=provider)).delete(PROVIDER)
    assert locked in lockouts(legacy)
    assert bool(locked) == bool(lockouts(legacy))
