"""POST /_sandbox/traffic: play days of logins into the tenant's log. Auth0 has nothing like it."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.tenant import Tenant
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.traffic.days import KINDS, Play, play
from sandbox.web.bodies import json_body

PATH = "/_sandbox/traffic"
MOST_DAYS = 31
MOST_PER_DAY = 50_000


def routes(tenant: Tenant) -> list[BaseRoute]:
    """The route, to be given to `build_api` as one of `extra_routes`.

    It takes `{kind, seed?, per_day?, days?, delay_seconds?}` and answers `{entries, seed}`. The
    last day, up to now, is of that kind, the `days` before are as usual. What was played earlier is
    forgotten. `delay_seconds` is for what is played, and for what the tenant writes itself.
    """

    async def traffic(request: Request) -> Response:
        try:
            what = _play(await json_body(request), tenant.context.stamp.now() / NANOS_PER_SECOND)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        entries = await run_in_threadpool(play, what, tenant_name=tenant.context.name)
        tenant.logs.archive.clear()
        tenant.logs.archive.play(entries)
        tenant.logs.delay_seconds = what.delay
        return JSONResponse({"entries": len(entries), "seed": what.seed})

    return [Route(PATH, traffic, methods=["POST"])]


def _play(body: Any, now: float) -> Play:
    if not isinstance(body, dict) or body.get("kind") not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    known = {"kind", "seed", "per_day", "days", "delay_seconds"}
    if unknown := sorted(body.keys() - known):
        raise ValueError(f"there is no {unknown[0]}: {', '.join(sorted(known))}")
    days = _whole(body, "days", 7, MOST_DAYS)
    return Play(
        kind=body["kind"],
        seed=_whole(body, "seed", secrets.randbelow(10**6), 10**9),
        end=now,
        days=tuple(range(days + 1)),
        per_day=_whole(body, "per_day", 1000, MOST_PER_DAY),
        delay=_whole(body, "delay_seconds", 0, 86_400),
    )


def _whole(body: dict[str, Any], name: str, default: int, most: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{name} is a whole number, 0 to {most}")
    return value
