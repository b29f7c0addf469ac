"""auth0:index/action:Action.

Its secrets are one secret as a whole, are never read back, and are sent only when they differ
from the state. So a rotation that failed is not sent again: the state has it already.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources.base import (
    Change,
    Resource,
    State,
    existing,
    given,
    unless_gone,
)
from sandbox.plugin.schema import Attribute, Schema

BUILD_TIMEOUT: Final = 360.0
LONGEST_POLL: Final = 5.0
BUILD_FAILED: Final = "stand_in_build_failed"
_UNMANAGED: Final = (
    "[secrets] Unmanaged Action Secret: Detected an action secret not managed though Terraform: "
    "{}. If you proceed, this secret will get deleted. It is required to add this secret to your "
    "action configuration to prevent unintentionally destructive results."
)

_TRIGGER: Schema = {
    "id": Attribute(required=True),
    "version": Attribute(required=True),
}
_NAME_AND_VERSION: Schema = {
    "name": Attribute(required=True),
    "version": Attribute(required=True),
}
_SECRET: Schema = {
    "name": Attribute(required=True),
    "value": Attribute(required=True),
}


class ActionResource(Resource):
    """An Action. Deploying waits until the build is done and the new version is live."""

    token: ClassVar[str] = "auth0:index/action:Action"  # noqa: S105 - a type token
    autonamed: ClassVar[bool] = True
    schema: ClassVar[Schema] = {
        "code": Attribute(required=True),
        "dependencies": Attribute(kind="blocks", fields=_NAME_AND_VERSION),
        "deploy": Attribute(default=False, empty=False),
        "name": Attribute(required=True),
        "runtime": Attribute(computed=True, choices=("node12", "node16", "node18", "node22")),
        "modules": Attribute(kind="blocks", output_only=True),
        "secrets": Attribute(kind="blocks", secret=True, fields=_SECRET),
        "secretsWoVersion": Attribute(output_only=True),
        "secretsWos": Attribute(kind="blocks", output_only=True),
        "status": Attribute(output_only=True),
        "supportedTriggers": Attribute(kind="block", required=True, fields=_TRIGGER),
        "versionId": Attribute(output_only=True),
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        body = given(
            **_always_sent(inputs),
            dependencies=inputs.get("dependencies"),
            secrets=inputs.get("secrets"),
        )
        action = await api.call(lambda sdk: sdk.actions.create(**body))
        action_id: str = action["id"]
        with existing(action_id):
            return action_id, await self._deploy_and_read(api, action_id, inputs)

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        action = await unless_gone(api.call(lambda sdk: sdk.actions.get(resource_id)))
        return action and _state(action, prior)

    async def update(self, api: Management, change: Change) -> State:
        if "secrets" in change.attributes:
            await self._refuse_to_erase_secrets(api, change.id, change.prior, change.inputs)
        # A list that the program no longer has is emptied, not left.
        lists: State = {
            name: change.inputs.get(name, [])
            for name in ("dependencies", "secrets")
            if name in change.attributes
        }
        body = {**_always_sent(change.inputs), **lists}
        await api.call(lambda sdk: sdk.actions.update(change.id, **body))
        return await self._deploy_and_read(api, change.id, change.inputs)

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        await unless_gone(api.call(lambda sdk: sdk.actions.delete(resource_id)))

    async def _refuse_to_erase_secrets(
        self, api: Management, action_id: str, prior: State, inputs: State
    ) -> None:
        action = await api.call(lambda sdk: sdk.actions.get(action_id))
        known = {
            secret["name"]
            for secret in [*(prior.get("secrets") or []), *(inputs.get("secrets") or [])]
        }
        foreign = sorted({secret["name"] for secret in action.get("secrets") or []} - known)
        if foreign:
            raise ManagementError(0, " ".join(_UNMANAGED.format(name) for name in foreign))

    async def _deploy_and_read(self, api: Management, action_id: str, inputs: State) -> State:
        if inputs.get("deploy"):
            await _wait(api, action_id, _built)
            await api.call(lambda sdk: sdk.actions.deploy(action_id))
            await _wait(
                api,
                action_id,
                lambda action: bool((action.get("deployed_version") or {}).get("deployed")),
            )
        return _state(await api.call(lambda sdk: sdk.actions.get(action_id)), inputs)


def _always_sent(inputs: State) -> dict[str, Any]:
    runtime = inputs.get("runtime")
    return given(
        name=inputs["name"],
        supported_triggers=[inputs["supportedTriggers"]],
        code=inputs["code"],
        runtime="node18-actions" if runtime == "node18" else runtime,
    )


def _state(action: dict[str, Any], said: State) -> State:
    runtime = action.get("runtime")
    return given(
        code=action.get("code"),
        dependencies=[
            {"name": item["name"], "version": item["version"]}
            for item in action.get("dependencies") or []
        ]
        or None,
        deploy=said.get("deploy", False),
        name=action["name"],
        runtime="node18" if runtime == "node18-actions" else runtime,
        secrets=said.get("secrets"),
        status=action.get("status"),
        supportedTriggers={
            key: action["supported_triggers"][0].get(key) for key in ("id", "version")
        },
        versionId=(action.get("deployed_version") or {}).get("id"),
    )


def _built(action: dict[str, Any]) -> bool:
    if action.get("status") == "failed":
        raise ManagementError(
            0,
            f'action "{action["name"]}" never reached built state: action "{action["name"]}" '
            "failed to build, check the Auth0 UI for errors",
            code=BUILD_FAILED,
        )
    return bool(action.get("status") == "built")


async def _wait(api: Management, action_id: str, ready: Callable[[dict[str, Any]], bool]) -> None:
    deadline, pause = time.monotonic() + BUILD_TIMEOUT, 0.25
    while not ready(await api.call(lambda sdk: sdk.actions.get(action_id))):
        if time.monotonic() > deadline:
            raise ManagementError(
                0, f"the Action {action_id} was not ready after {BUILD_TIMEOUT:.0f} s"
            )
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_POLL)
