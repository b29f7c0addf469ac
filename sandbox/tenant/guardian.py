"""Multi-factor authentication: factors, policies, message types and legacy phone delivery (§6).

The unified experience forbids the last. Its providers and templates are resources of their own.
"""

from collections.abc import Callable
from typing import Any, Literal

from sandbox.json_schemas import (
    BOOLEAN,
    STRING,
    array,
    complete,
    described,
    nullable,
    obj,
    one_of,
    text,
)
from sandbox.tenant.context import Context, Rules
from sandbox.tenant.errors import ApiError
from sandbox.tenant.mfa_settings import MfaSettings
from sandbox.tenant.operation import Evidence, Routes
from sandbox.tenant.phone_providers import covers, unsupported_message_type
from sandbox.tenant.phone_templates import GUARDIAN_TEXTS
from sandbox.tenant.settings import SINGLETONS

Document = dict[str, Any]

FACTORS = (
    "sms",
    "push-notification",
    "otp",
    "email",
    "duo",
    "webauthn-roaming",
    "webauthn-platform",
    "recovery-code",
)
"""In the recorded order; the phone factor is called `sms` for voice as well."""

_TWILIO_KEYS = ("auth_token", "sid", "from", "messaging_service_sid")
LegacyFamily = Literal["sms", "phone"]

_READ, _WRITE = "read:guardian_factors", "update:guardian_factors"
_LEGACY = Evidence("recorded", "go-auth0 and auth0-deploy-cli, quoted in §6.5; 403 under §6.6")
_FACTORS = "/guardian/factors"
_SMS, _PHONE = f"{_FACTORS}/sms", f"{_FACTORS}/phone"
_INCLUDED = described(BOOLEAN, "Whether factors come with the settings of their codes")
_ENABLED = described(BOOLEAN, "Whether the factor is on")
_TYPES = described(array(one_of("sms", "voice")), "Channels of the phone factor")
_SELECTED = complete({"provider": one_of("auth0", "twilio", "phone-message-hook")})
_TEMPLATES = complete(dict.fromkeys(GUARDIAN_TEXTS, STRING))
_SECRET_TEXT = nullable(text(1, 1000))
_TWILIO = obj(
    {
        "from": nullable(text(0, 64)),
        "messaging_service_sid": _SECRET_TEXT,
        "auth_token": _SECRET_TEXT,
        "sid": _SECRET_TEXT,
    }
)

ROUTES = Routes("guardian", name=described(one_of(*FACTORS), "The factor's name"))


class Guardian(Rules):
    """The tenant's MFA settings."""

    def __init__(
        self,
        context: Context,
        *,
        unified: Callable[[], bool],
        provider: Callable[[], Document | None],
        codes: MfaSettings,
    ) -> None:
        super().__init__(context)
        self._codes = codes
        self._unified = unified
        self._provider = provider

    def _value(self, key: str, default: Any) -> Any:
        found = self._store.get(SINGLETONS, f"guardian {key}")
        return default if found is None else found["value"]

    def _set(self, key: str, value: Any) -> None:
        self._store.put(SINGLETONS, f"guardian {key}", {"value": value})

    def read_everything(self) -> None:
        """Read all settings, legacy ones included, whatever the experience is."""
        self.factors()
        self.policies()
        self.message_types()
        for key in ("templates", "twilio"):
            dict(self._value(key, {}))
        str(self._value("selected provider", ""))

    @ROUTES("GET", _FACTORS, _READ, query={"include_settings": _INCLUDED})
    def factors(self, *, include_settings: bool = False) -> list[Document]:
        """All of them, with the settings of their codes where asked for."""
        enabled = self._value("factors", {})
        found = [
            {"name": name, "enabled": enabled.get(name, False), "trial_expired": False}
            for name in FACTORS
        ]
        return self._codes.beside(found) if include_settings else found

    def factor_enabled(self, name: str) -> bool:
        return bool(self._value("factors", {}).get(name, False))

    @ROUTES(
        "PUT",
        f"{_FACTORS}/{{name}}",
        _WRITE,
        body=complete({"enabled": _ENABLED}),
        spread=True,
    )
    def set_factor(self, name: str, *, enabled: bool) -> Document:
        with self._store.transaction():
            self._set("factors", {**self._value("factors", {}), name: enabled})
        return {"enabled": enabled}

    @ROUTES("GET", "/guardian/policies", "read:mfa_policies")
    def policies(self) -> list[str]:
        """Empty (never), `all-applications` or `confidence-score`."""
        return list(self._value("policies", []))

    @ROUTES(
        "PUT",
        "/guardian/policies",
        "update:mfa_policies",
        body=array(one_of("all-applications", "confidence-score")),
    )
    def set_policies(self, policies: list[str]) -> list[str]:
        if "confidence-score" in policies and not self._context.assumptions.adaptive_mfa:
            raise ApiError(
                403, "The tenant is not entitled to use Adaptive MFA.", "insufficient_entitlement"
            )
        self._set("policies", policies)
        return policies

    def message_types(self) -> list[str]:
        """The enabled message types, in the order they were written."""
        return list(self._value("message types", []))

    @ROUTES("GET", f"{_PHONE}/message-types", _READ)
    def read_message_types(self) -> Document:
        return {"message_types": self.message_types()}

    @ROUTES(
        "PUT",
        f"{_PHONE}/message-types",
        _WRITE,
        body=complete({"message_types": _TYPES}),
        spread=True,
    )
    def set_message_types(self, message_types: list[str]) -> Document:
        with self._store.transaction():
            if message_types:
                self._check_message_types(message_types)
            self._set("message types", message_types)
        return {"message_types": message_types}

    def _check_message_types(self, message_types: list[str]) -> None:
        assumptions = self._context.assumptions
        if assumptions.message_types_need_factor and not self.factor_enabled("sms"):
            raise ApiError(404, "The phone factor does not exist.")
        if not self._unified():
            return  # a legacy tenant has no delivery methods to compare with
        provider = self._provider()
        if provider is None:
            if assumptions.message_types_need_provider:
                raise unsupported_message_type()
        elif not covers(provider, message_types):
            raise unsupported_message_type()

    def _check_legacy(self) -> None:
        if self._unified():
            raise ApiError(
                403,
                "Insufficient privileges to use this deprecated feature. "
                "To handle Phone Provider/Templates refer to Tenant Phone Settings",
                "legacy_mfa_phone_provider_not_allowed",
            )

    def _check_selected_provider(self) -> None:
        if not self._context.assumptions.selected_provider_allowed_under_unified:
            self._check_legacy()

    @ROUTES("GET", f"{_SMS}/selected-provider", _READ, known=_LEGACY)
    @ROUTES("GET", f"{_PHONE}/selected-provider", _READ, known=_LEGACY)
    def selected_provider(self) -> Document:
        """Both families show the same setting."""
        self._check_selected_provider()
        return {"provider": self._value("selected provider", "auth0")}

    @ROUTES("PUT", f"{_SMS}/selected-provider", _WRITE, body=_SELECTED, spread=True, known=_LEGACY)
    @ROUTES(
        "PUT", f"{_PHONE}/selected-provider", _WRITE, body=_SELECTED, spread=True, known=_LEGACY
    )
    def set_selected_provider(self, provider: str) -> Document:
        self._check_selected_provider()
        self._set("selected provider", provider)
        return {"provider": provider}

    @ROUTES("GET", f"{_SMS}/templates", _READ, "sms", known=_LEGACY)
    @ROUTES("GET", f"{_PHONE}/templates", _READ, "phone", known=_LEGACY)
    def templates(self, family: LegacyFamily) -> Document | None:
        """None stands for an answer without a body."""
        self._check_legacy()
        written: Document | None = self._value("templates", None)
        if written is not None:
            return written
        switches = self._context.assumptions
        unset = switches.unset_sms_templates
        if family == "phone":
            unset = switches.unset_phone_templates
        if unset == "204":
            return None
        return {} if unset == "empty" else dict(GUARDIAN_TEXTS)

    @ROUTES("PUT", f"{_SMS}/templates", _WRITE, body=_TEMPLATES, known=_LEGACY)
    @ROUTES("PUT", f"{_PHONE}/templates", _WRITE, body=_TEMPLATES, known=_LEGACY)
    def set_templates(self, templates: Document) -> Document:
        self._check_legacy()
        self._set("templates", templates)
        return templates

    @ROUTES("GET", f"{_SMS}/providers/twilio", _READ, known=_LEGACY)
    @ROUTES("GET", f"{_PHONE}/providers/twilio", _READ, known=_LEGACY)
    def twilio(self) -> Document:
        """All keys once anything was written, token in clear."""
        self._check_legacy()
        written: Document = self._value("twilio", {})
        return {key: written.get(key) for key in _TWILIO_KEYS} if written else {}

    @ROUTES("PUT", f"{_SMS}/providers/twilio", _WRITE, body=_TWILIO, known=_LEGACY)
    @ROUTES("PUT", f"{_PHONE}/providers/twilio", _WRITE, body=_TWILIO, known=_LEGACY)
    def set_twilio(self, settings: Document) -> Document:
        """Replaces the settings, answers exactly what was sent."""
        self._check_legacy()
        self._set("twilio", settings)
        return settings
