"""An unfinished creation is matched with what the tenant has, and with nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from phonemfa.recover.pending import ACTION, TEMPLATE, AmbiguousError, Pending, unrecorded
from phonemfa.recover.recovery import Plan, import_file

PARENT = "urn:pulumi:prod::phonemfa::phonemfa:index:PhoneMfa$phonemfa:index:Sender::sender"
TRIGGER = "custom-phone-provider"


def operation(kind: str, token: str, called: str, **inputs: Any) -> dict[str, Any]:
    resource = {"urn": f"urn:pulumi:prod::phonemfa::{token}::{called}", "type": token}
    return {"type": kind, "resource": resource | {"parent": PARENT, "inputs": inputs}}


ACTION_BEGUN = operation(
    "creating", ACTION, "sender-action", name="ntt", supportedTriggers={"id": TRIGGER}
)
TEMPLATE_BEGUN = operation("creating", TEMPLATE, "otp", type="otp_verify")


NOBODY: Any = SimpleNamespace()
"""A tenant that must not be asked anything."""


def tenant(
    *, actions: dict[str, str] | None = None, templates: dict[str, str] | None = None
) -> Any:
    """A tenant with these names or types by id; the API's filter is by a part of the name."""

    def listed(*, trigger_id: str, action_name: str) -> list[Any]:
        assert trigger_id == TRIGGER
        found = (actions or {}).items()
        return [SimpleNamespace(id=key, name=name) for key, name in found if action_name in name]

    made = [SimpleNamespace(id=key, type=kind) for key, kind in (templates or {}).items()]
    default = SimpleNamespace(id=None, type="otp_verify")
    answer = SimpleNamespace(templates=[default, *made])
    phone = SimpleNamespace(templates=SimpleNamespace(list=lambda: answer))
    return SimpleNamespace(
        actions=SimpleNamespace(list=listed), branding=SimpleNamespace(phone=phone)
    )


def deployment(*operations: dict[str, Any], known: tuple[str, ...] = ()) -> dict[str, Any]:
    resources = [{"urn": f"urn:{one}", "id": one} for one in known]
    return {"pending_operations": list(operations), "resources": resources}


def test_what_the_tenant_has_of_it_is_found() -> None:
    state = deployment(ACTION_BEGUN, TEMPLATE_BEGUN)
    there = tenant(actions={"a1": "ntt", "a2": "ntt-old"}, templates={"t1": "otp_verify"})
    plan = Plan.of(there, state)
    assert [(one.pending.name, one.id) for one in plan.found] == [
        ("sender-action", "a1"),
        ("otp", "t1"),
    ]
    assert plan.absent == plan.repeated == []


def test_what_the_state_knows_already_is_not_found_again() -> None:
    state = deployment(ACTION_BEGUN, known=("a1",))
    plan = Plan.of(tenant(actions={"a1": "ntt"}), state)
    assert plan.found == []
    assert [one.name for one in plan.absent] == ["sender-action"]


def test_a_default_text_is_no_template_of_ours() -> None:
    ((_, found),) = unrecorded(tenant(), deployment(TEMPLATE_BEGUN))
    assert found is None


def test_of_two_candidates_none_is_taken() -> None:
    with pytest.raises(AmbiguousError, match=r"2 objects that can be sender-action.*a1.*a2"):
        Plan.of(tenant(actions={"a1": "ntt", "a2": "ntt"}), deployment(ACTION_BEGUN))


def test_what_is_made_again_whatever_the_tenant_has_is_not_looked_up() -> None:
    token = "auth0:index/guardian:Guardian"
    plan = Plan.of(NOBODY, deployment(operation("creating", token, "guardian")))
    assert [one.name for one in plan.absent] == ["guardian"]


def test_updates_and_deletions_are_left_to_the_next_up() -> None:
    begun = [operation("updating", ACTION, "a"), operation("deleting", TEMPLATE, "b")]
    plan = Plan.of(NOBODY, deployment(*begun))
    assert [one.kind for one in plan.repeated] == ["updating", "deleting"]
    assert not plan.empty
    assert Plan.of(NOBODY, {"resources": []}).empty


def test_a_mark_that_two_runs_left_counts_once() -> None:
    assert len(Pending.all_of(deployment(ACTION_BEGUN, ACTION_BEGUN))) == 1


def test_the_import_puts_it_where_the_program_declares_it() -> None:
    plan = Plan.of(tenant(actions={"a1": "ntt"}), deployment(ACTION_BEGUN))
    file = import_file(plan.found)
    (resource,) = file["resources"]
    assert (resource["type"], resource["name"], resource["id"]) == (ACTION, "sender-action", "a1")
    assert file["nameTable"][resource["parent"]] == PARENT
