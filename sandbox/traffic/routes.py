"""POST /_sandbox/traffic: play days of logins into the tenant's log. Auth0 has nothing like it."""

import secrets
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from sandbox.json_schemas import obj, one_of, whole
from sandbox.tenant import Tenant
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.traffic.days import KINDS, Play, play
from sandbox.web.control import control_route
from sandbox.web.guard import PREFIX

PATH: Final = f"{PREFIX}/traffic"
MOST_DAYS: Final = 31
MOST_PER_DAY: Final = 50_000
_PLAY: Final = obj(
    {
        "kind": one_of(*KINDS),
        "seed": whole(0, 10**9),
        "per_day": whole(0, MOST_PER_DAY),
        "days": whole(0, MOST_DAYS),
        "delay_seconds": whole(0, 86_400),
    },
    required=("kind",),
)


def routes(tenant: Tenant) -> list[BaseRoute]:
    """The route, to be given to `build_api` as one of `extra_routes`.

    It takes `{kind, seed?, per_day?, days?, delay_seconds?}` and answers `{entries, seed}`. The
    last day, up to now, is of that kind, the `days` before are as usual. What was played earlier is
    forgotten. `delay_seconds` is for what is played, and for what the tenant writes itself.
    """

    async def traffic(wanted: dict[str, Any]) -> Any:
        what = Play(
            kind=wanted["kind"],
            seed=wanted.get("seed", secrets.randbelow(10**6)),
            end=tenant.context.stamp.now() / NANOS_PER_SECOND,
            days=tuple(range(wanted.get("days", 7) + 1)),
            per_day=wanted.get("per_day", 1000),
            delay=wanted.get("delay_seconds", 0),
        )
        entries = await run_in_threadpool(play, what, tenant_name=tenant.context.name)
        tenant.logs.archive.clear()
        tenant.logs.archive.play(entries)
        tenant.logs.delay_seconds = what.delay
        return {"entries": len(entries), "seed": what.seed}

    return [control_route("POST", "/traffic", traffic, _PLAY)]
