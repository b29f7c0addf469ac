"""The door to a tenant's Management API for commands that write.

Owns telling a failed write from a failed read: after a write without an answer nobody knows what
the tenant has. Refuses to explain failures a second time: the words are those of `tenant.reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from components.tenant.access import Access
from phonemfa.tenant import TenantUnreadableError, reading

if TYPE_CHECKING:
    from auth0.management import ManagementClient
    from auth0.management.core.request_options import RequestOptions

ONCE: Final[RequestOptions] = {"max_retries": 0}
"""For requests that must not be repeated after an answer that got lost, such as a send."""


class WriteFailedError(Exception):
    """A write was refused or got no answer; the text says which, and what to do."""


@contextmanager
def writing(access: Access) -> Iterator[ManagementClient]:
    """A client of the tenant's Management API for a block that writes.

    Raises:
        WriteFailedError: refused, a missing scope by name, or no answer: in that case the write
            may have been done, and the text says so.
    """
    try:
        with reading(access) as client:
            yield client
    except TenantUnreadableError as error:
        text = str(error)
        if _may_be_done(error.__context__):
            text += " Whether the tenant did what it was asked is not known: look before repeating."
        raise WriteFailedError(text) from None


def _may_be_done(failure: BaseException | None) -> bool:
    """Whether a write that ended so may have reached the tenant all the same."""
    # `reading` has loaded both.
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    from components.tenant.token import NoTokenError  # noqa: PLC0415

    if isinstance(failure, ApiError):
        # A gateway's answer, or one that nobody can read, comes after the request.
        return (failure.status_code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not isinstance(failure, NoTokenError)


def plain(answer: Any) -> dict[str, Any]:
    """An answer of auth0-python as the JSON that the tenant sent."""
    found: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return found
