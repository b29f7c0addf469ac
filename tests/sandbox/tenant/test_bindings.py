"""Bindings (management-api.md §4.10, §4.12)."""

from typing import Any

import pytest

from sandbox.tenant import Tenant
from sandbox.tenant.context import Page
from tests.sandbox.tenant.support import action, deployed, login_action, refused

LOGIN = "post-login"


def by_id(value: str, kind: str = "action_id", **more: Any) -> dict[str, Any]:
    return {"ref": {"type": kind, "value": value}} | more


def bound(auth0: Tenant, trigger: str = LOGIN) -> list[str]:
    listed = auth0.bindings.listing(trigger, Page())["bindings"]
    return [one["action"]["id"] for one in listed]


def test_an_action_is_named_by_id_name_or_earlier_binding(auth0: Tenant) -> None:
    action_id = deployed(auth0, login_action(name="mine"))
    named = [by_id("mine", "action_name"), by_id(action_id, display_name="x")]
    first, other = auth0.bindings.replace(LOGIN, named)["bindings"]
    assert (first["display_name"], other["display_name"]) == ("mine", "x")
    (again,) = auth0.bindings.replace(LOGIN, [by_id(first["id"], "binding_id")])["bindings"]
    assert again["action"]["id"] == action_id
    assert again["id"] != first["id"]


def test_only_a_deployed_action_of_the_trigger_can_be_bound(auth0: Tenant) -> None:
    made = auth0.versions.create(login_action())
    with refused(400, "has not been deployed yet"):
        auth0.bindings.replace(LOGIN, [by_id(made["id"])])
    with refused(400, "incompatible action and trigger"):
        auth0.bindings.replace(LOGIN, [by_id(deployed(auth0))])


def test_an_entity_bound_trigger_takes_no_bindings(auth0: Tenant) -> None:
    action_id = deployed(auth0, action("event-stream"))
    assert auth0.bindings.listing("event-stream", Page())["bindings"] == []
    auth0.bindings.replace("event-stream", [])
    with refused(400, "bound by its entity"):
        auth0.bindings.replace("event-stream", [by_id(action_id)])


@pytest.mark.parametrize("kind", ["action_id", "action_name", "binding_id"])
def test_what_does_not_exist_cannot_be_bound(auth0: Tenant, kind: str) -> None:
    with refused(404, "does not exist"):
        auth0.bindings.replace(LOGIN, [by_id("nope", kind)])


@pytest.mark.parametrize("ref", [{}, {"type": "action_id"}, {"value": "x"}])
def test_a_reference_to_nothing_is_a_malformed_item(auth0: Tenant, ref: dict[str, str]) -> None:
    action_id = deployed(auth0, login_action())
    with refused(400, "'oneOf'' on property bindings[1].", "invalid_body"):
        auth0.bindings.replace(LOGIN, [by_id(action_id), {"ref": ref}])


def test_a_trigger_runs_twenty_actions_at_most(auth0: Tenant) -> None:
    action_id = deployed(auth0, login_action())
    auth0.bindings.replace(LOGIN, [by_id(action_id)] * 20)
    with refused(403, "20", "entity_limit_exceeded"):
        auth0.bindings.replace(LOGIN, [by_id(action_id)] * 21)


def test_one_bad_item_leaves_the_old_list_in_force(auth0: Tenant) -> None:
    action_id = deployed(auth0, login_action())
    auth0.bindings.replace(LOGIN, [by_id(action_id)])
    with refused(404, "does not exist"):
        auth0.bindings.replace(LOGIN, [by_id(action_id), by_id("nope")])
    assert bound(auth0) == [action_id]


class TestDeletingABoundAction:
    def test_it_is_refused(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, login_action())
        auth0.bindings.replace(LOGIN, [by_id(action_id)])
        with refused(409, "Unable to delete an action bound to a trigger."):
            auth0.actions.delete(action_id)
        assert bound(auth0) == [action_id]

    def test_force_detaches_it_and_spares_the_others(self, auth0: Tenant) -> None:
        first, second = (deployed(auth0, login_action(name=name)) for name in "ab")
        auth0.bindings.replace(LOGIN, [by_id(first), by_id(second), by_id(first)])
        auth0.actions.delete(first, force=True)
        assert bound(auth0) == [second]
