"""The one door to a tenant's Management API: every request through it ends, and a failure is told.

Hooks connect with the credentials of the running program (`stack_access`); a command asks with its
own. Loads neither Pulumi nor a stack's settings, and auth0-python only when a tenant is asked.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from components.tenant.access import Access, NoAccessError
from components.tenant.access import TenantUnreadableError as TenantUnreadableError  # noqa: PLC0414 - goes on
from components.tenant.model import Client
from components.tenant.token import NoTokenError, Tokens, scopes_of

T = TypeVar("T")

SILENCE: Final = 30.0
"""Seconds that a tenant may be silent within a request."""

TOTAL: Final = 60.0
"""Seconds for one request, all of it. A refusal that may pass is met with two more requests."""

ONCE: Final[Any] = {"max_retries": 0}
"""For requests that must not be repeated after an answer that got lost, such as a send."""


class WriteFailedError(Exception):
    """A write was refused or got no answer; the text says which, and what to do."""


@dataclass(kw_only=True)
class Heard:
    """What a tenant's answers tell beside what was asked.

    `scopes` is what the token may do, `limit` how many requests the tenant takes at once, and
    `refusals` how many were refused for that; None where nothing says.
    """

    scopes: frozenset[str] | None = None
    limit: int | None = None
    refusals: int = 0

    async def note(self, answer: Any) -> None:
        """Look at an answer (httpx's) of the Management API."""
        self.refusals += answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        limit = answer.headers.get("x-ratelimit-limit", "")
        if re.fullmatch(r"[0-9]{1,9}", limit):
            self.limit = int(limit)


@asynccontextmanager
async def connect(
    access: Access, *, origin: str = "", tokens: Tokens | None = None, heard: Heard | None = None
) -> AsyncIterator[Client]:
    """A client; what fails inside is a `TenantUnreadableError`.

    `origin` says where the credentials were found, for who has to correct them; other connections
    may use the same `tokens`.
    """
    from auth0.management import AsyncManagementClient  # noqa: PLC0415

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415
    from components.tenant.errors import FAILURES, told  # noqa: PLC0415

    heard, tokens = heard or Heard(), tokens or Tokens(access)
    hooks = {"response": [heard.note]}
    with BoundedClient(total=TOTAL, json_only=True, timeout=SILENCE, event_hooks=hooks) as http:
        try:
            if access.api_token:
                heard.scopes = scopes_of({"access_token": access.api_token})
            else:  # The first one is not fetched on the event loop's time.
                await http.awaited(asyncio.to_thread(tokens.get))
                heard.scopes = tokens.scopes
            token = access.api_token or tokens.get
            asks: Any = SimpleNamespace(request=http.requested)
            yield AsyncManagementClient(domain=access.domain, token=token, httpx_client=asks)
        except FAILURES as error:
            text, fix = told(access.domain, error, origin=origin), getattr(error, "fix", "")
            raise TenantUnreadableError(text, fix=fix) from None


def ask(
    access: Access,
    question: Callable[[Client], Awaitable[T]],
    *,
    heard: Heard | None = None,
) -> T:
    """What a command asks of a tenant, as one block of `connect`."""

    async def block() -> T:
        async with connect(access, heard=heard) as client:
            return await question(client)

    return asyncio.run(block())


def ask_to_write(
    access: Access,
    writes: Callable[[Client], Awaitable[T]],
    *,
    heard: Heard | None = None,
) -> T:
    """A block that writes, as `ask`.

    Without an answer nobody knows what the tenant has: the `WriteFailedError` says so.
    """
    try:
        return ask(access, writes, heard=heard)
    except TenantUnreadableError as error:
        text = str(error)
        if _may_be_done(error):
            text += " Whether the tenant did what it was asked is not known: look before repeating."
        raise WriteFailedError(text) from None


def _may_be_done(error: TenantUnreadableError) -> bool:
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - loaded already

    failure = error.__context__
    if isinstance(failure, ApiError):
        # A gateway's answer, or one that nobody can read, comes after the request.
        return (failure.status_code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not (isinstance(error, NoAccessError) or isinstance(failure, NoTokenError))
