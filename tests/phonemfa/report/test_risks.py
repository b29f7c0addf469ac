"""Each risk is told when it is there, and not when it is not."""

from typing import Any

import pytest

from phonemfa.report.risks import Danger
from phonemfa.report.summary import faulty
from tests.phonemfa.report.previews import (
    ACTION,
    CHANGE_PASSWORD,
    COMPONENT,
    GUARDIAN,
    PROVIDER,
    SECRET,
    VERIFY,
    Change,
)

EXPOSED, LOCKOUT, UNTRIED = (
    "Secrets go to another address",
    "Lockout",
    "Always from the first try",
)
DANGERS = {EXPOSED: Danger.EXPOSURE, LOCKOUT: Danger.LOCKOUT}
"""Of all others it is a warning."""
LONG = "{{ code }} " + "長" * 64
FOUND = {"action": {"name": "theirs"}}
"""The setting of a stack that declares somebody else's Action, until its own takes over, and"""
THEIRS = {"name": "theirs", "code": "// theirs", "deploy": False, "secrets": []}
"""that Action."""


def phone(**values: Any) -> Change:
    return Change().sets(GUARDIAN, phone=values)


def elsewhere() -> Change:
    change = Change().asks()
    change.step(COMPONENT)["newState"]["inputs"]["tenant"] = "other.sandbox.test"
    return change


def as_found(change: Change) -> Change:
    """As the program declares it: whether the Action is deployed is not the stack's."""
    change.step(ACTION)["newState"]["ignoreChanges"] = ["deploy"]
    return change


def closed() -> Change:
    """Messages go by voice alone."""
    return Change().has(GUARDIAN, phone={"messageTypes": ["voice"]})


def taken_over() -> Change:
    ours = Change().step(ACTION)["newState"]["inputs"] | {"secrets": SECRET}
    return Change().had(adopted=FOUND).has(ACTION, **THEIRS).asks(adopted=None).sets(ACTION, **ours)


def legacy(provider: str) -> Change:
    return Change().has(GUARDIAN, phone={"provider": provider}).delete(PROVIDER)


RISKS: dict[str, tuple[Change, dict[str, str]]] = {
    "nothing": (Change(), {}),
    "a text": (Change().says("{{ code }}"), {}),
    "the code": (Change().recodes("// other"), {}),
    "the key": (Change().rotates(), {}),
    "a prefix in one that is there": (Change().asks(allowedPrefixes=["+81", "+8190"]), {}),
    "a prefix in one that stays": (
        Change().had(allowedPrefixes=["+81", "+8190"]).asks(allowedPrefixes=["+81"]),
        {},
    ),
    "settings recorded for the first time": (Change().of_an_earlier_version(), {}),
    "a stricter policy": (Change().begins_to_ask(), {}),
    "protection": (Change().protect(was=False, will_be=True), {}),
    "a longer text of a closed channel": (closed().says(LONG), {}),
    "a shorter text": (Change().said(LONG).says("{{ code }}"), {}),
    "an Action as it was found": (
        as_found(Change().had(adopted=FOUND).has(ACTION, **THEIRS)).sets(
            GUARDIAN, phone={"messageTypes": ["sms"]}
        ),
        {"Channel taken away": ""},
    ),
    "taking over from it": (taken_over(), {}),
    "declaring it": (as_found(Change().asks(adopted=FOUND).sets(ACTION, **THEIRS)), {}),
    "no Action": (Change().delete(ACTION), {LOCKOUT: "no Action", "Action deleted": ""}),
    "no Action, beside Twilio": (
        Change().has(PROVIDER, name="twilio").delete(ACTION),
        {"Action deleted": ""},
    ),
    "no provider": (
        Change().delete(PROVIDER),
        {LOCKOUT: "no phone provider", "Phone provider destroyed": ""},
    ),
    "no provider, of users who are never asked": (
        Change().has(GUARDIAN, policy="never").delete(PROVIDER),
        {"Phone provider destroyed": ""},
    ),
    "no provider, of users who are asked now and then": (
        Change().has(GUARDIAN, policy="confidence-score").delete(PROVIDER),
        {"Lockout of risky logins": "no phone provider", "Phone provider destroyed": ""},
    ),
    "a legacy tenant's own sender": (legacy("auth0"), {"Phone provider destroyed": ""}),
    "a legacy tenant's hook": (
        legacy("phone-message-hook"),
        {LOCKOUT: "no Action", "Phone provider destroyed": ""},
    ),
    "a provider that is off": (
        Change().sets(PROVIDER, disabled=True),
        {LOCKOUT: "provider is switched off"},
    ),
    "a factor that is off": (phone(enabled=False), {LOCKOUT: "factor is switched off"}),
    "no channel": (phone(messageTypes=[]), {LOCKOUT: "no channel"}),
    "an Action that is not deployed": (
        Change().sets(ACTION, deploy=False),
        {LOCKOUT: "no Action is deployed", "Code without a version": ""},
    ),
    "an Action without its key": (Change().sets(ACTION, secrets=[]), {LOCKOUT: "no CPAAS_API_KEY"}),
    "always, and another Action": (
        Change().replace(ACTION).begins_to_ask(),
        {LOCKOUT: "replaces the Action", "The Action is not replaced": "", UNTRIED: ""},
    ),
    "always, and another provider": (
        Change().replace(PROVIDER).begins_to_ask(),
        {LOCKOUT: "replaces the phone provider", "Phone provider replaced": ""},
    ),
    "always, and no provider": (
        Change().delete(PROVIDER).begins_to_ask(),
        {LOCKOUT: "no phone provider", "Phone provider destroyed": ""},
    ),
    "another Action": (Change().replace(ACTION), {"The Action is not replaced": ""}),
    "another provider": (Change().replace(PROVIDER), {"Phone provider replaced": ""}),
    "another factor": (Change().replace(GUARDIAN), {"All MFA off": ""}),
    "no factor": (Change().delete(GUARDIAN), {"All MFA off": ""}),
    "a laxer policy": (
        Change().sets(GUARDIAN, policy="never"),
        {"MFA asked for less often": "from always to never"},
    ),
    "a policy that nobody here knows, given up": (
        Change().has(GUARDIAN, policy="risk-scores").sets(GUARDIAN, policy="never"),
        {"MFA asked for less often": "from risk-scores to never"},
    ),
    "no voice": (phone(messageTypes=["sms"]), {"Channel taken away": "voice"}),
    "fewer countries": (Change().asks(allowedPrefixes=["+8190"]), {"Countries taken away": "+81"}),
    "more countries": (Change().asks(allowedPrefixes=["+81", "+1"]), {"Countries added": "+1"}),
    "no limit": (Change().asks(recipientLimit=0), {"No limit per number": ""}),
    "no gate": (Change().asks(gate="off"), {"Nothing is checked before users are asked": ""}),
    "another tenant": (elsewhere(), {EXPOSED: "→ other.sandbox.test"}),
    "another host": (
        Change().asks(cpaasBaseHost="b.test"),
        {EXPOSED: "phonemfa:cpaasBaseHost: cpaas.sandbox.test → b.test"},
    ),
    "fewer messages": (
        Change().asks(messageTypes=["otp_enroll", "otp_verify"]),
        {"Messages no longer sent": "change_password"},
    ),
    "no text": (Change().delete(CHANGE_PASSWORD), {"Text deleted": "change_password"}),
    "a text that is off": (
        Change().sets(VERIFY, disabled=True),
        {"Text switched off": "otp_verify"},
    ),
    "no protection": (Change().protect(was=True, will_be=False), {"Protection removed": ""}),
    "a new stack": (Change().create(), {UNTRIED: "never delivered"}),
    "a factor fewer": (
        Change().named("otp").has(GUARDIAN, otp=True).sets(GUARDIAN, otp=False),
        {"Other factors switched off": "otp"},
    ),
    "the other experience": (
        phone(provider="phone-message-hook"),
        {LOCKOUT: "no Action", "The tenant changes its phone experience": "unified to legacy"},
    ),
    "a longer text": (Change().says(LONG), {"SMS cost more": "otp_verify: 1 → 2"}),
    "a line that browsers fill in": (
        Change().asks(originBoundCode="a-rather-long-name.login.example.co.jp"),
        {"SMS cost more": "otp_enroll: 1 → 2 otp_verify: 1 → 2"},
    ),
    "one character that carriers cannot pack": (
        Change().said("{{ code }}" + "x" * 140).says("{{ code }}é" + "ç" * 10 + "x" * 129),
        {"SMS cost more": "otp_verify: 1 → 3"},
    ),
    "always, and a key": (Change().begins_to_ask().rotates(), {UNTRIED: "CPaaS key"}),
    "always, and code": (Change().begins_to_ask().recodes("// new"), {UNTRIED: "code that sends"}),
    "always, and a sender": (
        Change().begins_to_ask().asks(smsSender="0005299999"),
        {UNTRIED: "sender"},
    ),
    "always, and a host": (
        Change().begins_to_ask().asks(cpaasBaseHost="b.test"),
        {EXPOSED: "", UNTRIED: ""},
    ),
    "always, and other secrets": (
        Change().begins_to_ask().asks(recipientLimit=9),
        {UNTRIED: "not told"},
    ),
    "always while replacing, and a host": (
        Change().asks(cpaasBaseHost="b.test").replace(ACTION).begins_to_ask(),
        {EXPOSED: "", LOCKOUT: "", "The Action is not replaced": "", UNTRIED: ""},
    ),
}


@pytest.mark.parametrize(("change", "told"), RISKS.values(), ids=RISKS)
def test_a_change_has_these_risks_and_no_other_the_worst_first(
    change: Change, told: dict[str, str]
) -> None:
    environment = change.environment()
    found = {one.title: f"{one.what} {' '.join(one.subjects)}" for one in environment.risks}
    assert found.keys() == told.keys()
    assert all(words in found[title] for title, words in told.items()), found
    dangers = [one.danger for one in environment.risks]
    assert dangers == sorted(
        (DANGERS.get(one, Danger.WARNING) for one in told), key=[*Danger].index
    )
    assert faulty([environment], strict=True) == any(
        [*environment.violations, *(one for one in told if one in DANGERS)]
    )
