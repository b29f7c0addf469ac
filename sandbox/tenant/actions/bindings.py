"""Which Actions run for a trigger, and in which order (§4.12)."""

import uuid
from collections.abc import Sequence
from typing import Any

from sandbox.json_schemas import STRING, array, described, obj, one_of
from sandbox.tenant.actions import triggers
from sandbox.tenant.actions.rules import SECRET, Actions, trigger_of
from sandbox.tenant.clock import nanos
from sandbox.tenant.context import Context, Page, Rules, page_of
from sandbox.tenant.errors import ApiError, invalid_body
from sandbox.tenant.operation import Evidence, Routes

COLLECTION = "bindings"
Document = dict[str, Any]

_MAX_BINDINGS = 20
"""Actions per trigger (§4.3): what is not bound does not count, as the policy's page says."""

_BINDING = obj(
    {
        "ref": obj(
            {"type": one_of("binding_id", "action_id", "action_name"), "value": STRING}, extra=True
        ),
        "display_name": STRING,
        "secrets": array(SECRET),
    },
    required=("ref",),
)
# Written as a choice of one, so that a malformed item is refused in the reported words.
_UPDATE_BINDINGS = obj({"bindings": array({"oneOf": [_BINDING]})})
_PATH = "/actions/triggers/{triggerId}/bindings"
ROUTES = Routes(
    "bindings",
    triggerId=described(one_of(*triggers.TRIGGER_IDS), "An actions extensibility point"),
)


class Bindings(Rules):
    """The tenant's bindings, one ordered list per trigger."""

    def __init__(self, context: Context, actions: Actions) -> None:
        super().__init__(context)
        self._actions = actions
        actions.when_deleted.append(self._release)
        actions.when_deployed.append(self._bind_automatically)

    def of(self, trigger_id: str) -> list[Document]:
        """The stored bindings of a trigger in order of execution."""
        found = self._store.get(COLLECTION, trigger_id)
        return list(found["items"]) if found else []

    def _save(self, trigger_id: str, items: Sequence[Document]) -> None:
        self._store.put(COLLECTION, trigger_id, {"items": list(items)})

    def _view(self, binding: Document, trigger_id: str) -> Document:
        action = self._actions.stored(binding["action_id"])
        return {
            "id": binding["id"],
            "trigger_id": trigger_id,
            "action": self._actions.at_present(action).inside_binding(),
            "created_at": nanos(binding["created_at"]),
            "updated_at": nanos(binding["created_at"]),
            "display_name": binding["display_name"],
        }

    @ROUTES(
        "GET",
        "/actions/triggers",
        "read:actions",
        known=Evidence("recorded", "catalogue of 2026-08 (§4.11)"),
    )
    def catalogue(self) -> Document:
        return {"triggers": triggers.CATALOGUE}

    @ROUTES("GET", _PATH, "read:actions", paged=Page())
    def listing(self, trigger_id: str, page: Page) -> Document:
        return page_of(
            "bindings", self.of(trigger_id), page, lambda one: self._view(one, trigger_id)
        )

    @ROUTES("PATCH", _PATH, "update:actions", body=_UPDATE_BINDINGS, spread=True)
    def replace(self, trigger_id: str, bindings: Sequence[Document] = ()) -> Document:
        """The whole list at once; every binding gets a new id (recorded)."""
        with self._store.transaction():
            self._check_wanted(trigger_id, bindings)
            before = self.of(trigger_id)
            items = [self._bind(trigger_id, one, before) for one in bindings]
            self._save(trigger_id, items)
        return {"bindings": [self._view(one, trigger_id) for one in items]}

    def _check_wanted(self, trigger_id: str, wanted: Sequence[Document]) -> None:
        if not wanted:
            return
        for position, one in enumerate(wanted):
            # The published schema demands neither; without both, nothing is referred to.
            if not {"type", "value"} <= one["ref"].keys():
                detail = "Data does not match any schemas from 'oneOf'"
                raise invalid_body(detail, f"bindings[{position}]")
        if triggers.is_entity_bound(trigger_id):
            message = f"The {trigger_id} trigger is bound by its entity, not by a binding."
            raise ApiError(400, message)
        forbidden = self._context.assumptions.custom_phone_provider_binding == "forbidden"
        if trigger_id == "custom-phone-provider" and forbidden:
            message = "Actions of the custom-phone-provider trigger are bound by it alone."
            raise ApiError(400, message)
        self._context.check_limit(len(wanted), _MAX_BINDINGS, "actions per trigger")

    def _bind(self, trigger_id: str, wanted: Document, before: Sequence[Document]) -> Document:
        action = self._referred(wanted["ref"], before)
        if trigger_of(action) != trigger_id:
            raise ApiError(
                400, "Trying to create a binding between an incompatible action and trigger."
            )
        if self._actions.at_present(action).deployed is None:
            raise ApiError(
                400, "Trying to create a binding for an action that has not been deployed yet."
            )
        return self._binding(action, wanted.get("display_name") or action["name"]) | {
            "secrets": wanted.get("secrets", [])
        }

    def _binding(self, action: Document, display_name: str) -> Document:
        return {
            "id": str(uuid.uuid4()),
            "action_id": action["id"],
            "display_name": display_name,
            "created_at": self._context.stamp(),
        }

    def _referred(self, ref: Document, before: Sequence[Document]) -> Document:
        value = ref["value"]
        if ref["type"] == "binding_id":
            bound = next((one for one in before if one["id"] == value), None)
            if bound is None:
                raise self._unknown("That binding does not exist.")
            return self._actions.stored(bound["action_id"])
        key = "id" if ref["type"] == "action_id" else "name"
        action = next((one for one in self._actions.all() if one[key] == value), None)
        if action is None:
            raise self._unknown("That action does not exist.")
        return action

    def _unknown(self, message: str) -> ApiError:
        return ApiError(self._context.assumptions.unknown_bound_action_status, message)

    def _release(self, action: Document, force: bool) -> None:
        """A bound Action stays, unless its bindings may be detached."""
        trigger_id = trigger_of(action)
        items = self.of(trigger_id)
        own = [one for one in items if one["action_id"] == action["id"]]
        if not own:
            return
        if not force and not all(one.get("automatic") for one in own):
            raise ApiError(409, "Unable to delete an action bound to a trigger.")
        self._save(trigger_id, [one for one in items if one not in own])

    def _bind_automatically(self, action: Document) -> None:
        """Under that assumption, the deploy of a custom-phone-provider Action binds it."""
        trigger_id = trigger_of(action)
        if (
            trigger_id != "custom-phone-provider"
            or self._context.assumptions.custom_phone_provider_binding != "automatic"
            or any(one["action_id"] == action["id"] for one in self.of(trigger_id))
        ):
            return
        binding = self._binding(action, action["name"]) | {"automatic": True}
        self._save(trigger_id, [*self.of(trigger_id), binding])
