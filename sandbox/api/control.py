"""Control routes under /_sandbox/: what a developer or a test does to the sandbox itself.

Nothing here exists on a real tenant.
"""

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError
from starlette.requests import Request
from starlette.routing import Route

from sandbox.api.faults import Fault
from sandbox.api.limiter import PLANS, Limiter
from sandbox.api.request_log import RequestLog, redacted
from sandbox.json_schemas import (
    BOOLEAN,
    array,
    complete,
    obj,
    one_of,
    pointer,
    text,
    whole,
)
from sandbox.tenant import Credentials, Tenant
from sandbox.tenant.assumptions import Assumptions
from sandbox.web.control import RefusedError, control_route, query_of

_GENERATION = one_of("unified", "legacy")
_SECONDS = {"type": "number", "minimum": 0, "maximum": 86_400}
_STATUSES = ("pending", "building", "packaged", "built", "retrying", "failed")
_PHASES = array(
    obj({"status": one_of(*_STATUSES), "seconds": _SECONDS}, required=("status",)), minItems=1
)
_BUILDS = obj(
    {"default": _PHASES, "scripted": array(_PHASES), "deploy_seconds": _SECONDS}, minProperties=1
)
_CONTENT = complete({"content": obj({}, extra=obj({}, extra=obj({}, extra=True)))}, extra=True)
_RATE_LIMIT = obj(
    {
        "per_second": {"type": "number", "minimum": 0.001},
        "burst": whole(1),
        "enforced": BOOLEAN,
        "plan": one_of(*PLANS),
    }
)
_CLIENT = obj(
    {
        "client_id": text(1),
        "client_secret": {**text(1), "writeOnly": True},
        "scopes": array(text(1)),
        "grant_types": array(text(1)),
        "authorized": BOOLEAN,
        "token_seconds": whole(),
    },
    null=True,
)
_FAULT = obj({}, extra=True, minProperties=1)
_AFTER = obj({"after": whole(0)})
# Made from the switches themselves, so that it cannot fall behind them.
_ASSUMPTIONS = obj(
    {
        name: {"enum": list(get_args(hint))} if get_args(hint) else BOOLEAN
        for name, hint in get_type_hints(Assumptions).items()
    }
)


@dataclasses.dataclass(frozen=True)
class Control:
    """The control routes of one sandbox; `on_reset` is what its other parts forget."""

    tenant: Tenant
    log: RequestLog
    faults: list[Fault]
    limiter: Limiter
    instance_id: str
    on_reset: Sequence[Callable[[], None]]

    def routes(self) -> list[Route]:
        """All of them; each handler's docstring says what it takes and gives."""
        return [
            control_route("GET", "/health", self.health),
            control_route(
                "POST", "/reset", self.reset, obj({"generation": _GENERATION}, null=True)
            ),
            control_route(
                "POST", "/generation", self.generation, complete({"generation": _GENERATION})
            ),
            control_route("GET", "/state", self.get_state),
            control_route("PUT", "/state", self.put_state, _CONTENT),
            control_route("GET", "/assumptions", self.get_assumptions),
            control_route("PUT", "/assumptions", self.put_assumptions, _ASSUMPTIONS),
            control_route("PUT", "/builds", self.put_builds, _BUILDS),
            control_route("PUT", "/rate-limit", self.put_rate_limit, _RATE_LIMIT),
            control_route("GET", "/requests", self.get_requests),
            control_route("DELETE", "/requests", self.delete_requests),
            control_route("GET", "/faults", self.get_faults),
            control_route("POST", "/faults", self.post_fault, _FAULT, status=201),
            control_route("DELETE", "/faults", self.delete_faults),
            control_route("POST", "/clients", self.post_client, _CLIENT, status=201),
        ]

    async def health(self, _: Request) -> Any:
        """GET health: 200 `{status, instance_id, tenant, domain, generation, counters}`.

        `counters` are `requests`, `unknown_routes` and `errors` since the start or the last reset;
        a test of a client asserts that the latter two are 0. `instance_id` is new per process.
        """
        return {
            "status": "ok",
            "instance_id": self.instance_id,
            "tenant": self.tenant.context.name,
            "domain": self.tenant.domain,
            "generation": self.tenant.generation,
            "counters": dataclasses.asdict(self.log.counters),
        }

    async def reset(self, body: Any) -> None:
        """POST reset `{generation?}`: 204; a new tenant, no faults, empty log, counters and phones.

        The default client and tokens stay valid. Assumptions and the rate limit stay as they are.
        """
        self.tenant.reset((body or {}).get("generation"))
        self.faults.clear()
        self.log.clear()
        for forget in self.on_reset:
            forget()

    async def generation(self, body: Any) -> None:
        """POST generation `{generation}`: 204; as if somebody switched it in the dashboard."""
        self.tenant.switch(body["generation"])

    async def get_state(self, request: Request) -> Any:
        """GET state: 200 `{generation, content}`; secrets masked unless `?secrets=true`.

        `content` is collection, then id, then stored document; times are ns since the epoch.
        """
        content = self.tenant.export()
        in_clear = request.query_params.get("secrets") == "true"
        shown = content if in_clear else redacted(content)
        return {"generation": self.tenant.generation, "content": shown}

    async def put_state(self, body: Any) -> None:
        """PUT state `{content}` as GET gave it: 204; replaces the tenant's whole content.

        Masked secrets are taken literally: export with `?secrets=true` to keep them.
        """
        self.tenant.load(body["content"])

    async def get_assumptions(self, _: Request) -> Any:
        """GET assumptions: 200 with every switch of `sandbox.tenant.assumptions`."""
        return dataclasses.asdict(self.tenant.assumptions)

    async def put_assumptions(self, body: Any) -> Any:
        """PUT assumptions with some switches: 200 with all; those not named go to their default."""
        self.tenant.assumptions = Assumptions(**body)
        return dataclasses.asdict(self.tenant.assumptions)

    async def put_builds(self, body: Any) -> None:
        """PUT builds `{default?, scripted?, deploy_seconds?}`: 204.

        `default` and each entry of `scripted` are `[{status, seconds}, ...]`: the states of a
        draft after a write, the last one stays. `scripted` entries serve one write each.
        """
        builds = self.tenant.context.builds
        if "default" in body:
            builds.default = _timed(body["default"])
        if "scripted" in body:
            builds.scripted = deque(_timed(one) for one in body["scripted"])
        builds.deploy_seconds = body.get("deploy_seconds", builds.deploy_seconds)

    async def put_rate_limit(self, body: Any) -> None:
        """PUT rate-limit `{plan}` or `{per_second?, burst?, enforced?}`: 204.

        `plan` is `free` (2/s, burst 2, enforced: published) or `none` (not enforced). What is not
        named is as `none` has it.
        """
        plan = PLANS[body.pop("plan", "none")]
        self.limiter.change(dataclasses.replace(plan, **body))

    async def get_requests(self, request: Request) -> Any:
        """GET requests `?after=<seq>`: 200 `{requests}`.

        Each is `{seq, method, path, status, body, fault}`:
        Management API and token calls, oldest first, secrets masked; the last 10,000 are kept.
        """
        return {"requests": self.log.entries(**query_of(request, _AFTER))}

    async def delete_requests(self, _: Request) -> None:
        """DELETE requests: 204; empties the log and the counters."""
        self.log.clear()

    async def get_faults(self, _: Request) -> Any:
        """GET faults: 200 `{faults: [...]}`; `seen` counts the requests that matched."""
        return {"faults": [one.shown() for one in self.faults]}

    async def post_fault(self, body: Any) -> Any:
        """POST faults: 201 with the armed fault; see `sandbox.api.faults.Fault` for the keys.

        Example, an answer lost after its effect: `{"method": "POST", "path": "/actions/actions$",
        "when": "after", "close": true}`.
        """
        try:
            fault = Fault.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = pointer(first["loc"]) or "body"
            raise RefusedError(f"{where}: {first['msg']}") from error
        self.faults.append(fault)
        return fault.shown()

    async def delete_faults(self, _: Request) -> None:
        """DELETE faults: 204; disarms all."""
        self.faults.clear()

    async def post_client(self, body: Any) -> Any:
        """POST clients: 201 with the client, secret included.

        `{client_id?, client_secret?, scopes?, grant_types?, authorized?, token_seconds?}`.
        For tests of missing scopes, of clients without a grant and (with negative
        `token_seconds`) of expired tokens.
        """
        given = dict(body or {})
        own = {key: given.pop(key) for key in ("client_id", "client_secret") if key in given}
        return self.tenant.clients.add(Credentials(**own), **given)


def _timed(phases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"seconds": 0, **phase} for phase in phases]
