"""Tenant settings (§3): their defaults, how they merge, the switch between the generations."""

import copy
from collections.abc import Callable
from typing import Any, Literal

from sandbox.json_schemas import (
    BOOLEAN,
    STRING,
    Schema,
    array,
    described,
    nullable,
    obj,
    one_of,
    text,
    whole,
)
from sandbox.tenant.context import Context, Rules, chosen
from sandbox.tenant.errors import invalid_body
from sandbox.tenant.operation import Routes

Generation = Literal["unified", "legacy"]

SINGLETONS = "singletons"
KEY = "settings"
UNIFIED_FLAG = "phone_consolidated_experience"

_LIFETIMES = (
    "session_lifetime",
    "idle_session_lifetime",
    "ephemeral_session_lifetime",
    "idle_ephemeral_session_lifetime",
)
_READ_ONLY = {"sandbox_versions_available": ["22", "18"]}
_SHOWN_UNSET = {
    "resource_parameter_profile": "audience",
    "client_id_metadata_document_supported": False,
}
"""What GET shows and the answer to a PATCH does not, until it is set: recorded by go-auth0
(`TestTenantManager_CountryCodes`)."""
_FLAGS_OF_PATCH_ANSWERS = {
    "cannot_change_enforce_client_authentication_on_passwordless_start": True,
    "enforce_client_authentication_on_passwordless_start": True,
}
_DEFAULTS: dict[str, Any] = {
    "allowed_logout_urls": [],
    "acr_values_supported": [],
    "change_password": {"enabled": False},
    "default_audience": "",
    "default_directory": "",
    "enabled_locales": ["en"],
    "flags": {
        "allow_changing_enable_sso": False,
        "allow_legacy_delegation_grant_types": False,
        "allow_legacy_ro_grant_types": False,
        "allow_other_legacy_grant_types": False,
        "disable_impersonation": True,
        "enable_dynamic_client_registration": False,
        "enable_public_signup_user_exists_error": True,
        "enable_sso": True,
        "universal_login": True,
        "use_scope_descriptions_for_consent": False,
        "no_disclose_enterprise_connections": False,
        "revoke_refresh_token_grant": False,
        "disable_fields_map_fix": False,
        "mfa_show_factor_list_on_enrollment": False,
        "remove_alg_from_jwks": False,
        "disable_clickjack_protection_headers": False,
    },
    "friendly_name": "Sandbox Tenant",
    "guardian_mfa_page": {"enabled": False},
    "idle_session_lifetime": 72,
    "ephemeral_session_lifetime": 72,
    "idle_ephemeral_session_lifetime": 24,
    "picture_url": "",
    "sandbox_version": "22",
    "session_lifetime": 168,
    "support_email": "",
    "support_url": "",
    "sessions": {"oidc_logout_prompt_enabled": True},
    "oidc_logout": {"rp_logout_end_session_endpoint_discovery": False},
    "allow_organization_name_in_authentication_api": False,
    "customize_mfa_in_postlogin_action": False,
    "pushed_authorization_requests_supported": False,
    "universal_login": {"colors": {"page_background": "#000000", "primary": "#0059d6"}},
    "dynamic_client_registration_security_mode": "permissive",
}


_LOCALES = (  # noqa: SIM905 - words read better without a quote around each
    "am ar ar-EG ar-SA az bg bn bs ca-ES cnr cs cy da de el en en-CA es es-419 es-AR es-MX et eu-ES"
    " fa fi fr fr-CA fr-FR gl-ES gu he hi hr hu hy id is it ja ka kk kn ko lt lv mk ml mn mr ms my"
    " nb nl nn no pa pl pt pt-BR pt-PT ro ru sk sl so sq sr sv sw ta te th tl tr uk ur vi zgh zh-CN"
    " zh-HK zh-MO zh-TW"
).split()

_FLAGS = (  # noqa: SIM905 - as above
    "change_pwd_flow_v1 enable_apis_section disable_impersonation enable_client_connections"
    " enable_pipeline2 allow_legacy_delegation_grant_types allow_legacy_ro_grant_types"
    " allow_legacy_tokeninfo_endpoint enable_legacy_profile enable_idtoken_api2"
    " enable_public_signup_user_exists_error enable_sso allow_changing_enable_sso"
    " disable_clickjack_protection_headers no_disclose_enterprise_connections"
    " enforce_client_authentication_on_passwordless_start enable_adfs_waad_email_verification"
    " revoke_refresh_token_grant dashboard_log_streams_next dashboard_insights_view"
    " disable_fields_map_fix mfa_show_factor_list_on_enrollment remove_alg_from_jwks"
    " improved_signup_bot_detection_in_classic genai_trial enable_dynamic_client_registration"
    " disable_management_api_sms_obfuscation trust_azure_adfs_email_verified_connection_property"
    " custom_domains_provisioning"
).split()

_URI = {"type": "string", "format": "absolute-uri-or-empty"}
_PAGE = obj({"enabled": BOOLEAN, "html": STRING}, null=True)
_SWITCH_OR_NULL = nullable(BOOLEAN)

_COUNT = whole(1, 2_147_483_647)
_QUOTA = obj(
    {
        "client_credentials": obj(
            {"enforce": BOOLEAN, "per_day": _COUNT, "per_hour": _COUNT}, minProperties=1
        )
    },
    required=("client_credentials",),
    extra=True,
)

_CSP_POLICY = obj(
    {
        "mode": one_of("enforcing", "reporting"),
        "directives": obj({}, extra=array(text(high=2048)), maxProperties=30),
        "flags": array(one_of("upgrade-insecure-requests", "block-all-mixed-content")),
        "reporting": obj({"report_uri": STRING, "report_to_group": STRING}, null=True),
    }
)
_ENDPOINTS = array(obj({"url": STRING}))
_CSP_REPORTING = obj(
    {
        "report_to": obj({"group": STRING, "max_age": whole(), "endpoints": _ENDPOINTS}, null=True),
        "reporting_endpoints": obj({}, extra=STRING),
    },
    null=True,
)
_CSP = {
    "enabled": BOOLEAN,
    "policies": array(_CSP_POLICY),
    "reporting_infrastructure": _CSP_REPORTING,
}
_XSS = {"enabled": BOOLEAN, "mode": one_of("block"), "report_uri": STRING}
_SECURITY_HEADERS = obj(
    {
        "content_security_policy": obj(_CSP, null=True),
        "x_xss_protection": obj(_XSS, null=True),
    },
    null=True,
)

UNPUBLISHED_FLAGS = (
    "use_scope_descriptions_for_consent",
    "require_pushed_authorization_requests",
    "universal_login",
    "enable_custom_domain_in_emails",
    "enable_legacy_logs_search_v2",
)
"""Flags that the OpenAPI does not know and clients write to real tenants: the first two
auth0-deploy-cli (its `allowedTenantFlags`), the last three go-auth0. Recorded answers show
`use_scope_descriptions_for_consent` and `universal_login`."""

_PROPERTIES: dict[str, Schema] = {
    "change_password": _PAGE,
    "device_flow": obj({"charset": one_of("base20", "digits"), "mask": text(high=20)}, null=True),
    "guardian_mfa_page": _PAGE,
    "default_audience": STRING,
    "default_directory": STRING,
    "error_page": obj({"html": STRING, "show_log_link": BOOLEAN, "url": _URI}, null=True),
    "default_token_quota": obj(
        {"clients": _QUOTA, "organizations": _QUOTA}, null=True, minProperties=1
    ),
    "flags": obj(dict.fromkeys((*_FLAGS, *UNPUBLISHED_FLAGS), BOOLEAN)),
    "friendly_name": described(STRING, "How the tenant is called in texts"),
    "picture_url": _URI,
    "support_email": {"type": "string", "format": "email-or-empty"},
    "support_url": _URI,
    "allowed_logout_urls": array(STRING),
    **dict.fromkeys(_LIFETIMES, whole(1)),
    **dict.fromkeys((f"{one}_in_minutes" for one in _LIFETIMES), whole(1)),
    "sandbox_version": text(high=8),
    "legacy_sandbox_version": text(high=8),
    "default_redirection_uri": {"type": "string", "format": "absolute-https-uri-or-empty"},
    "enabled_locales": array(one_of(*_LOCALES), minItems=1),
    "security_headers": _SECURITY_HEADERS,
    "session_cookie": obj(
        {"mode": one_of("persistent", "non-persistent")}, required=("mode",), null=True
    ),
    "sessions": obj({"oidc_logout_prompt_enabled": BOOLEAN}, null=True),
    "oidc_logout": obj({"rp_logout_end_session_endpoint_discovery": BOOLEAN}),
    "customize_mfa_in_postlogin_action": described(
        _SWITCH_OR_NULL, "Whether Actions decide about MFA factors"
    ),
    "allow_organization_name_in_authentication_api": _SWITCH_OR_NULL,
    "acr_values_supported": nullable(array(STRING)),
    "mtls": obj({"enable_endpoint_aliases": BOOLEAN}, null=True),
    "pushed_authorization_requests_supported": _SWITCH_OR_NULL,
    "authorization_response_iss_parameter_supported": _SWITCH_OR_NULL,
    "skip_non_verifiable_callback_uri_confirmation_prompt": _SWITCH_OR_NULL,
    "resource_parameter_profile": one_of("audience", "compatibility"),
    "client_id_metadata_document_supported": BOOLEAN,
    "enable_ai_guide": BOOLEAN,
    # Not published; GET shows it (recorded) and auth0-deploy-cli writes back what GET shows.
    "universal_login": obj({"colors": obj({"page_background": STRING, "primary": STRING})}),
    "phone_consolidated_experience": described(
        BOOLEAN, "Whether the unified phone experience is on"
    ),
    "include_session_metadata_in_tenant_logs": BOOLEAN,
    "dynamic_client_registration_security_mode": one_of("strict", "permissive"),
    "country_codes": obj(
        {
            "list": array(
                {"type": "string", "pattern": "^[A-Z]{2}$", "minLength": 2, "maxLength": 2}
            ),
            "mode": one_of("allow", "deny"),
        },
        null=True,
    ),
}

_PATH = "/tenants/settings"
ROUTES = Routes("settings")


class Settings(Rules):
    """The settings document of one tenant."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.when_switched_on: list[Callable[[], None]] = []

    def initialise(self, generation: Generation) -> None:
        settings = copy.deepcopy(_DEFAULTS)
        settings[UNIFIED_FLAG] = generation == "unified"
        self._store.put(SINGLETONS, KEY, settings)

    def _stored(self) -> dict[str, Any]:
        settings = self._store.get(SINGLETONS, KEY)
        assert settings is not None  # noqa: S101 - a tenant initialises its settings at birth
        return settings

    @property
    def unified(self) -> bool:
        """Whether the unified phone experience is on; a missing flag means it is not (§3.3)."""
        return bool(self._stored().get(UNIFIED_FLAG, False))

    def get(self) -> dict[str, Any]:
        stored = self._stored()
        unset = {key: value for key, value in _SHOWN_UNSET.items() if key not in stored}
        return {**stored, **copy.deepcopy(_READ_ONLY), **unset}

    @ROUTES(
        "GET",
        _PATH,
        "read:tenant_settings",
        query={"fields": STRING, "include_fields": BOOLEAN},
    )
    def select(self, fields: str | None = None, *, include_fields: bool = True) -> dict[str, Any]:
        return chosen(self.get(), fields, include=include_fields)

    @ROUTES("PATCH", _PATH, "update:tenant_settings", body=obj(_PROPERTIES, minProperties=1))
    def patch(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Merge the changes; answers the settings as PATCH shows them (§3.1)."""
        with self._store.transaction():
            settings = self._stored()
            was_unified = self.unified
            for key, value in self._in_hours(changes).items():
                if value is None:
                    settings.pop(key, None)
                elif self._merges(key) and isinstance(settings.get(key), dict):
                    settings[key] = {**settings[key], **value}
                else:
                    settings[key] = value
            self._store.put(SINGLETONS, KEY, settings)
            if self.unified and not was_unified:
                for consequence in self.when_switched_on:
                    consequence()
        answer = copy.deepcopy(settings)
        flags = answer.setdefault("flags", {})
        for flag, shown in _FLAGS_OF_PATCH_ANSWERS.items():
            flags.setdefault(flag, shown)  # one that was written is answered as written
        return answer

    def _merges(self, key: str) -> bool:
        return key == "flags" or (
            self._context.assumptions.nested_settings_merge and isinstance(_DEFAULTS.get(key), dict)
        )

    @staticmethod
    def _in_hours(changes: dict[str, Any]) -> dict[str, Any]:
        """Lifetimes may come in minutes; they are kept and answered in hours (§3.4)."""
        converted = dict(changes)
        for name in _LIFETIMES:
            in_minutes = f"{name}_in_minutes"
            if in_minutes not in converted:
                continue
            if name in converted:
                raise invalid_body(f"{in_minutes} cannot be specified together with {name}")
            hours = converted.pop(in_minutes) / 60
            converted[name] = int(hours) if hours.is_integer() else hours
        return converted
