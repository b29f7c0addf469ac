"""What is said to change, for users and in the tenant."""

from __future__ import annotations

import pytest

from components.settings.words import OTHER_FACTORS
from phonemfa.pulumi.preview import Operation
from phonemfa.report.differences import Difference
from phonemfa.report.summary import Environment
from tests.phonemfa.report.previews import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    VERIFY,
    Change,
    policy,
    rotated,
    text,
)


def told(environment: Environment) -> dict[str, tuple[str | None, str | None]]:
    return {one.subject: (one.before, one.after) for one in environment.differences}


def test_nothing_is_told_of_what_stays() -> None:
    environment = Change().environment()
    assert environment.quiet
    assert not environment.planned
    assert not environment.risks
    assert told(rotated(Change()).environment()) == {}


def test_a_policy_says_who_will_be_asked() -> None:
    (one,) = Change().update(GUARDIAN, policy("never"), "policy").environment().differences
    assert one == Difference(
        subject="policy",
        before="always",
        after="never",
        meaning="no login is asked for a second factor",
    )


def test_a_channel_is_open_when_provider_and_factor_both_have_it() -> None:
    def text_only(inputs: dict[str, object]) -> None:
        inputs["configuration"] = {"deliveryMethods": ["text"]}

    change = Change().update(PROVIDER, text_only, "configuration.deliveryMethods[1]")
    assert told(change.environment()) == {"channels": ("SMS, voice call", "SMS")}


def test_protection_is_told_although_the_engine_does_nothing() -> None:
    environment = Change().protect(was=True, will_be=False).environment()
    assert environment.planned == ()
    assert told(environment) == {"protection against deletion": ("on", "off")}
    assert not environment.quiet


@pytest.mark.parametrize("factor", OTHER_FACTORS)
def test_another_factor_is_told_when_the_stack_names_it(factor: str) -> None:
    switch = True if factor in {"otp", "email", "recoveryCode"} else {"enabled": True}
    on = Change().update(GUARDIAN, lambda inputs: inputs.update({factor: switch}), factor)
    assert told(on.environment()) == {}, "left alone"
    subject = f"other factor {OTHER_FACTORS[factor]}"
    assert told(on.named(factor).environment()) == {subject: ("off", "on")}


def test_a_new_stack_tells_the_factors_that_it_names_alone() -> None:
    created = Change().named("otp").create()
    subjects = [one for one in told(created.environment()) if one.startswith("other factor")]
    assert subjects == ["other factor otp"]


def test_what_the_engine_does_is_named_by_what_it_is() -> None:
    change = Change().update(VERIFY, text("{{ code }}"), "content.body.text").replace(ACTION)
    found = {(one.operation, one.kind, one.name, one.parts) for one in change.environment().planned}
    assert found == {
        (Operation.UPDATE, "the text", "otp_verify", ("text",)),
        (Operation.REPLACE, "the Action", "ntt-cpaas-phone", ()),
    }


def test_somebody_elses_resource_is_said_to_be_one() -> None:
    change = Change()
    foreign = change.step(PROVIDER) | {"op": "create", "urn": "urn:pulumi:t1::p::auth0:c:C::app"}
    foreign.pop("oldState")
    foreign["newState"] = foreign["newState"] | {"type": "auth0:c:C"}
    change.answer["steps"].append(foreign)
    (one,) = change.environment().planned
    assert (one.kind, one.name) == (
        "a resource that is no part of phone MFA:",
        "auth0:c:C app",
    )
