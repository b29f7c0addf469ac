"""The door for commands that are not yet asynchronous (`components.tenant.client` stays)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from components.tenant.access import Access, NoAccessError
from components.tenant.client import SILENCE, TOTAL, TenantUnreadableError
from components.tenant.token import Tokens

if TYPE_CHECKING:
    from auth0.management import ManagementClient


@contextmanager
def reading(access: Access) -> Iterator[ManagementClient]:
    """A client of the tenant's Management API, whose failures say what to do.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or a missing scope, by name.
    """
    # With auth0-python half a second: only when a tenant is read.
    from auth0.management import ManagementClient  # noqa: PLC0415

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415
    from components.tenant.errors import failures, told  # noqa: PLC0415

    try:
        with BoundedClient(total=TOTAL, json_only=True, timeout=SILENCE) as http:
            token = access.api_token or Tokens(http, access=access).get
            yield ManagementClient(domain=access.domain, token=token, httpx_client=http)
    except NoAccessError as error:
        raise TenantUnreadableError(str(error)) from None
    except failures() as error:
        raise TenantUnreadableError(told(access.domain, error)) from None
