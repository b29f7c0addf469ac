"""Tenant settings: GET and PATCH /tenants/settings.

Owns their defaults, the merge rules and the switch between the two phone experiences
(management-api.md §3). Refuses to check types and limits; `sandbox.api` does before it calls.
"""

from __future__ import annotations

import copy
from typing import Any, Literal

from sandbox.tenant.context import Context
from sandbox.tenant.errors import invalid_body

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
_MERGED_BY_KEY = frozenset({"flags"})

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


class Settings:
    """The settings document of one tenant."""

    def __init__(self, context: Context) -> None:
        """Keep the settings in this tenant's store."""
        self._context = context
        self._store = context.store

    def initialise(self, generation: Generation) -> None:
        """Write the settings of a new tenant."""
        settings = copy.deepcopy(_DEFAULTS)
        settings[UNIFIED_FLAG] = generation == "unified"
        self._store.put(SINGLETONS, KEY, settings)

    def _stored(self) -> dict[str, Any]:
        settings = self._store.get(SINGLETONS, KEY)
        if settings is None:  # pragma: no cover - a tenant initialises its settings at birth
            message = "tenant without settings"
            raise RuntimeError(message)
        return settings

    @property
    def unified(self) -> bool:
        """Whether the unified phone experience is on; a missing flag means it is not (§3.3)."""
        return bool(self._stored().get(UNIFIED_FLAG, False))

    def get(self) -> dict[str, Any]:
        """The settings as GET shows them."""
        stored = self._stored()
        unset = {key: value for key, value in _SHOWN_UNSET.items() if key not in stored}
        return {**stored, **copy.deepcopy(_READ_ONLY), **unset}

    def select(self, fields: str | None, include: bool) -> dict[str, Any]:
        """The settings, restricted to (or without) some comma-separated fields."""
        settings = self.get()
        if not fields:
            return settings
        named = {one.strip() for one in fields.split(",")}
        return {key: value for key, value in settings.items() if (key in named) == include}

    def patch(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Merge the changes; answers the settings as PATCH shows them (§3.1).

        Raises:
            ApiError: 400 for a lifetime in hours and minutes at once.
        """
        with self._store.transaction():
            settings = self._stored()
            for key, value in self._in_hours(changes).items():
                if value is None:
                    settings.pop(key, None)
                elif self._merges(key) and isinstance(settings.get(key), dict):
                    settings[key] = {**settings[key], **value}
                else:
                    settings[key] = value
            self._store.put(SINGLETONS, KEY, settings)
        answer = copy.deepcopy(settings)
        flags = answer.setdefault("flags", {})
        for flag, shown in _FLAGS_OF_PATCH_ANSWERS.items():
            flags.setdefault(flag, shown)  # one that was written is answered as written
        return answer

    def _merges(self, key: str) -> bool:
        return key in _MERGED_BY_KEY or (
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
