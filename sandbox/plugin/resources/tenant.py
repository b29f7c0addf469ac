"""auth0:index/tenant:Tenant.

Of the tenant's settings the stand-in knows the ones that phone MFA meets; others are
"not in the stand-in". Creating is a PATCH and deleting is nothing, as with the official plugin,
and a first apply clears what the program leaves out of a short list (provider-traps.md).
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, ClassVar, Final

from sandbox.plugin.client import Management
from sandbox.plugin.resources.base import Change, Resource, State, existing, given, snake
from sandbox.plugin.schema import Attribute, Schema

SETTLE_SECONDS: Final = 0.8
"""Between the two PATCHes, as the official plugin waits."""

_CLEARED_AT_CREATE: Final = (
    "default_token_quota",
    "error_page",
    "mtls",
    "skip_non_verifiable_callback_uri_confirmation_prompt",
    "country_codes",
)
_COMPUTED = Attribute(computed=True)
_TEXT = Attribute(computed=True, empty="")
_READ_TEXT = Attribute(output_only=True, empty="")
_READ_FLAG = Attribute(output_only=True, empty=False)
_QUOTA = Attribute(
    kind="block",
    fields={
        "clientCredentials": Attribute(
            kind="block",
            required=True,
            fields={
                "enforce": Attribute(default=True, empty=False),
                "perDay": Attribute(empty=0),
                "perHour": Attribute(empty=0),
            },
        )
    },
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
            "disableManagementApiSmsObfuscation",
            "enableAdfsWaadEmailVerification",
            "enableApisSection",
            "enableClientConnections",
            "enableCustomDomainInEmails",
            "enableDynamicClientRegistration",
            "enableIdtokenApi2",
            "enableLegacyLogsSearchV2",
            "enableLegacyProfile",
            "enablePipeline2",
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
}
# What the official plugin notes as on where the tenant does not say.
_FLAGS |= dict.fromkeys(
    ("disableManagementApiSmsObfuscation", "enableClientConnections", "enablePipeline2"),
    Attribute(computed=True, empty=True),
)


class TenantResource(Resource):
    """The tenant settings that phone MFA touches."""

    token: ClassVar[str] = "auth0:index/tenant:Tenant"  # noqa: S105 - a type token
    schema: ClassVar[Schema] = {
        "acrValuesSupporteds": Attribute(kind="list", output_only=True),
        "allowOrganizationNameInAuthenticationApi": _READ_FLAG,
        "allowedLogoutUrls": Attribute(kind="list", computed=True),
        "clientIdMetadataDocumentSupported": _READ_FLAG,
        "countryCodes": Attribute(
            kind="block",
            fields={
                "lists": Attribute(kind="list", required=True),
                "mode": Attribute(required=True),
            },
        ),
        "customizeMfaInPostloginAction": _COMPUTED,
        "defaultAudience": _TEXT,
        "defaultDirectory": _TEXT,
        "defaultRedirectionUri": _TEXT,
        "defaultTokenQuota": Attribute(
            kind="block", fields={"clients": _QUOTA, "organizations": _QUOTA}
        ),
        "disableAcrValuesSupported": _READ_FLAG,
        "dynamicClientRegistrationSecurityMode": _READ_TEXT,
        "enabledLocales": Attribute(kind="list", computed=True),
        "ephemeralSessionLifetime": _COMPUTED,
        "errorPage": Attribute(
            kind="block",
            computed=True,
            fields={"html": Attribute(), "showLogLink": Attribute(), "url": Attribute()},
        ),
        "flags": Attribute(kind="block", computed=True, fields=_FLAGS),
        "friendlyName": _TEXT,
        "idleEphemeralSessionLifetime": _COMPUTED,
        "idleSessionLifetime": _COMPUTED,
        "mtls": Attribute(
            kind="block",
            computed=True,
            fields={
                "disable": Attribute(computed=True, empty=False),
                "enableEndpointAliases": Attribute(empty=False),
            },
        ),
        "oidcLogout": Attribute(
            kind="block",
            output_only=True,
            fields={"rpLogoutEndSessionEndpointDiscovery": _READ_FLAG},
        ),
        "phoneConsolidatedExperience": _COMPUTED,
        "pictureUrl": _TEXT,
        "pushedAuthorizationRequestsSupported": _READ_FLAG,
        "resourceParameterProfile": _READ_TEXT,
        "sandboxVersion": _COMPUTED,
        "sessionCookie": Attribute(kind="block", output_only=True, fields={"mode": _READ_TEXT}),
        "sessionLifetime": _COMPUTED,
        "sessions": Attribute(
            kind="block", output_only=True, fields={"oidcLogoutPromptEnabled": _READ_FLAG}
        ),
        "skipNonVerifiableCallbackUriConfirmationPrompt": Attribute(
            empty="null", choices=("true", "false", "null")
        ),
        "supportEmail": _TEXT,
        "supportUrl": _TEXT,
    }

    async def create(self, api: Management, inputs: State) -> tuple[str, State]:
        resource_id = f"stand-in-{uuid.uuid4().hex}"
        with existing(resource_id):
            await self._patch(api, inputs, clear=_cleared(inputs))
            return resource_id, await self._read(api)

    async def read(self, api: Management, resource_id: str, prior: State) -> State | None:
        return await self._read(api)

    async def update(self, api: Management, change: Change) -> State:
        clear = [key for key in _cleared(change.inputs) if _camel(key) in change.attributes]
        await self._patch(api, change.inputs, clear=clear)
        return await self._read(api)

    async def delete(self, api: Management, resource_id: str, state: State) -> None:
        """Nothing: a tenant's settings outlive the resource, with the official plugin too."""

    async def _patch(self, api: Management, inputs: State, *, clear: list[str]) -> None:
        body = {snake(name): _for_api(name, value) for name, value in inputs.items()}
        if body:
            await api.call(lambda sdk: sdk.tenants.settings.update(**body))
        if clear:
            await asyncio.sleep(SETTLE_SECONDS)
            nulls = dict.fromkeys(clear)
            await api.call(lambda sdk: sdk.tenants.settings.update(**nulls))

    async def _read(self, api: Management) -> State:
        settings = await api.call(lambda sdk: sdk.tenants.settings.get())
        return tenant_state(settings)


def tenant_state(settings: dict[str, Any]) -> State:
    """Settings as the API answers them, under the program's property names."""
    state = {name: _for_program(settings.get(snake(name))) for name in TenantResource.schema}
    flags = settings.get("flags") or {}
    state["flags"] = given(**{name: flags.get(snake(name)) for name in _FLAGS})
    country_codes = settings.get("country_codes")
    state["countryCodes"] = (
        {"lists": country_codes["list"], "mode": country_codes["mode"]} if country_codes else None
    )
    prompt = settings.get("skip_non_verifiable_callback_uri_confirmation_prompt")
    state["skipNonVerifiableCallbackUriConfirmationPrompt"] = (
        "null" if prompt is None else str(prompt).lower()
    )
    acr_values = settings.get("acr_values_supported", [])
    state["acrValuesSupporteds"] = acr_values or []
    state["disableAcrValuesSupported"] = acr_values is None
    state["dynamicClientRegistrationSecurityMode"] = (
        state["dynamicClientRegistrationSecurityMode"] or "permissive"
    )
    mtls = state["mtls"] or {}
    state["mtls"] = {**mtls, "disable": not mtls}
    state["sessionCookie"] = state["sessionCookie"] or {}
    return given(**state)


def _cleared(inputs: State) -> list[str]:
    return [key for key in _CLEARED_AT_CREATE if _camel(key) not in inputs]


def _for_api(name: str, value: Any) -> Any:
    if name == "countryCodes":
        return {"list": value["lists"], "mode": value["mode"]}
    if name == "skipNonVerifiableCallbackUriConfirmationPrompt":
        return {"true": True, "false": False}.get(value)
    if isinstance(value, dict):
        return {snake(key): _for_api(key, item) for key, item in value.items()}
    return value


def _for_program(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel(key): _for_program(item) for key, item in value.items()}
    return value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
