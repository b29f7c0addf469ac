"""The data sources of the stand-in: getTenant, getAction, getPhoneProvider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.resources.action import ActionResource
from sandbox.plugin.resources.phone_provider import PhoneProviderResource
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


async def get_action(api: Management, domain: str, args: dict[str, Any]) -> dict[str, Any]:
    """One Action by `id`, or by `name` (exact; several of one name are an error)."""
    action_id = args.get("id")
    if not action_id:
        name = args.get("name")
        if not name:
            raise ManagementError(0, "getAction needs id or name")
        action_id = await _only_action_called(api, name)
    resource = ActionResource()
    state = await resource.read(api, action_id, {})
    if state is None:
        raise ManagementError(404, f"there is no Action {action_id}")
    triggers = state.pop("supportedTriggers")
    return {
        **state,
        "id": action_id,
        "supportedTriggers": [triggers],
        "dependencies": state.get("dependencies", []),
        "secrets": [],
    }


async def _only_action_called(api: Management, name: str) -> str:
    async def matching(sdk: Any) -> list[Any]:
        return [
            item async for item in await sdk.actions.list(action_name=name, page=0, per_page=50)
        ]

    found = await api.call(matching)
    if len(found) != 1:
        raise ManagementError(404, f"{len(found) or 'no'} Actions are called {name!r}: use its id")
    action_id: str = found[0]["id"]
    return action_id


async def get_phone_provider(api: Management, domain: str, args: dict[str, Any]) -> dict[str, Any]:
    """The phone provider by `id`; without one, the tenant's only provider."""
    provider_id = args.get("id")
    if not provider_id:
        listed = await api.call(lambda sdk: sdk.branding.phone.providers.list())
        if not listed["providers"]:
            raise ManagementError(404, "the tenant has no phone provider")
        provider_id = listed["providers"][0]["id"]
    state = await PhoneProviderResource().read(api, provider_id, {})
    if state is None:
        raise ManagementError(404, f"there is no phone provider {provider_id}")
    configuration = state.pop("configuration")
    return {**state, "id": provider_id, "configurations": [configuration], "credentials": []}


FUNCTIONS: Final[dict[str, Function]] = {
    "auth0:index/getTenant:getTenant": get_tenant,
    "auth0:index/getAction:getAction": get_action,
    "auth0:index/getPhoneProvider:getPhoneProvider": get_phone_provider,
}
