"""The door to a tenant's Management API for commands that write.

Owns telling a failed write from a failed read: after a write without an answer nobody knows what
the tenant has. Refuses to explain failures a second time: the words are those of `tenant.reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from phonemfa.tenant import Access, TenantUnreadableError, reading

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
        import httpx  # noqa: PLC0415 - `reading` has loaded it

        text = str(error)
        if isinstance(error.__context__, httpx.TransportError):
            text += " Whether the tenant did what it was asked is not known: look before repeating."
        raise WriteFailedError(text) from None


def plain(answer: Any) -> dict[str, Any]:
    """An answer of auth0-python as the JSON that the tenant sent."""
    found: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return found
