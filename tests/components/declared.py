"""Runs a Pulumi program without an engine and remembers every resource as it was registered.

The whole registration request is kept, because options (parent, dependsOn, ignoreChanges, protect,
deleteBeforeReplace) are what most of the provider's traps hang on, and the SDK's mocks show inputs
only. What an engine then does with them is tests/end_to_end's matter.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc


@dataclass(frozen=True)
class Declared:
    """One registered resource."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    request: Any

    @property
    def options(self) -> Any:
        """The registration request: parent, dependencies, ignoreChanges, protect, aliases."""
        return self.request


class _Answers(mocks.Mocks):
    def __init__(self, tenant: dict[str, Any]) -> None:
        self._tenant = tenant

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        known = {"versionId": "ver-1"} if args.typ.startswith("auth0:index/action:") else {}
        return f"{args.name}-id", {**args.inputs, **known}

    def call(self, args: mocks.MockCallArgs) -> Any:
        assert args.token == "auth0:index/getTenant:getTenant", "no test expects another"
        return self._tenant


class _Recorder(mocks.MockMonitor):
    def __init__(self, tenant: dict[str, Any]) -> None:
        super().__init__(_Answers(tenant))
        self.declared = Declarations()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        if request.type != "pulumi:pulumi:Stack":
            self.declared[request.name] = Declared(
                type=request.type,
                name=request.name,
                urn=self.make_urn(request.parent, request.type, request.name),
                inputs=rpc.deserialize_properties(request.object, keep_unknowns=True),
                request=request,
            )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


class Declarations(dict[str, Declared]):
    """Declared resources by name."""

    def of_type(self, token: str) -> list[Declared]:
        return [one for one in self.values() if one.type == token]

    def only(self, token: str) -> Declared:
        (one,) = self.of_type(token)
        return one


def declare(
    program: Callable[[], Any], *, stack: str = "test", tenant: dict[str, Any] | None = None
) -> Declarations:
    """Every resource that the program declares; anything it returns is awaited first.

    `tenant` is what the program is told when it asks for the tenant's settings.
    """
    recorder = _Recorder(tenant or {})
    # The SDK's test runner takes the thread's event loop, and whoever used asyncio.run before
    # left none behind.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        mocks.set_mocks(recorder.mocks, project="phonemfa", stack=stack, monitor=recorder)
        pulumi.runtime.test(program)()
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return recorder.declared
