"""Whatever would stop a destroy half-way is said before the first deletion, with a way out."""

from typing import Any

import pytest

from components.tenant import action as model_action
from components.tenant import guardian, phone_provider, trigger
from components.tenant.snapshot import Snapshot
from phonemfa.pulumi.state import Resource, State
from phonemfa.take_down.command import obstacles, other_factors
from tests.end_to_end.operators import writes
from tests.phonemfa.adopt.tenants import UNIFIED, action, bound, provider, tenant
from tests.phonemfa.applied import Apply


def held(token: str, identifier: str, *, protect: bool = False, **outputs: Any) -> Resource:
    urn = f"urn:pulumi:t1::phonemfa::{token}::{identifier}"
    return Resource(type=token, urn=urn, id=identifier, protect=protect, outputs=outputs)


ACTION = held(model_action.TOKEN, "a1")
BINDING = held(trigger.TOKEN, f"{UNIFIED}::a1")
PROVIDER = held(phone_provider.TOKEN, "pro_1", name="custom")
GUARDIAN = held(guardian.TOKEN, "guardian")
PROTECTED = held(guardian.TOKEN, "guardian", protect=True)
STATE = [ACTION, BINDING, PROVIDER, GUARDIAN]


def ours(**changes: Any) -> Snapshot:
    """A tenant as our own stack left it, the policy off."""
    values: dict[str, Any] = {"actions": (action(),), "bindings": bound("a1")}
    return tenant(**values | {"provider": provider()} | changes)


ALWAYS = ours(policy="all-applications")
THEIRS = ours(actions=(action(), action("theirs")))
TWILIO = ours(provider=provider("twilio"))
WITHOUT_PROVIDER = [ACTION, BINDING, GUARDIAN]


@pytest.mark.parametrize(
    ("resources", "there", "told"),
    [
        pytest.param(STATE, ours(), "", id="only the stack's own"),
        pytest.param(STATE, ALWAYS, "(the policy is always)", id="a policy that asks"),
        pytest.param([ACTION, BINDING], ALWAYS, "", id="a policy that is not this stack's"),
        pytest.param([*STATE[:3], PROTECTED], ours(), "nothing: guardian", id="protected"),
        pytest.param([ACTION, PROVIDER, GUARDIAN], ours(), "by hand", id="bound by hand"),
        pytest.param(STATE, ours(bindings=bound("a1", "b")), "", id="another's binding"),
        pytest.param(STATE, THEIRS, "name of theirs", id="another Action uses the provider"),
        pytest.param(STATE, TWILIO, "twilio now, not custom", id="another's provider"),
        pytest.param(STATE, ours(provider=None), "", id="no provider any more"),
        pytest.param(WITHOUT_PROVIDER, THEIRS, "", id="the way out of that: another Action"),
        pytest.param(WITHOUT_PROVIDER, TWILIO, "", id="the way out of that: another provider"),
        pytest.param(
            STATE,
            ours(actions=(action(), action("theirs", runs=None))),
            "",
            id="a draft uses no provider",
        ),
    ],
)
def test_what_is_in_the_way_is_named_with_its_way_out(
    resources: list[Resource], there: Snapshot, told: str
) -> None:
    found = list(obstacles(State(resources=resources), there))
    assert len(found) == bool(told)
    assert all(told in one.what and one.way_out for one in found)


def test_other_factors_that_go_off_with_guardian_are_told() -> None:
    there = ours(factors={"otp": True, "push": True})
    assert other_factors(State(resources=STATE), there) == ["otp", "push-notification"]
    assert other_factors(State(resources=[ACTION]), there) == []


def test_the_command_changes_nothing_and_says_it_by_its_exit_status(applied: Apply) -> None:
    desk = applied()
    desk.tenant.api("PATCH", f"/actions/triggers/{UNIFIED}/bindings", {"bindings": []})
    desk.tenant.api("PUT", "/guardian/factors/otp", {"enabled": True})
    for policy, status in ((["all-applications"], 1), ([], 0)):
        desk.tenant.api("PUT", "/guardian/policies", policy)
        desk.tenant.forget_requests()
        said = desk.run("take-down", expect=status).stdout
        assert ("pulumi destroy --stack dev" in said) is not bool(policy)
        assert "switches every factor off, these too: otp." in said
        assert len(desk.json("take-down", expect=status)["obstacles"]) == status
        assert writes(desk.tenant) == []
