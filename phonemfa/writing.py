"""The door for commands that write and are not yet asynchronous."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from components.tenant.access import Access
from components.tenant.client import TenantUnreadableError, WriteFailedError, may_be_done
from phonemfa.tenant import reading

if TYPE_CHECKING:
    from auth0.management import ManagementClient


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
        if may_be_done(error.__context__):
            text += " Whether the tenant did what it was asked is not known: look before repeating."
        raise WriteFailedError(text) from None
