"""The tenant's HTTP application: control routes, and the Management API behind everything else."""

import logging
import uuid
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from sandbox.api.control import Control
from sandbox.api.dispatch import Dispatcher
from sandbox.api.encoding import error_answer
from sandbox.api.faults import Fault
from sandbox.api.limiter import Limiter, RateLimit
from sandbox.api.request_log import RequestLog
from sandbox.tenant import Tenant
from sandbox.tenant.errors import ApiError
from sandbox.tenant.operation import Notifier
from sandbox.web.connection import Application
from sandbox.web.guard import PREFIX

logger = logging.getLogger(__name__)


def build_api(
    tenant: Tenant,
    *,
    notifier: Notifier | None,
    extra_routes: Sequence[BaseRoute] = (),
    rate_limit: RateLimit | None = None,
    instance_id: str | None = None,
    on_reset: Sequence[Callable[[], None]] = (),
) -> Starlette:
    """The ASGI application of one tenant.

    Without a notifier, `try` is a mere 202 and no Action is tested; without a rate limit, none is
    enforced. `extra_routes` are further control routes, and `on_reset` is what their parts forget
    with the tenant.
    """
    log = RequestLog()
    faults: list[Fault] = []
    limiter = Limiter(rate_limit or RateLimit(), tenant.clock)
    control = Control(
        tenant, log, faults, limiter, instance_id or str(uuid.uuid4()), on_reset=on_reset
    )
    dispatcher = Dispatcher(tenant, log, faults, limiter, notifier=notifier)

    async def unknown(_request: Request, error: Exception) -> Response:
        """A control route that does not exist; not one of Auth0's, so it is not counted."""
        assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for that type only
        return error_answer(ApiError(error.status_code, error.detail))

    async def failed(request: Request, error: Exception) -> Response:
        logger.error("Unexpected error in %s", request.url.path, exc_info=error)
        log.counters.errors += 1
        return error_answer(ApiError(500, "An internal server error occurred"))

    return Application(
        routes=[
            *control.routes(),
            *extra_routes,
            Mount(PREFIX, app=_no_control),
            Mount("", dispatcher),
        ],
        exception_handlers={HTTPException: unknown, Exception: failed},
    )


async def _no_control(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404, "There is no such control route")
