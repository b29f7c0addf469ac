"""Control routes of the snapshot, beside the Management API under /_sandbox/.

    GET  /_sandbox/applied   {"at", "differences"}; "at" is null when no `up` has ended
    POST /_sandbox/applied   an `up` has ended: remember the tenant as it is now

Owns reading and answering these. Nothing like this exists in Auth0.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.drift.applied import Applied


def routes(applied: Applied) -> list[BaseRoute]:
    """The routes, to be given to `build_api` as `extra_routes`."""

    async def read(_: Request) -> Response:
        if applied.at is None:
            return JSONResponse({"at": None, "differences": []})
        found = [one.to_json() for one in applied.differences()]
        return JSONResponse({"at": applied.at.isoformat(), "differences": found})

    async def record(_: Request) -> Response:
        applied.record()
        return Response(status_code=204)

    path = "/_sandbox/applied"
    return [Route(path, read, methods=["GET"]), Route(path, record, methods=["POST"])]
