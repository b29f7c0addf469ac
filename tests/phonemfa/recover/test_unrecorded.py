"""What the state does not know is matched with what the tenant has, and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from components.tenant import action as model_action
from components.tenant import phone_provider, phone_template, trigger
from components.tenant.snapshot import Snapshot
from phonemfa.pulumi.preview import Step, read_preview
from phonemfa.pulumi.state import State
from phonemfa.recover.recovery import Plan, import_file
from phonemfa.recover.unrecorded import AmbiguousError
from tests.phonemfa.adopt.tenants import UNIFIED, action, bound, provider, template, tenant

ACTION, TEMPLATE = model_action.TOKEN, phone_template.TOKEN
ROOT = "urn:pulumi:prod::phonemfa::phonemfa:index:PhoneMfa::phone-mfa"
PARENT = "urn:pulumi:prod::phonemfa::phonemfa:index:PhoneMfa$phonemfa:index:Sender::sender"
STACK = "urn:pulumi:prod::phonemfa::pulumi:pulumi:Stack::phonemfa-prod"


def resource(token: str, called: str, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:prod::phonemfa::{token}::{called}"
    return {"urn": urn, "type": token, "parent": PARENT, "custom": True, "inputs": inputs}


SENDER = resource(
    ACTION,
    "sender-action",
    name="ntt",
    code="code",
    runtime="node22",
    deploy=True,
    secrets="[secret]",
    supportedTriggers={"id": UNIFIED, "version": "v1"},
)
TEXT = resource(
    TEMPLATE,
    "otp",
    type="otp_verify",
    content={"body": {"text": "{{ code }} text", "voice": "{{ code }} voice"}},
)
BINDING = resource(trigger.TOKEN, "binding", trigger=UNIFIED, displayName="a1")
PROVIDER = resource(
    phone_provider.TOKEN,
    "provider",
    name="custom",
    configuration={"deliveryMethods": ["text", "voice"]},
)


def begun(kind: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "resource": one}


def creates(*resources: dict[str, Any]) -> tuple[Step, ...]:
    """Steps of a preview."""
    same = {"op": "same", "urn": STACK, "newState": {"urn": STACK, "type": "pulumi:pulumi:Stack"}}
    created = [{"op": "create", "urn": one["urn"], "newState": one} for one in resources]
    return read_preview({"steps": [same, *created]}).everything


def state_of(*operations: dict[str, Any], known: tuple[str, ...] = ()) -> State:
    resources = [{"urn": f"urn:{one}", "id": one} for one in known]
    return State.of({"pending_operations": list(operations), "resources": resources})


def made() -> Snapshot:
    """A tenant in which a first run has made everything."""
    return tenant(
        actions=(action(name="ntt"), action("a2", name="ntt-old")),
        bindings=bound("a1", "a2"),
        provider=provider(),
        templates=template(),
    )


@pytest.mark.parametrize("lost", [True, False], ids=["lost answer", "killed run"])
def test_what_the_tenant_has_of_it_is_found(*, lost: bool) -> None:
    ours = (BINDING, SENDER, TEXT, PROVIDER)
    marks = [] if lost else [begun("creating", one) for one in ours]
    plan = Plan.of(made(), state_of(*marks), creates(*ours) if lost else ())
    assert {(one.resource.name, one.id) for one in plan.found} == {
        ("sender-action", "a1"),
        ("otp", "tem_otp_verify"),
        ("provider", "pro_1"),
        ("binding", f"{UNIFIED}::a1"),
    }
    assert (plan.absent, plan.repeated) == ([], [])


def test_it_is_told_whether_it_is_what_the_stack_declares() -> None:
    tenant_ = tenant(
        actions=(action(name="ntt", runs=None, code="other"),), templates=template(), provider=None
    )
    plan = Plan.of(tenant_, state_of(), creates(SENDER, TEXT))
    assert [one.differs for one in plan.found] == [("code", "deployed"), ()]


def test_what_the_state_knows_already_is_not_found_again() -> None:
    state = state_of(begun("creating", SENDER), known=("a1",))
    plan = Plan.of(made(), state)
    assert plan.found == []
    assert [one.name for one in plan.absent] == ["sender-action"]


def test_what_nobody_begun_and_the_tenant_has_not_is_nothing_to_settle() -> None:
    assert Plan.of(tenant(), state_of(), creates(SENDER, TEXT, PROVIDER, BINDING)).empty


def test_of_two_candidates_none_is_taken() -> None:
    two = tenant(actions=(action("a1", name="ntt"), action("a2", name="ntt")))
    with pytest.raises(AmbiguousError, match=r"2 objects that can be sender-action.*a1.*a2"):
        Plan.of(two, state_of(begun("creating", SENDER)))


def test_what_is_one_a_tenant_is_declared_again() -> None:
    guardian = resource("auth0:index/guardian:Guardian", "guardian")
    plan = Plan.of(made(), state_of(begun("creating", guardian)), creates(guardian))
    assert [one.name for one in plan.absent] == ["guardian"]
    assert plan.found == []


def test_updates_and_deletions_are_left_to_the_next_up() -> None:
    marks = [begun("updating", SENDER), begun("deleting", TEXT)]
    plan = Plan.of(made(), state_of(*marks))
    assert [one.kind for one in plan.repeated] == ["updating", "deleting"]
    assert not plan.empty


def test_a_mark_that_two_runs_left_counts_once() -> None:
    assert len(state_of(*[begun("creating", SENDER)] * 2).pending) == 1


def test_the_import_puts_it_where_the_program_declares_it() -> None:
    file = import_file(Plan.of(made(), state_of(begun("creating", SENDER))))
    (one,) = file["resources"]
    assert (one["type"], one["name"], one["id"]) == (ACTION, "sender-action", "a1")
    assert file["nameTable"][one["parent"]] == PARENT


def test_a_resource_of_the_stack_itself_has_no_parent_in_the_file() -> None:
    flat = SENDER | {"parent": STACK}
    file = import_file(Plan.of(made(), state_of(begun("creating", flat))))
    assert file["nameTable"] == {}
    assert "parent" not in file["resources"][0]


def test_a_state_that_knows_no_component_gets_them_outermost_first() -> None:
    root = {"urn": ROOT, "type": "phonemfa:index:PhoneMfa", "parent": STACK}
    part = {"urn": PARENT, "type": "phonemfa:index:Sender", "parent": ROOT}
    file = import_file(Plan.of(made(), state_of(), creates(root, part, SENDER)))
    assert [(one["name"], one.get("parent")) for one in file["resources"]] == [
        ("phone-mfa", None),
        ("sender", "phone-mfa"),
        ("sender-action", "sender"),
    ]
    assert file["nameTable"] == {}
