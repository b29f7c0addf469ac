"""The gRPC process that the engine starts.

Exceptions become what the engine prints: one readable line instead of a Python traceback, and
"created, but not initialised" for an object that exists half made.
"""

import asyncio
import os
import signal
import sys
from importlib.metadata import version
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import any_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from sandbox.plugin.client import ManagementError
from sandbox.plugin.provider import InitFailedError, StandInProvider

_DETAILS: Final = "grpc-status-details-bin"


class ReadableFailures(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Has each method of the servicer fail in a way that a person can read."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def readable(request: Any, context: Any) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except InitFailedError as error:
                await _abort_half_made(context, error)
            except ManagementError as error:
                await context.abort(grpc.StatusCode.UNKNOWN, str(error))

        return grpc.unary_unary_rpc_method_handler(
            readable, handler.request_deserializer, handler.response_serializer
        )


async def _abort_half_made(context: Any, error: InitFailedError) -> None:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id,
            properties=PropertyValue.marshal_map(error.state),
            inputs=PropertyValue.marshal_map(error.inputs),
            reasons=[error.reason],
        )
    )
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message=error.reason, details=[detail]
    )
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, error.reason)


async def _warned(engine_address: str, urn: str, text: str) -> None:
    async with grpc.aio.insecure_channel(engine_address) as channel:
        await engine_pb2_grpc.EngineStub(channel).Log(
            engine_pb2.LogRequest(severity=engine_pb2.WARNING, urn=urn, message=text)
        )


async def _serve(engine_address: str, engine_pid: int) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS, interceptors=[ReadableFailures()])
    servicer = ProviderServicer(
        sys.argv[1:],
        version("pulumi-auth0"),
        StandInProvider(lambda urn, text: _warned(engine_address, urn, text)),
        engine_address,
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    # The engine reads the port from the first line of standard output, as ASCII.
    sys.stdout.buffer.write(b"%d\n" % port)
    sys.stdout.flush()
    await _stopped_or_orphaned(engine_pid)
    await server.stop(grace=0.5)


async def _stopped_or_orphaned(engine_pid: int) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    # An engine that is killed ends nobody: without its parent the plugin would stay for ever.
    while os.getppid() == engine_pid:
        try:
            await asyncio.wait_for(stop.wait(), timeout=1.0)
        except TimeoutError:
            continue
        return


def main() -> None:
    """Serve until the engine ends the process. The engine's address is the first argument."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if not addresses:
        sys.exit(
            "pulumi-resource-auth0 (stand-in) is started by the Pulumi engine, which passes its "
            "address as argument"
        )
    # Asked before anything is served: an engine may be killed as soon as it knows the port.
    asyncio.run(_serve(addresses[0], os.getppid()))
