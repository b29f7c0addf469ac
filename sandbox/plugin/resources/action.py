"""auth0:index/action:Action.

Its secrets are one secret as a whole, are never read back, and are sent only when they differ
from the state. So a rotation that failed is not sent again: the state has it already.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources.base import ApiObject, Change, State, given
from sandbox.plugin.schema import Attribute, Schema, block, required

BUILD_TIMEOUT: Final = 360.0
LONGEST_POLL: Final = 5.0
BUILD_FAILED: Final = "stand_in_build_failed"
_UNMANAGED: Final = (
    "[secrets] Unmanaged Action Secret: Detected an action secret not managed though Terraform: "
    "{}. If you proceed, this secret will get deleted. It is required to add this secret to your "
    "action configuration to prevent unintentionally destructive results."
)


class ActionResource(ApiObject):
    """An Action. Deploying waits until the build is done and the new version is live."""

    token: ClassVar[str] = "auth0:index/action:Action"  # noqa: S105 - a type token
    path: ClassVar[str] = "actions/actions"
    autonamed: ClassVar[bool] = True
    schema: ClassVar[Schema] = {
        "code": Attribute(required=True),
        "dependencies": Attribute(kind="set", fields=required("name", "version")),
        "deploy": Attribute(default=False, empty=False),
        "name": Attribute(required=True),
        "runtime": Attribute(computed=True, choices=("node12", "node16", "node18", "node22")),
        "modules": Attribute(kind="blocks", output_only=True),
        "secrets": Attribute(kind="blocks", secret=True, fields=required("name", "value")),
        "secretsWoVersion": Attribute(output_only=True),
        "secretsWos": Attribute(kind="blocks", output_only=True),
        "status": Attribute(output_only=True),
        "supportedTriggers": block(required("id", "version"), required=True),
        "versionId": Attribute(output_only=True),
    }

    def body(self, inputs: State, changed: frozenset[str] | None) -> dict[str, Any]:
        body = super().body(inputs, changed)
        body.pop("deploy", None)
        body["supported_triggers"] = [body["supported_triggers"]]
        if body.get("runtime") == "node18":
            body["runtime"] = "node18-actions"
        for name in ("dependencies", "secrets"):
            if changed is not None:
                # Sent where it differs; a list that the program no longer has is emptied, not left.
                body.pop(name, None)
                body |= {name: inputs.get(name, [])} if name in changed else {}
        return body

    def state(self, answer: dict[str, Any], prior: State) -> State:
        runtime, (trigger, *_) = answer.get("runtime"), answer["supported_triggers"]
        state = super().state(answer | {"supported_triggers": trigger}, prior)
        state.pop("secrets", None)
        return state | given(
            deploy=prior.get("deploy", False),
            runtime="node18" if runtime == "node18-actions" else runtime,
            secrets=prior.get("secrets"),
            versionId=(answer.get("deployed_version") or {}).get("id"),
        )

    async def update(self, api: Management, change: Change) -> State:
        if "secrets" in change.attributes:
            known = {
                secret["name"]
                for state in (change.prior, change.inputs)
                for secret in state.get("secrets") or []
            }
            foreign = await api.get(
                self.at(change.id),
                lambda action: sorted({one["name"] for one in action.get("secrets") or []} - known),
            )
            if foreign:
                raise ManagementError(0, " ".join(_UNMANAGED.format(name) for name in foreign))
        return await super().update(api, change)

    async def written(self, api: Management, resource_id: str, inputs: State) -> State:
        if inputs.get("deploy"):
            await self._wait(api, resource_id, _built)
            await api.send("POST", f"{self.at(resource_id)}/deploy")
            await self._wait(api, resource_id, _deployed)
        return await api.get(self.at(resource_id), lambda answer: self.state(answer, inputs))

    async def _wait(
        self, api: Management, action_id: str, ready: Callable[[dict[str, Any]], bool]
    ) -> None:
        deadline, pause = time.monotonic() + BUILD_TIMEOUT, 0.25
        while not await api.get(self.at(action_id), ready):
            if time.monotonic() > deadline:
                raise ManagementError(
                    0, f"the Action {action_id} was not ready after {BUILD_TIMEOUT:.0f} s"
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_POLL)


def _built(action: dict[str, Any]) -> bool:
    if action.get("status") == "failed":
        raise ManagementError(
            0,
            f'action "{action["name"]}" never reached built state: action "{action["name"]}" '
            "failed to build, check the Auth0 UI for errors",
            code=BUILD_FAILED,
        )
    return action.get("status") == "built"


def _deployed(action: dict[str, Any]) -> bool:
    return bool((action.get("deployed_version") or {}).get("deployed"))
