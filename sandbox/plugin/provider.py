"""The engine's side of the stand-in: check, diff, create, read, update, delete, invoke.

It translates between the engine's requests and one `Resource`, secret marks included. What is
not in its tables is refused.
"""

import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi.provider.experimental.provider as protocol
from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.plugin import STAND_IN, switches
from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources import RESOURCES
from sandbox.plugin.resources.action import BUILD_FAILED
from sandbox.plugin.resources.base import Change, PartialFailureError, Resource, State, several
from sandbox.plugin.resources.tenant import get_tenant
from sandbox.plugin.schema import (
    Difference,
    Schema,
    differences,
    filled,
    inputs_of,
    problems,
    secret_paths_of,
    with_defaults,
    without_defaults,
)
from sandbox.plugin.values import UNKNOWN, Path, plain_map, secret_paths, wire_map

Warn = Callable[[str, str], Awaitable[None]]
"""Tells the user something about the resource of a URN, or about all where it is empty."""

_GET_TENANT: Final = "auth0:index/getTenant:getTenant"
_SETTINGS: Final = {
    "domain": "AUTH0_DOMAIN",
    "clientId": "AUTH0_CLIENT_ID",
    "clientSecret": "AUTH0_CLIENT_SECRET",
    "audience": "AUTH0_AUDIENCE",
}


@dataclass(eq=False)
class InitFailedError(Exception):
    """Created or updated, but not in the declared shape: what the engine stores of it."""

    resource_id: str
    reason: str
    state: dict[str, PropertyValue] = field(repr=False)
    inputs: dict[str, PropertyValue] = field(repr=False)

    def __str__(self) -> str:
        return self.reason


class StandInProvider(protocol.Provider):
    """STAND-IN for the official auth0 provider; see the package's docstring."""

    _api: Management
    """The tenant's, from `configure` on."""

    def __init__(self, warn: Warn) -> None:
        self._warn = warn

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        said = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        said |= {key: str(value) for key, value in plain_map(request.args).items()}
        values = {
            key: said.get(key) or os.environ.get(variable, "")
            for key, variable in _SETTINGS.items()
        }
        missing = [
            f"auth0:{key} (or {_SETTINGS[key]})"
            for key in ("domain", "clientId", "clientSecret")
            if not values[key]
        ]
        if missing:
            raise ManagementError(
                0, f"the auth0 provider is not configured: set {', '.join(missing)}"
            )
        # As go-auth0 takes it: a slash at the end stays, and no tenant has what is asked for then.
        _, scheme, host = values["domain"].partition("//")
        domain = host if scheme else values["domain"]
        self._api = Management(
            domain=domain,
            client_id=values["clientId"],
            client_secret=values["clientSecret"],
            audience=values["audience"] or f"https://{domain}/api/v2/",
        )
        if switches.TOLD not in os.environ:
            await self._warn("", STAND_IN)
        return protocol.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=False, accept_outputs=False
        )

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        resource = _resource(request.type)
        inputs = dict(request.new_inputs)
        if resource.autonamed and "name" not in inputs:
            old_name = request.old_inputs.get("name")
            inputs["name"] = old_name or PropertyValue(f"{request.name}-{secrets.token_hex(4)[:7]}")
        said = plain_map(inputs)
        failures = [
            protocol.CheckFailure(path, reason) for path, reason in problems(resource.schema, said)
        ]
        checked = wire_map(with_defaults(resource.schema, said), _marks(resource, inputs))
        return protocol.CheckResponse(inputs=checked, failures=failures)

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        schema, state = _resource(request.type).schema, plain_map(request.old_state)
        found = _differences(schema, state, _asked(request.new_inputs), request.ignore_changes)
        if switches.thrown(switches.REPLACE_FAILED_BUILD) and state.get("status") == "failed":
            found.append(Difference("status", "update", replace=True))
        return protocol.DiffResponse(
            changes=bool(found),
            replaces=list(dict.fromkeys(item.top for item in found if item.replace)),
            diffs=list(dict.fromkeys(item.top for item in found)),
            detailed_diff={
                item.path: protocol.PropertyDiff(_kind(item), input_diff=False) for item in found
            },
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        resource, inputs = _resource(request.type), _asked(request.properties)
        marks = _marks(resource, request.properties)
        if request.preview:
            return protocol.CreateResponse(
                "", wire_map(_planned(resource.schema, {}, inputs), marks)
            )
        try:
            resource_id, state = await resource.create(self._api, inputs)
        except PartialFailureError as failure:
            kept = failure.state or asked_for(resource.schema, {}, inputs)
            raise InitFailedError(
                failure.resource_id,
                f"creating {request.urn}: {several([str(failure)])}",
                _outputs(resource, failure.resource_id, kept, marks),
                dict(request.properties),
            ) from None
        finally:
            await self._tell(request.urn)
        return protocol.CreateResponse(resource_id, _outputs(resource, resource_id, state, marks))

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        resource, prior = _resource(request.type), plain_map(request.olds)
        inputs = _asked(request.news)
        marks = _marks(resource, request.news)
        if request.preview:
            return protocol.UpdateResponse(
                wire_map(_planned(resource.schema, prior, inputs), marks)
            )
        found = _differences(resource.schema, prior, inputs, list(request.ignore_changes))
        change = Change(
            id=request.resource_id,
            prior=prior,
            inputs=inputs,
            # None after an update that failed: the state has what that one asked for.
            attributes=frozenset(item.top for item in found),
        )
        try:
            state = await resource.update(self._api, change)
        except (PartialFailureError, ManagementError) as error:
            kept = error.state if isinstance(error, PartialFailureError) else None
            kept = kept or asked_for(resource.schema, prior, inputs)
            if isinstance(error, ManagementError) and error.code == BUILD_FAILED:
                kept["status"] = "failed"
            raise InitFailedError(
                request.resource_id,
                f"updating {request.urn}: {several([str(error)])}",
                _outputs(resource, request.resource_id, kept, marks),
                dict(request.news),
            ) from None
        finally:
            await self._tell(request.urn)
        return protocol.UpdateResponse(_outputs(resource, request.resource_id, state, marks))

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        resource, prior = _resource(request.type), plain_map(request.properties)
        try:
            state = await resource.read(self._api, request.resource_id, prior)
        finally:
            await self._tell(request.urn)
        if state is None:
            return protocol.ReadResponse(resource_id="")
        marks = _marks(resource, request.properties, request.inputs)
        # A refresh leaves the note of defaults out, an import has it (official/unified.json).
        if request.inputs:
            inputs = _shaped(state, plain_map(request.inputs))
        else:
            known = inputs_of(resource.schema)
            said = {name: value for name, value in state.items() if name in known}
            inputs = with_defaults(resource.schema, said)
        return protocol.ReadResponse(
            request.resource_id,
            _outputs(resource, request.resource_id, state, marks),
            wire_map(inputs, marks),
        )

    async def delete(self, request: protocol.DeleteRequest) -> None:
        resource = _resource(request.type)
        await resource.delete(self._api, request.resource_id, plain_map(request.properties))

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        if request.tok != _GET_TENANT:
            raise _not_in_stand_in(request.tok, [_GET_TENANT])
        return protocol.InvokeResponse(wire_map(await get_tenant(self._api)))

    async def _tell(self, urn: str) -> None:
        """Pass warnings on, once."""
        noted, self._api.warnings = self._api.warnings, []
        for warning in noted:
            await self._warn(urn, warning)


def _kind(item: Difference) -> protocol.PropertyDiffKind:
    return protocol.PropertyDiffKind[f"{item.change}{'_replace' * item.replace}".upper()]


def _asked(inputs: Mapping[str, PropertyValue]) -> State:
    asked: State = without_defaults(plain_map(inputs))
    return asked


def _outputs(
    resource: Resource, resource_id: str, state: State, marks: frozenset[Path]
) -> dict[str, PropertyValue]:
    said = {**filled(resource.schema, state), "id": resource_id}
    if not switches.thrown(switches.REPLACE_FAILED_BUILD):
        # The recorded plugin does not have it; the switch is for one that does.
        said.pop("status", None)
    return wire_map(said, marks)


def _resource(qualified: str) -> Resource:
    # A child's URN carries its parents' types in front, separated by dollar signs.
    token = qualified.rpartition("$")[2]
    if token not in RESOURCES:
        raise _not_in_stand_in(token, RESOURCES)
    return RESOURCES[token]


def _not_in_stand_in(token: str, known: Iterable[str]) -> ManagementError:
    return ManagementError(
        0, f"{token} is not in the stand-in plugin; it has {', '.join(sorted(known))}"
    )


def _marks(resource: Resource, *sources: Mapping[str, PropertyValue]) -> frozenset[Path]:
    marks = set(secret_paths_of(resource.schema))
    for source in sources:
        marks |= secret_paths(source)
    return frozenset(marks)


def _differences(
    schema: Schema, state: State, inputs: State, ignored: list[str]
) -> list[Difference]:
    return [
        item
        for item in differences(schema, state, inputs)
        if not any(
            item.path == path or item.path.startswith((f"{path}.", f"{path}[")) for path in ignored
        )
    ]


def asked_for(schema: Schema, prior: State, inputs: State) -> State:
    """What the state holds after a write that failed: all of it, as if it had succeeded.

    The Terraform SDK keeps the planned values, and so does the bridge of the official plugin.
    """
    state: State = {}
    for name, attribute in schema.items():
        value, before = inputs.get(name), prior.get(name)
        if attribute.kind == "block" and isinstance(value, Mapping):
            state[name] = asked_for(attribute.fields, before or {}, dict(value))
        elif value is not None:
            state[name] = value
        elif attribute.computed or attribute.output_only:
            state[name] = before
        else:
            state[name] = attribute.default
    return state


def _planned(schema: Schema, prior: State, inputs: State) -> State:
    """The state a preview can foresee: the inputs, and what only the tenant knows left unknown."""
    planned: dict[str, Any] = dict(inputs)
    for name, attribute in schema.items():
        if name in planned:
            continue
        if name in prior and (attribute.output_only or attribute.computed):
            planned[name] = prior[name]
        elif attribute.output_only or attribute.computed:
            planned[name] = UNKNOWN
        elif attribute.default is not None:
            planned[name] = attribute.default
    return planned


def _shaped(values: Any, like: Any) -> Any:
    """Values cut to the keys that the program said, so that a refresh adds no input."""
    if isinstance(values, dict) and isinstance(like, dict):
        return {key: _shaped(value, like[key]) for key, value in values.items() if key in like}
    if isinstance(values, list) and isinstance(like, list) and len(values) == len(like):
        return [_shaped(value, one) for value, one in zip(values, like, strict=True)]
    return values
