"""The domain of a tenant's login pages, where it has one besides its own."""

from typing import Final

from components.tenant.model import Client

PATH: Final = "/custom-domains"
SCOPE: Final = "read:custom_domains"
VARIABLE: Final = "custom_domain"
"""Its name in a text."""


async def read(client: Client) -> str:
    """The longest one that is in use, as it costs the most in a text; empty without one."""
    found = await client.custom_domains.list()
    return max((one.domain for one in found if one.status == "ready"), key=len, default="")
