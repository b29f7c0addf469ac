"""The pages' HTTP application: its routes, static files, and what does not exist or fails."""

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.cpaas.cpaas import Cpaas
from sandbox.drift.applied import Applied
from sandbox.inbox.inbox import Inbox
from sandbox.login.sessions import LoginDesk
from sandbox.notifications.service import NotificationService
from sandbox.pages import login, phones, views
from sandbox.pages import tenant as tenant_page
from sandbox.tenant import Tenant

logger = logging.getLogger(__name__)


def build_pages(
    tenant: Tenant,
    inbox: Inbox,
    notifications: NotificationService,
    *,
    cpaas: Cpaas,
    logins: LoginDesk,
    applied: Applied,
) -> Starlette:
    """The ASGI application of the pages. Theirs is the event loop of the tenant's API."""

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for that type only
        if error.status_code != 404:  # noqa: PLR2004 - HTTP
            return Response(f"{error.detail}\n", error.status_code, media_type="text/plain")
        return views.page(request, "missing.html.j2", active="", status=404, path=request.url.path)

    async def failed(request: Request, error: Exception) -> Response:
        logger.error("Unexpected error in %s", request.url.path, exc_info=error)
        return views.page(request, "failed.html.j2", active="", status=500)

    return Starlette(
        routes=[
            Route("/", RedirectResponse("/phones", 307), methods=["GET"]),
            *phones.routes(inbox, cpaas),
            *login.routes(tenant, logins, inbox),
            *tenant_page.routes(tenant, applied, notifications),
            Mount("/static", StaticFiles(directory=views.STATIC)),
        ],
        exception_handlers={HTTPException: missing, Exception: failed},
    )
