"""The phones that the tenant reaches: a list, and one phone's screen.

Owns their routes and what a template needs to know. Refuses to change anything.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.inbox import Inbox
from sandbox.pages.views import Views


def routes(inbox: Inbox, views: Views) -> list[BaseRoute]:
    """GET /phones and /phones/{number}."""

    async def listing(_: Request) -> Response:
        messages = inbox.messages()
        return views.page("phones.html.j2", active="phones", messages=messages)

    return [Route("/phones", listing, methods=["GET"])]
