"""Control routes under /_sandbox/: what a developer or a test does to the sandbox itself.

Nothing here exists on a real tenant.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, get_args, get_type_hints

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.api import bodies
from sandbox.api.encoding import answer, error_answer
from sandbox.api.faults import FAULT_SCHEMA, Faults
from sandbox.api.limiter import PLANS, Limiter
from sandbox.api.request_log import RequestLog, redacted
from sandbox.tenant import Credentials, Tenant
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.clients import DAY_IN_SECONDS, PHONE_MFA_SCOPES
from sandbox.tenant.errors import ApiError
from sandbox.tenant.schemas import array, obj, one_of, whole
from sandbox.tenant.validation import Body
from sandbox.web.guard import PREFIX

logger = logging.getLogger(__name__)


_GENERATION = one_of("unified", "legacy")
_RESET = Body(obj({"generation": _GENERATION}, null=True))
_SWITCH = Body(obj({"generation": _GENERATION}, required=("generation",)))
_CONTENT = Body(
    obj(
        {"content": obj({}, extra=obj({}, extra=obj({}, extra=True)))},
        required=("content",),
        extra=True,
    )
)
_FAULT = Body(FAULT_SCHEMA)
_PHASES = array(
    obj(
        {
            "status": one_of("pending", "building", "packaged", "built", "retrying", "failed"),
            "seconds": {"type": "number", "minimum": 0},
        },
        required=("status",),
    ),
    minItems=1,
)
_BUILDS = Body(
    obj(
        {
            "default": _PHASES,
            "scripted": array(_PHASES),
            "deploy_seconds": {"type": "number", "minimum": 0},
        },
        minProperties=1,
    )
)
_RATE_LIMIT = Body(
    obj(
        {
            "per_second": {"type": "number", "exclusiveMinimum": 0},
            "burst": whole(1),
            "enforced": {"type": "boolean"},
            "plan": one_of(*PLANS),
        }
    )
)
_STRING = {"type": "string", "minLength": 1}
_CLIENT = Body(
    obj(
        {
            "client_id": _STRING,
            "client_secret": _STRING,
            "scopes": array(_STRING),
            "grant_types": array(_STRING),
            "authorized": {"type": "boolean"},
            "token_seconds": whole(),
        },
        null=True,
    )
)


def _assumptions_body() -> Body:
    """A checker made from the switches themselves, so that it cannot fall behind them."""
    properties: dict[str, Any] = {}
    for name, hint in get_type_hints(Assumptions).items():
        choices = get_args(hint)
        properties[name] = {"enum": list(choices)} if choices else {"type": "boolean"}
    return Body(obj(properties))


_ASSUMPTIONS = _assumptions_body()

Handler = Callable[[Request], Awaitable[Response]]


class Control:
    """The control routes of one sandbox."""

    def __init__(
        self,
        tenant: Tenant,
        *,
        log: RequestLog,
        faults: Faults,
        limiter: Limiter,
        instance_id: str,
        on_reset: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._tenant = tenant
        self._log = log
        self._faults = faults
        self._limiter = limiter
        self._instance_id = instance_id
        self._on_reset = on_reset

    def routes(self) -> list[Route]:
        """All of them; each handler's docstring says what it takes and gives."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/health", self.health),
            ("POST", "/reset", self.reset),
            ("POST", "/generation", self.switch_generation),
            ("GET", "/state", self.get_state),
            ("PUT", "/state", self.put_state),
            ("GET", "/assumptions", self.get_assumptions),
            ("PUT", "/assumptions", self.put_assumptions),
            ("PUT", "/builds", self.put_builds),
            ("PUT", "/rate-limit", self.put_rate_limit),
            ("GET", "/requests", self.get_requests),
            ("DELETE", "/requests", self.delete_requests),
            ("GET", "/faults", self.get_faults),
            ("POST", "/faults", self.post_fault),
            ("DELETE", "/faults", self.delete_faults),
            ("POST", "/clients", self.post_client),
        ]
        return [
            Route(PREFIX + path, _guarded(handler), methods=[method])
            for method, path, handler in table
        ]

    async def health(self, _request: Request) -> Response:
        """GET health: 200 `{status, instance_id, tenant, domain, generation, counters}`.

        `counters` are `requests`, `unknown_routes` and `errors` since the start or the last reset;
        a test of a client asserts that the latter two are 0. `instance_id` is new per process.
        """
        return answer(
            200,
            {
                "status": "ok",
                "instance_id": self._instance_id,
                "tenant": self._tenant.context.name,
                "domain": self._tenant.domain,
                "generation": self._tenant.generation,
                "counters": dataclasses.asdict(self._log.counters),
            },
        )

    async def reset(self, request: Request) -> Response:
        """POST reset `{generation?}`: 204; a new tenant, no faults, empty log, counters and phones.

        The default client and tokens stay valid. Assumptions and the rate limit stay as they are.
        """
        body = await _body(request, _RESET) or {}
        self._tenant.reset(body.get("generation"))
        self._faults.clear()
        self._log.clear()
        for forget in self._on_reset:
            forget()
        return answer(204, None)

    async def switch_generation(self, request: Request) -> Response:
        """POST generation `{generation}`: 204; as if somebody switched it in the dashboard."""
        body = await _body(request, _SWITCH)
        self._tenant.switch(body["generation"])
        return answer(204, None)

    async def get_state(self, request: Request) -> Response:
        """GET state: 200 `{generation, content}`; secrets masked unless `?secrets=true`.

        `content` is collection, then id, then stored document; times are ns since the epoch.
        """
        content: Any = self._tenant.export()
        if request.query_params.get("secrets") != "true":
            content = redacted(content)
        return answer(200, {"generation": self._tenant.generation, "content": content})

    async def put_state(self, request: Request) -> Response:
        """PUT state `{content}` as GET gave it: 204; replaces the tenant's whole content.

        Masked secrets are taken literally: export with `?secrets=true` to keep them.
        """
        body = await _body(request, _CONTENT)
        self._tenant.load(body["content"])
        return answer(204, None)

    async def get_assumptions(self, _request: Request) -> Response:
        """GET assumptions: 200 with every switch of `sandbox.tenant.assumptions`."""
        return answer(200, dataclasses.asdict(self._tenant.assumptions))

    async def put_assumptions(self, request: Request) -> Response:
        """PUT assumptions with some switches: 200 with all; those not named go to their default."""
        body = await _body(request, _ASSUMPTIONS)
        self._tenant.assumptions = Assumptions(**body)
        return answer(200, dataclasses.asdict(self._tenant.assumptions))

    async def put_builds(self, request: Request) -> Response:
        """PUT builds `{default?, scripted?, deploy_seconds?}`: 204.

        `default` and each entry of `scripted` are `[{status, seconds}, ...]`: the states of a
        draft after a write, the last one stays. `scripted` entries serve one write each.
        """
        body = await _body(request, _BUILDS)
        builds = self._tenant.context.builds
        if "default" in body:
            builds.default = _timed(body["default"])
        if "scripted" in body:
            builds.scripted = deque(_timed(one) for one in body["scripted"])
        builds.deploy_seconds = body.get("deploy_seconds", builds.deploy_seconds)
        return answer(204, None)

    async def put_rate_limit(self, request: Request) -> Response:
        """PUT rate-limit `{plan}` or `{per_second?, burst?, enforced?}`: 204.

        `plan` is `free` (2/s, burst 2, enforced: published) or `none` (not enforced). What is not
        named is as `none` has it.
        """
        body = await _body(request, _RATE_LIMIT)
        plan = PLANS[body.pop("plan", "none")]
        self._limiter.change(dataclasses.replace(plan, **body))
        return answer(204, None)

    async def get_requests(self, request: Request) -> Response:
        """GET requests `?after=<seq>`: 200 `{requests}`.

        Each is `{seq, method, path, status, body, fault}`:
        Management API and token calls, oldest first, secrets masked; the last 10,000 are kept.
        """
        after = request.query_params.get("after", "0")
        if not re.fullmatch(r"[0-9]{1,18}", after):
            raise ApiError(400, "after must be a sequence number")
        return answer(200, {"requests": self._log.entries(int(after))})

    async def delete_requests(self, _request: Request) -> Response:
        """DELETE requests: 204; empties the log and the counters."""
        self._log.clear()
        return answer(204, None)

    async def get_faults(self, _request: Request) -> Response:
        """GET faults: 200 `{faults: [...]}`; `seen` counts the requests that matched."""
        return answer(200, {"faults": [dataclasses.asdict(one) for one in self._faults.all()]})

    async def post_fault(self, request: Request) -> Response:
        """POST faults: 201 with the armed fault; see `sandbox.api.faults.Fault` for the keys.

        Example, an answer lost after its effect: `{"method": "POST", "path": "/actions/actions$",
        "when": "after", "close": true}`.
        """
        body = await _body(request, _FAULT)
        if not body:
            raise ApiError(400, "A fault needs at least one key")
        return answer(201, dataclasses.asdict(self._faults.add(body)))

    async def delete_faults(self, _request: Request) -> Response:
        """DELETE faults: 204; disarms all."""
        self._faults.clear()
        return answer(204, None)

    async def post_client(self, request: Request) -> Response:
        """POST clients: 201 with the client, secret included.

        `{client_id?, client_secret?, scopes?, grant_types?, authorized?, token_seconds?}`.
        For tests of missing scopes, of clients without a grant and (with negative
        `token_seconds`) of expired tokens.
        """
        body = await _body(request, _CLIENT) or {}
        given = {key: body[key] for key in ("client_id", "client_secret") if key in body}
        client = self._tenant.clients.add(
            Credentials(**given),
            scopes=body.get("scopes", PHONE_MFA_SCOPES),
            grant_types=body.get("grant_types", ("client_credentials",)),
            authorized=body.get("authorized", True),
            token_seconds=body.get("token_seconds", DAY_IN_SECONDS),
        )
        return answer(201, client)


def _timed(phases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"seconds": 0, **phase} for phase in phases]


async def _body(request: Request, checker: Body) -> Any:
    body = bodies.decode(request, await bodies.read(request), forms=False)
    checker.check(body)
    return body


def _guarded(handler: Handler) -> Handler:
    """The handler, with refusals and surprises as envelopes."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as refused:
            return error_answer(refused)

    return guarded
