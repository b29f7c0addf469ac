"""auth0:index/triggerActions:TriggerActions and auth0:index/triggerAction:TriggerAction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.plugin.client import Management
from sandbox.plugin.resources.base import Change, Resource, State, existing, unless_gone
from sandbox.plugin.schema import Attribute, Schema

if TYPE_CHECKING:
    from auth0.management import AsyncAuth0


class TriggerActionsResource(Resource):
    """All bindings of one trigger: creating overwrites whatever was bound, deleting empties it."""

    token: ClassVar[str] = "auth0:index/triggerActions:TriggerActions"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "actions": Attribute(
            kind="blocks",
            required=True,
            fields={"displayName": Attribute(required=True), "id": Attribute(required=True)},
        ),
        "trigger": Attribute(required=True, force_new=True),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        trigger: str = inputs["trigger"]
        await _bind(
            api, trigger, [_binding(item["id"], item["displayName"]) for item in inputs["actions"]]
        )
        state = await self.read(api, trigger, inputs)
        return trigger, state or inputs

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        bindings = await unless_gone(_bindings(api, resource_id))
        if bindings is None:
            return None
        actions = [
            {"displayName": item["display_name"], "id": item["action"]["id"]} for item in bindings
        ]
        return {"actions": actions, "trigger": resource_id}

    async def update(self, api: Management, change: Change) -> State:
        _, state = await self.create(api, change.inputs)
        return state

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        await _bind(api, resource_id, [])


class TriggerActionResource(Resource):
    """One binding beside others: an existing binding of the same Action is adopted."""

    token: ClassVar[str] = "auth0:index/triggerAction:TriggerAction"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "actionId": Attribute(required=True, force_new=True),
        "displayName": Attribute(computed=True),
        "trigger": Attribute(required=True, force_new=True),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        trigger, action_id = inputs["trigger"], inputs["actionId"]
        bound = await _bindings(api, trigger, per_page=50)
        if all(item["action"]["id"] != action_id for item in bound):
            name = inputs.get("displayName")
            if name is None:
                name = (await api.call(lambda sdk: sdk.actions.get(action_id)))["name"]
            others = [_binding(item["action"]["id"], item["display_name"]) for item in bound]
            await _bind(api, trigger, [*others, _binding(action_id, name)])
        resource_id = f"{trigger}::{action_id}"
        with existing(resource_id):
            return resource_id, await self.read(api, resource_id, inputs) or inputs

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        trigger, _, action_id = resource_id.partition("::")
        for item in await _bindings(api, trigger):
            if item["action"]["id"] == action_id:
                return {
                    "actionId": action_id,
                    "displayName": item["display_name"],
                    "trigger": trigger,
                }
        return None

    async def update(self, api: Management, change: Change) -> State:
        trigger, action_id = change.inputs["trigger"], change.inputs["actionId"]
        renamed = [
            _binding(
                item["action"]["id"],
                change.inputs["displayName"]
                if item["action"]["id"] == action_id
                else item["display_name"],
            )
            for item in await _bindings(api, trigger, per_page=50)
        ]
        await _bind(api, trigger, renamed)
        return await self.read(api, change.id, change.inputs) or change.inputs

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        trigger, action_id = state["trigger"], state["actionId"]
        bound = await _bindings(api, trigger, per_page=50)
        rest = [item for item in bound if item["action"]["id"] != action_id]
        await _bind(
            api, trigger, [_binding(item["action"]["id"], item["display_name"]) for item in rest]
        )


def _binding(action_id: str, display_name: str) -> dict[str, Any]:
    return {"ref": {"type": "action_id", "value": action_id}, "display_name": display_name}


async def _bind(api: Management, trigger: str, bindings: list[dict[str, Any]]) -> None:
    await api.call(
        lambda sdk: sdk.actions.triggers.bindings.update_many(trigger, bindings=bindings)
    )


async def _bindings(api: Management, trigger: str, *, per_page: int = 100) -> list[dict[str, Any]]:
    async def every_page(sdk: AsyncAuth0) -> list[Any]:
        # auth0-python asks on until a page is empty, which is how the official plugin pages too.
        pages = await sdk.actions.triggers.bindings.list(trigger, page=0, per_page=per_page)
        return [item async for item in pages]

    found: list[dict[str, Any]] = await api.call(every_page)
    return found
