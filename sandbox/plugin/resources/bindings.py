"""auth0:index/triggerActions:TriggerActions and auth0:index/triggerAction:TriggerAction."""

from typing import Any, ClassVar
from urllib.parse import quote

from sandbox.plugin.client import Management, of_form
from sandbox.plugin.resources.base import Change, Resource, State, existing, unless_gone
from sandbox.plugin.schema import Attribute, Schema, required

Bound = list[tuple[str, str]]
"""Ids and names of a trigger's Actions."""


class TriggerActionsResource(Resource):
    """All bindings of one trigger: creating overwrites whatever was bound, deleting empties it."""

    token: ClassVar[str] = "auth0:index/triggerActions:TriggerActions"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "actions": Attribute(kind="blocks", required=True, fields=required("displayName", "id")),
        "trigger": Attribute(required=True, force_new=True),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        trigger: str = inputs["trigger"]
        await _bind(api, trigger, [(one["id"], one["displayName"]) for one in inputs["actions"]])
        return trigger, await self.read(api, trigger, inputs) or inputs

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        bound: Bound | None = await unless_gone(_bound(api, resource_id))
        if bound is None:
            return None
        actions = [{"displayName": name, "id": action_id} for action_id, name in bound]
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
        bound = await _bound(api, trigger, per_page=50)
        if action_id not in dict(bound):
            name: str | None = inputs.get("displayName")
            if name is None:
                path = f"actions/actions/{quote(action_id, safe='')}"
                name = await api.get(path, lambda action: of_form(str, action["name"]))
            await _bind(api, trigger, [*bound, (action_id, name)])
        resource_id = f"{trigger}::{action_id}"
        with existing(resource_id):
            return resource_id, await self.read(api, resource_id, inputs) or inputs

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        trigger, _, action_id = resource_id.partition("::")
        name = dict(await _bound(api, trigger)).get(action_id)
        if name is None:
            return None
        return {"actionId": action_id, "displayName": name, "trigger": trigger}

    async def update(self, api: Management, change: Change) -> State:
        trigger, action_id = change.inputs["trigger"], change.inputs["actionId"]
        named = [
            (one, change.inputs["displayName"] if one == action_id else name)
            for one, name in await _bound(api, trigger, per_page=50)
        ]
        await _bind(api, trigger, named)
        return await self.read(api, change.id, change.inputs) or change.inputs

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        bound = await _bound(api, state["trigger"], per_page=50)
        await _bind(api, state["trigger"], [one for one in bound if one[0] != state["actionId"]])


def _path(trigger: str) -> str:
    return f"actions/triggers/{quote(trigger, safe='')}/bindings"


async def _bind(api: Management, trigger: str, bound: Bound) -> None:
    bindings = [
        {"ref": {"type": "action_id", "value": action_id}, "display_name": name}
        for action_id, name in bound
    ]
    await api.send("PATCH", _path(trigger), {"bindings": bindings})


async def _bound(api: Management, trigger: str, *, per_page: int = 100) -> Bound:
    """As the official plugin pages: until a page is empty."""
    found: Bound = []
    page = 0
    while True:
        more = await api.get(f"{_path(trigger)}?page={page}&per_page={per_page}", _listed)
        if not more:
            return found
        found += more
        page += 1


def _listed(answer: dict[str, Any]) -> Bound:
    return [
        (of_form(str, one["action"]["id"]), of_form(str, one["display_name"]))
        for one in answer["bindings"]
    ]
