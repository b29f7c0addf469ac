"""auth0:index/action:Action.

Its secrets are one secret as a whole, are never read back, and are sent only when they differ
from the state. So a rotation that failed is not sent again: the state has it already.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources.base import ApiObject, Change, State, given
from sandbox.plugin.schema import Attribute, Schema

if TYPE_CHECKING:
    from auth0.management import AsyncAuth0

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


class ActionResource(ApiObject):
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

    def calls(self, sdk: AsyncAuth0) -> Any:
        return sdk.actions

    def body(self, inputs: State, changed: frozenset[str] | None) -> dict[str, Any]:
        runtime = inputs.get("runtime")
        body = given(
            name=inputs["name"],
            supported_triggers=[inputs["supportedTriggers"]],
            code=inputs["code"],
            runtime="node18-actions" if runtime == "node18" else runtime,
        )
        for name in ("dependencies", "secrets"):
            if changed is None:
                body |= given(**{name: inputs.get(name)})
            elif name in changed:
                # A list that the program no longer has is emptied, not left.
                body[name] = inputs.get(name, [])
        return body

    def state(self, answer: dict[str, Any], prior: State) -> State:
        runtime, trigger = answer.get("runtime"), answer["supported_triggers"][0]
        dependencies = [
            {"name": one["name"], "version": one["version"]}
            for one in answer.get("dependencies") or []
        ]
        return given(
            code=answer.get("code"),
            dependencies=dependencies or None,
            deploy=prior.get("deploy", False),
            name=answer["name"],
            runtime="node18" if runtime == "node18-actions" else runtime,
            secrets=prior.get("secrets"),
            status=answer.get("status"),
            supportedTriggers={key: trigger.get(key) for key in ("id", "version")},
            versionId=(answer.get("deployed_version") or {}).get("id"),
        )

    async def update(self, api: Management, change: Change) -> State:
        if "secrets" in change.attributes:
            await self._refuse_to_erase_secrets(api, change.id, change.prior, change.inputs)
        return await super().update(api, change)

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

    async def written(self, api: Management, resource_id: str, inputs: State) -> State:
        if inputs.get("deploy"):
            await _wait(api, resource_id, _built)
            await api.call(lambda sdk: sdk.actions.deploy(resource_id))
            await _wait(
                api,
                resource_id,
                lambda action: bool((action.get("deployed_version") or {}).get("deployed")),
            )
        return self.state(await api.call(lambda sdk: sdk.actions.get(resource_id)), inputs)


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
