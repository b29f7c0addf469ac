"""Each rule: a stack that keeps it, one that breaks it, one that leaves the property out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.tenant.model import UNSEEN
from policy.model import Declared, Level
from policy.rules import RULES, Setting, violations
from tests.policy.resources import (
    LEGACY,
    UNIFIED,
    action,
    binding,
    bindings,
    component,
    foreign,
    foreign_action,
    guardian,
    legacy_action,
    legacy_guardian,
    provider,
    template,
)

Stack = Sequence[Declared]
NOTHING = ""
"""Expected of a stack that keeps the rule."""
CPAAS_KEY = "0123456789abcdef0123456789abcdef-01234567-89ab-cdef-0123-456789abcdef"


def protected(stack: Stack) -> Stack:
    return [
        Declared(urn=one.urn, type=one.type, properties=one.properties, protect=True)
        for one in stack
    ]


def phone(**settings: Any) -> Declared:
    return guardian(phone={"enabled": True, **settings})


def remembering(overall: Any) -> Declared:
    return guardian(
        settings={"displayRememberMeCheckbox": True, "mfaSessionOverallTimeout": overall}
    )


# Rule, stack name, resources, what the only finding says ("" for none). The three of each rule
# that the pack promises come first: compliant, violating, missing property.
TABLE: Mapping[str, Sequence[tuple[str, Stack, str]]] = {
    "message-types-covered": [
        ("t1", UNIFIED, NOTHING),
        (
            "t1",
            [provider(configuration={"deliveryMethods": ["text"]}), guardian()],
            "offers voice, which the phone provider does not deliver (sms)",
        ),
        ("t1", [provider(), phone()], "without declared message types"),
        ("t1", LEGACY, NOTHING),
        ("t1", [provider(), phone(messageTypes=["sms"])], NOTHING),
        ("t1", [provider(disabled=True), phone(messageTypes=["sms"])], "(nothing)"),
        ("t1", [provider(configuration=None), phone(messageTypes=["sms"])], "(nothing)"),
        ("t1", [provider(configuration=UNSEEN), guardian()], NOTHING),
        ("t1", [provider(), phone(messageTypes=UNSEEN)], NOTHING),
        ("t1", [provider(), guardian(phone={"enabled": False})], NOTHING),
    ],
    "code-in-texts": [
        ("t1", [template(), template("otp_enroll")], NOTHING),
        ("t1", [template(text="Hello {{ friendly_name }}")], "The text text of otp_verify does"),
        ("t1", [template(voice=None)], "The voice text of otp_verify is not declared"),
        ("t1", [template(text="{{ code ")], "is not Liquid"),
        ("t1", [template("blocked_account", text="Your account is blocked.")], NOTHING),
        ("t1", [template(None, text="no code", name="nameless")], "text text of nameless"),
        ("t1", [template(["odd"], text="no code", name="odd")], "text text of odd"),
        ("t1", [template(text=UNSEEN, voice=UNSEEN)], NOTHING),
        ("t1", LEGACY, NOTHING),
        ("t1", [legacy_guardian(verificationMessage="Hello")], "The verification text does not"),
        ("t1", [legacy_guardian(enrollmentMessage=None)], "The enrollment text is not declared"),
        ("t1", [guardian()], NOTHING),
    ],
    "country-allow-list": [
        ("t1", [component(allowedPrefixes=["+8190", "+81"])], NOTHING),
        ("t1", [component(allowedPrefixes=["+81", "+886"])], "sends to +886"),
        ("t1", [component(allowedPrefixes=["+8"])], "sends to +8,"),
        ("t1", [component(allowedPrefixes=None)], "no allowedPrefixes"),
        ("t1", [component(allowedPrefixes=[])], "no allowedPrefixes"),
        ("t1", [component(adopted={"action": {"name": "theirs"}})], "declared as it was found"),
        ("t1", [component(UNSEEN)], NOTHING),
        ("t1", [component(allowedPrefixes=UNSEEN)], NOTHING),
        # An older plugin shows the list of an Action's secrets: it says nothing here.
        ("t1", [action(secrets=[{"name": "ALLOWED_PREFIXES", "value": "+1"}])], NOTHING),
    ],
    "no-plaintext-secret": [
        ("t1", UNIFIED, NOTHING),
        ("t1", [provider(credentials={"authToken": "plain-value"})], "authToken is declared"),
        ("t1", [action(secrets=None)], NOTHING),
        ("t1", [action(secrets=[{"name": "ANY", "value": CPAAS_KEY}])], "looks like a CPaaS API"),
        ("t1", [guardian(duo={"enabled": True, "secretKey": "plain-value"})], "secretKey is"),
        ("t1", [action(code=f"const key = '{CPAAS_KEY}';")], "looks like a CPaaS API key"),
    ],
    "always-in-production": [
        ("prod", [guardian()], NOTHING),
        ("prod", [guardian(policy="never")], "The policy is never, and prod is production"),
        ("prod", [guardian(policy=None)], "No policy is declared"),
        ("prod-eu", [guardian(policy="confidence-score")], "prod-eu is production"),
        ("dev", [guardian(policy="never")], NOTHING),
    ],
    "always-means-always": [
        ("prod", [guardian(settings={"displayRememberMeCheckbox": False})], NOTHING),
        (
            "prod",
            [remembering(86_401)],
            "remembered for up to 86401 seconds, and prod is production",
        ),
        ("prod", [guardian(settings=None)], "by Auth0's default for up to 30 days"),
        ("prod", [remembering(86_400)], NOTHING),
        ("prod", [guardian(settings={"displayRememberMeCheckbox": True})], "Nothing says how long"),
        ("prod", [remembering(UNSEEN)], NOTHING),
        ("prod", [guardian(settings=None, policy="confidence-score")], NOTHING),
        ("dev", [remembering(7 * 86_400)], NOTHING),
    ],
    "protected-in-production": [
        ("prod", protected(UNIFIED), NOTHING),
        ("prod", [*protected(UNIFIED[1:]), action("bare")], "bare is not protected"),
        ("prod", [guardian()], "guardian is not protected"),
        ("prod", [binding()], "binding is not protected"),
        ("prod", [binding(trigger="post-login"), foreign_action()], NOTHING),
        ("dev", UNIFIED, NOTHING),
    ],
    "pinned-runtime": [
        ("t1", [action(), legacy_action()], NOTHING),
        ("t1", [action(runtime="node18")], "runs on node18, not on node22"),
        ("t1", [action(runtime=None)], "runs on an undeclared runtime, not on node22"),
        ("t1", [foreign_action(runtime="node18")], NOTHING),
    ],
    "one-sender-per-channel": [
        ("t1", UNIFIED, NOTHING),
        ("t1", [*UNIFIED, action("second")], "second is one Action on custom-phone-provider too"),
        ("t1", [provider(), template(), guardian()], "no Action on custom-phone-provider"),
        ("t1", [action(), guardian()], "no phone provider"),
        ("t1", [*UNIFIED, provider("other")], "other is one phone provider too many"),
        ("t1", [*UNIFIED, template(name="twin")], "twin is a second template of otp_verify"),
        ("t1", [provider(name=UNSEEN), template(), template(name="twin")], "twin is a second"),
        ("t1", LEGACY, NOTHING),
        ("t1", [*UNIFIED, *LEGACY], NOTHING),
        ("t1", [legacy_action(), guardian()], "no Action bound to send-phone-message"),
        ("t1", [*LEGACY, binding("again")], "again is one Action bound to send-phone-message"),
        ("t1", [legacy_action(), bindings(1), guardian()], NOTHING),
        ("t1", [legacy_action(), bindings(2), guardian()], "bindings is one Action bound"),
        ("t1", [guardian()], "declares nothing that sends"),
        ("t1", [guardian(phone={"enabled": False})], NOTHING),
        ("t1", [action(supportedTriggers=UNSEEN), provider()], NOTHING),
        ("t1", [foreign(), foreign_action()], NOTHING),
        ("t1", [provider(name="twilio"), template(), guardian()], NOTHING),
        ("t1", [provider(name=None), guardian()], "no Action on custom-phone-provider"),
    ],
    "no-dependency": [
        ("t1", [action(dependencies=[])], NOTHING),
        ("t1", [action(dependencies=[{"name": "axios", "version": "1.0.0"}])], "package axios"),
        ("t1", [action(code=None)], NOTHING),
        ("t1", [action(code="const a = require('left-pad');")], "package left-pad"),
        ("t1", [action(code="import pad from 'left-pad';")], "package left-pad"),
        ("t1", [action(code="const a = await import('left-pad');")], "package left-pad"),
        ("t1", [action(code="require('node:crypto'); require('crypto')")], NOTHING),
        ("t1", [foreign_action(code="require('axios')")], NOTHING),
    ],
    "factor-behind-policy": [
        ("t1", [guardian()], NOTHING),
        ("t1", [guardian(phone={"enabled": False})], "while the phone factor is off"),
        ("t1", [guardian(phone=None)], "while the phone factor is off"),
        ("t1", [guardian(phone=None, policy="never")], NOTHING),
        ("t1", [guardian(phone=None, policy=None)], NOTHING),
    ],
}
ROWS = [
    pytest.param(
        rule, *row, id=f"{rule}-{['compliant', 'violating', 'missing', 'more'][min(n, 3)]}"
    )
    for rule, rows in TABLE.items()
    for n, row in enumerate(rows)
]


def judged(resources: Stack, *, stack: str = "t1", rule: str | None = None) -> list[str]:
    """The messages of all rules, or of one alone; each names a resource of these, and a fix."""
    settings = {
        one.name: Setting(level=Level.MANDATORY if rule in {None, one.name} else Level.DISABLED)
        for one in RULES
    }
    found = list(violations(resources, stack=stack, settings=settings))
    for one in found:
        # What is not declared has no name.
        missing = one.message.startswith("The stack declares no ")
        assert one.urn in ({""} if missing else {resource.urn for resource in resources})
        assert one.fix
    return [one.message for one in found]


@pytest.mark.parametrize(("rule", "stack", "resources", "says"), ROWS)
def test_a_rule_finds_what_breaks_it_and_nothing_else(
    rule: str, stack: str, resources: Stack, says: str
) -> None:
    found = judged(resources, stack=stack, rule=rule)
    if not says:
        assert found == []
    else:
        assert len(found) == 1
        assert says in found[0]


def test_every_rule_has_its_three_cases() -> None:
    assert list(TABLE) == [rule.name for rule in RULES]
    assert all(len(rows) >= 3 for rows in TABLE.values())
    assert all(rows[0][2] == NOTHING for rows in TABLE.values())
    assert all(rows[1][2] != NOTHING for rows in TABLE.values())


@pytest.mark.parametrize("stack", [UNIFIED, LEGACY, [*UNIFIED, *LEGACY, foreign()]])
def test_a_compliant_stack_breaks_no_rule(stack: Stack) -> None:
    assert judged(stack) == []
    assert judged(protected(stack), stack="prod") == []


def test_a_violation_has_the_level_that_the_stack_set_for_its_rule() -> None:
    plain = provider(credentials={"authToken": "canary-in-the-open"})
    for level in (Level.ADVISORY, Level.MANDATORY):
        settings = {"no-plaintext-secret": Setting(level=level)}
        found = violations([plain], stack="t1", settings=settings)
        assert [one.enforcement for one in found if one.rule in settings] == [level]


@pytest.mark.parametrize("resource", [*UNIFIED, *LEGACY], ids=lambda one: one.name)
def test_a_value_that_cannot_be_seen_is_never_a_violation(resource: Declared) -> None:
    stack = UNIFIED if resource in UNIFIED else LEGACY
    others = [one for one in stack if one is not resource]
    for name in resource.properties:
        unseen = Declared(
            urn=resource.urn,
            type=resource.type,
            properties={**resource.properties, name: UNSEEN},
            protect=True,
        )
        assert judged([*protected(others), unseen], stack="prod") == []


NAMES = st.sampled_from(
    [
        *("code", "secrets", "name", "value", "supportedTriggers", "id", "runtime", "policy"),
        *("configuration", "deliveryMethods", "type", "content", "body", "text", "voice"),
        *("phone", "enabled", "messageTypes", "provider", "options", "actions", "dependencies"),
        *("trigger", "credentials"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(UNSEEN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=60)
@given(
    kind=st.sampled_from([one.type for one in (*UNIFIED, *LEGACY, bindings(1), foreign())]),
    properties=st.dictionaries(NAMES, VALUES, max_size=8),
)
def test_no_shape_of_properties_stops_the_rules(kind: str, properties: dict[str, Any]) -> None:
    odd = Declared(urn="urn:pulumi:prod::p::t::odd", type=kind, properties=properties)
    judged([odd, action(**properties)], stack="prod")
