"""auth0:index/tenant:Tenant, and the function getTenant.

Of the tenant's settings the stand-in knows the ones that phone MFA meets; others are
"not in the stand-in". Creating is a PATCH and deleting is nothing, as with the official plugin,
and a first apply clears what the program leaves out of a short list (provider-traps.md).
"""

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management
from sandbox.plugin.resources.base import Change, Resource, State, existing
from sandbox.plugin.schema import Attribute, Schema, block, for_api, from_api, snake

SETTLE_SECONDS: Final = 0.8
"""Between the two PATCHes, as the official plugin waits."""

_PATH: Final = "tenants/settings"
_CLEARED_AT_CREATE: Final = (
    "defaultTokenQuota",
    "errorPage",
    "mtls",
    "skipNonVerifiableCallbackUriConfirmationPrompt",
    "countryCodes",
)
_COMPUTED = Attribute(computed=True)
_TEXT = Attribute(computed=True, empty="")
_READ_TEXT = Attribute(output_only=True, empty="")
_READ_FLAG = Attribute(output_only=True, empty=False)
_LIST = Attribute(kind="list", computed=True)
_QUOTA = block(
    {
        "clientCredentials": block(
            {
                "enforce": Attribute(default=True, empty=False),
                "perDay": Attribute(empty=0),
                "perHour": Attribute(empty=0),
            },
            required=True,
        )
    }
)
_FLAGS: dict[str, Attribute] = {
    "requirePushedAuthorizationRequests": _READ_FLAG,
    **dict.fromkeys(
        (
            "allowLegacyDelegationGrantTypes",
            "allowLegacyRoGrantTypes",
            "allowLegacyTokeninfoEndpoint",
            "dashboardInsightsView",
            "dashboardLogStreamsNext",
            "disableClickjackProtectionHeaders",
            "disableFieldsMapFix",
            "enableAdfsWaadEmailVerification",
            "enableApisSection",
            "enableCustomDomainInEmails",
            "enableDynamicClientRegistration",
            "enableIdtokenApi2",
            "enableLegacyLogsSearchV2",
            "enableLegacyProfile",
            "enablePublicSignupUserExistsError",
            "enableSso",
            "mfaShowFactorListOnEnrollment",
            "noDiscloseEnterpriseConnections",
            "removeAlgFromJwks",
            "revokeRefreshTokenGrant",
            "useScopeDescriptionsForConsent",
        ),
        Attribute(computed=True, empty=False),
    ),
    # What the official plugin notes as on where the tenant does not say.
    **dict.fromkeys(
        ("disableManagementApiSmsObfuscation", "enableClientConnections", "enablePipeline2"),
        Attribute(computed=True, empty=True),
    ),
}


class TenantResource(Resource):
    """The tenant settings that phone MFA touches."""

    token: ClassVar[str] = "auth0:index/tenant:Tenant"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "acrValuesSupporteds": Attribute(kind="list", output_only=True),
        "allowOrganizationNameInAuthenticationApi": _READ_FLAG,
        "allowedLogoutUrls": _LIST,
        "clientIdMetadataDocumentSupported": _READ_FLAG,
        "countryCodes": block(
            {
                "lists": Attribute(kind="list", required=True),
                "mode": Attribute(required=True, choices=("allow", "deny")),
            }
        ),
        "customizeMfaInPostloginAction": _COMPUTED,
        "defaultAudience": _TEXT,
        "defaultDirectory": _TEXT,
        "defaultRedirectionUri": _TEXT,
        "defaultTokenQuota": block({"clients": _QUOTA, "organizations": _QUOTA}),
        "disableAcrValuesSupported": _READ_FLAG,
        "dynamicClientRegistrationSecurityMode": _READ_TEXT,
        "enabledLocales": _LIST,
        "ephemeralSessionLifetime": _COMPUTED,
        "errorPage": block(
            dict.fromkeys(("html", "showLogLink", "url"), Attribute()), computed=True
        ),
        "flags": block(_FLAGS, computed=True),
        "friendlyName": _TEXT,
        "idleEphemeralSessionLifetime": _COMPUTED,
        "idleSessionLifetime": _COMPUTED,
        "mtls": block(
            {
                "disable": Attribute(computed=True, empty=False),
                "enableEndpointAliases": Attribute(empty=False),
            },
            computed=True,
        ),
        "oidcLogout": block({"rpLogoutEndSessionEndpointDiscovery": _READ_FLAG}, output_only=True),
        "phoneConsolidatedExperience": _COMPUTED,
        "pictureUrl": _TEXT,
        "pushedAuthorizationRequestsSupported": _READ_FLAG,
        "resourceParameterProfile": _READ_TEXT,
        "sandboxVersion": _COMPUTED,
        "sessionCookie": block({"mode": _READ_TEXT}, output_only=True),
        "sessionLifetime": _COMPUTED,
        "sessions": block({"oidcLogoutPromptEnabled": _READ_FLAG}, output_only=True),
        "skipNonVerifiableCallbackUriConfirmationPrompt": Attribute(
            empty="null", choices=("true", "false", "null")
        ),
        "supportEmail": _TEXT,
        "supportUrl": _TEXT,
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        resource_id = f"stand-in-{uuid.uuid4().hex}"
        with existing(resource_id):
            return resource_id, await self._written(api, inputs, _CLEARED_AT_CREATE)

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        return await api.get(_PATH, _state)

    async def update(self, api: Management, change: Change) -> State:
        differ = [name for name in _CLEARED_AT_CREATE if name in change.attributes]
        return await self._written(api, change.inputs, differ)

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        """Nothing: a tenant's settings outlive the resource, with the official plugin too."""

    async def _written(self, api: Management, inputs: State, clear: Iterable[str]) -> State:
        body = for_api(inputs)
        if codes := body.get("country_codes"):
            codes["list"] = codes.pop("lists")
        prompt = "skip_non_verifiable_callback_uri_confirmation_prompt"
        if prompt in body:
            body[prompt] = {"true": True, "false": False}.get(body[prompt])
        if body:
            await api.send("PATCH", _PATH, body)
        if nulls := {snake(name): None for name in clear if name not in inputs}:
            await asyncio.sleep(SETTLE_SECONDS)
            await api.send("PATCH", _PATH, nulls)
        return await api.get(_PATH, _state)


def _state(settings: dict[str, Any]) -> State:
    state = from_api(TenantResource.schema, settings)
    acr_values = settings.get("acr_values_supported", [])
    state["acrValuesSupporteds"] = acr_values or []
    state["disableAcrValuesSupported"] = acr_values is None
    if codes := settings.get("country_codes"):
        state["countryCodes"]["lists"] = codes["list"]
    prompt = settings.get("skip_non_verifiable_callback_uri_confirmation_prompt")
    state["skipNonVerifiableCallbackUriConfirmationPrompt"] = (
        "null" if prompt is None else str(prompt).lower()
    )
    mode = "dynamicClientRegistrationSecurityMode"
    state[mode] = state.get(mode) or "permissive"
    mtls = state.get("mtls")
    state["mtls"] = {**(mtls or {}), "disable": not mtls}
    return {"flags": {}, "sessionCookie": {}} | state


async def get_tenant(api: Management) -> dict[str, Any]:
    """The one data source that the product asks: settings, domain, and the API's identifier."""
    identifier = f"https://{api.domain}/api/v2/"
    own = {"id": api.domain, "domain": api.domain, "managementApiIdentifier": identifier}
    return await api.get(_PATH, _data_source) | own


def _data_source(settings: dict[str, Any]) -> dict[str, Any]:
    """A data source answers a block as a list of at most one, under a plural name."""
    state = _state(settings)
    for name, attribute in TenantResource.schema.items():
        if attribute.kind == "block":
            value = state.pop(name, None)
            state[name if name.endswith("s") else f"{name}s"] = (
                [] if value is None else [_listed(value)]
            )
    return state


def _listed(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [_listed(value)] if isinstance(value, dict) else value for key, value in values.items()
    }
