"""The one data source of the stand-in, which the product asks: getTenant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sandbox.plugin.client import Management
from sandbox.plugin.resources.tenant import tenant_state

Function = Callable[[Management, str, dict[str, Any]], Awaitable[dict[str, Any]]]


async def get_tenant(api: Management, domain: str, args: dict[str, Any]) -> dict[str, Any]:
    """The tenant's settings, its domain and the identifier of its Management API."""
    settings = await api.call(lambda sdk: sdk.tenants.settings.get())
    state = tenant_state(settings)
    for block, listed in _LISTED_BLOCKS.items():
        state[listed] = [_listed(state.pop(block))] if block in state else []
    return {
        **state,
        "id": domain,
        "domain": domain,
        "managementApiIdentifier": f"https://{domain}/api/v2/",
    }


# A data source answers a block as a list of at most one, under a plural name.
_LISTED_BLOCKS: Final = {
    "countryCodes": "countryCodes",
    "defaultTokenQuota": "defaultTokenQuotas",
    "errorPage": "errorPages",
    "flags": "flags",
    "mtls": "mtls",
    "oidcLogout": "oidcLogouts",
    "sessionCookie": "sessionCookies",
    "sessions": "sessions",
}


def _listed(block: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [_listed(value)] if isinstance(value, dict) else value for key, value in block.items()
    }


FUNCTIONS: Final[dict[str, Function]] = {
    "auth0:index/getTenant:getTenant": get_tenant,
}
