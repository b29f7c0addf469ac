"""What a resource type of the stand-in is, to the provider that calls it.

States and inputs are plain values under Pulumi's property names.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

from sandbox.plugin.client import Management, ManagementError, of_form
from sandbox.plugin.schema import Schema, for_api, from_api

State = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an update is: of which object, from where to where, and in which attributes."""

    id: str
    prior: State
    inputs: State
    attributes: frozenset[str]
    """Top-level attributes that differ."""


class PartialFailureError(Exception):
    """The object exists in the tenant, but is not in the declared shape.

    The engine keeps the resource, and its next `up` updates it without a difference.

    Args:
        state: what the engine keeps of it; None for what was asked, as after a failed write.
    """

    def __init__(self, resource_id: str, reason: str, state: State | None = None) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.state = state


def several(reasons: list[str]) -> str:
    """Reasons in the form in which the official plugin lists them."""
    count = "1 error" if len(reasons) == 1 else f"{len(reasons)} errors"
    listed = "".join(f"\t* {reason}\n" for reason in reasons)
    return f"{count} occurred:\n{listed}\n"


class Resource(ABC):
    """One resource type. Stateless: everything is in the arguments."""

    token: ClassVar[str]
    schema: ClassVar[Schema]
    autonamed: ClassVar[bool] = False
    """Whether a missing `name` is invented (the bridge of the official plugin does)."""

    @abstractmethod
    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        """Make the object; answer its id and state."""

    @abstractmethod
    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        """The state as the tenant has it now; None when the object is gone."""

    @abstractmethod
    async def update(self, api: Management, change: Change) -> State:
        """Bring the object to the inputs of the change; answer its state."""

    @abstractmethod
    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        """Remove the object. An object that is already gone is no error."""


class ApiObject(Resource):
    """One that the API makes, shows, changes and removes by an id that it gave."""

    path: ClassVar[str]
    """Of all of them, below /api/v2/."""

    def body(self, inputs: State, changed: frozenset[str] | None) -> dict[str, Any]:
        """What is sent; `changed` is None for a new one."""
        body: dict[str, Any] = for_api(inputs)
        return body

    def state(self, answer: dict[str, Any], prior: State) -> State:
        """What the tenant answered of it; `prior` has what is never read back."""
        return from_api(self.schema, answer)

    def at(self, resource_id: str) -> str:
        return f"{self.path}/{quote(resource_id, safe='')}"

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        resource_id: str = await api.send(
            "POST", self.path, self.body(inputs, None), read=lambda made: of_form(str, made["id"])
        )
        with existing(resource_id):
            return resource_id, await self.written(api, resource_id, inputs)

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        seen = api.get(self.at(resource_id), lambda answer: self.state(answer, prior))
        state: State | None = await unless_gone(seen)
        return state

    async def update(self, api: Management, change: Change) -> State:
        body = self.body(change.inputs, change.attributes)
        await api.send("PATCH", self.at(change.id), body)
        return await self.written(api, change.id, change.inputs)

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        await unless_gone(api.send("DELETE", self.at(resource_id)))

    async def written(self, api: Management, resource_id: str, inputs: State) -> State:
        return await self.read(api, resource_id, inputs) or inputs


@contextmanager
def existing(resource_id: str) -> Iterator[None]:
    """What fails inside leaves the object in the engine's state: it has its id already."""
    try:
        yield
    except ManagementError as error:
        raise PartialFailureError(resource_id, str(error)) from None


async def unless_gone(call: Awaitable[Any]) -> Any:
    """The call's answer, or None when the object does not exist (any more)."""
    try:
        return await call
    except ManagementError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None


def given(**values: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}
