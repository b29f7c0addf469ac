"""The one door to a tenant's Management API: every request through it ends, and a failure is told.

Hooks connect with the credentials of the running program (`stack_access`); a command asks with its
own (`ask`, and `ask_to_write` where it changes the tenant). Nothing here loads Pulumi or a stack's
settings, and auth0-python only when a tenant is asked: with it half a second.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from components.tenant.access import Access, NoAccessError
from components.tenant.token import NoTokenError, Tokens

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient
    from auth0.management.core.request_options import RequestOptions

T = TypeVar("T")

SILENCE: Final = 30.0
"""Seconds that a tenant may be silent within a request."""

TOTAL: Final = 60.0
"""Seconds for one request, all of it. A refusal that may pass is met with two more requests."""

ONCE: Final[RequestOptions] = {"max_retries": 0}
"""For requests that must not be repeated after an answer that got lost, such as a send."""


class TenantUnreadableError(Exception):
    """The tenant could not be read; the text says why and what to do, and holds no credential."""


class WriteFailedError(Exception):
    """A write was refused or got no answer; the text says which, and what to do."""


def access_of(
    config: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] = os.environ
) -> Access:
    """Who asks the tenant, as Pulumi would: the stack's `auth0:` keys, then the variables.

    Args:
        config: the stack's `auth0:` keys, without that prefix.
        environ: the variables.

    Raises:
        TenantUnreadableError: naming everything that is missing.
    """
    try:
        return Access.of(environ, config)
    except NoAccessError as error:
        raise TenantUnreadableError(str(error)) from None


@asynccontextmanager
async def connect(
    access: Access, *, origin: str = "", tokens: Tokens | None = None
) -> AsyncIterator[AsyncManagementClient]:
    """A client.

    Args:
        access: how to reach the tenant.
        origin: where the credentials were found, in a sentence for who has to correct them.
        tokens: its tokens, where other connections use them too.

    Raises:
        TenantUnreadableError: what failed inside: no answer, refused credentials, a missing scope.
    """
    from auth0.management import AsyncManagementClient  # noqa: PLC0415

    from components.tenant.bounded_http import BoundedAsyncClient  # noqa: PLC0415
    from components.tenant.errors import failures, told  # noqa: PLC0415

    async with BoundedAsyncClient(total=TOTAL, json_only=True, timeout=SILENCE) as http:
        token = access.api_token or (tokens or Tokens(access)).get
        try:
            if callable(token):  # The first one is not fetched on the event loop's time.
                await asyncio.to_thread(token)
            yield AsyncManagementClient(domain=access.domain, token=token, httpx_client=http)
        except NoAccessError as error:
            raise TenantUnreadableError(str(error)) from None
        except failures() as error:
            raise TenantUnreadableError(told(access.domain, error, origin=origin)) from None


def ask(access: Access, question: Callable[[AsyncManagementClient], Awaitable[T]]) -> T:
    """What a command asks of a tenant, as one block.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or a missing scope, by name.
    """

    async def block() -> T:
        async with connect(access) as client:
            return await question(client)

    return asyncio.run(block())


def ask_to_write(access: Access, writes: Callable[[AsyncManagementClient], Awaitable[T]]) -> T:
    """A block that writes: without an answer, nobody knows what the tenant has.

    Raises:
        WriteFailedError: refused, a missing scope by name, or no answer: in that case the write
            may have been done, and the text says so.
    """
    try:
        return ask(access, writes)
    except TenantUnreadableError as error:
        text = str(error)
        if may_be_done(error.__context__):
            text += " Whether the tenant did what it was asked is not known: look before repeating."
        raise WriteFailedError(text) from None


def may_be_done(failure: BaseException | None) -> bool:
    """Whether a write that ended so may have reached the tenant all the same."""
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - loaded already

    if isinstance(failure, ApiError):
        # A gateway's answer, or one that nobody can read, comes after the request.
        return (failure.status_code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not isinstance(failure, (NoAccessError, NoTokenError))
