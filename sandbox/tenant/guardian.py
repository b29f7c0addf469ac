"""Multi-factor authentication: factors, policies, message types and legacy phone delivery (§6).

The unified experience forbids the last. Its providers and templates are resources of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from sandbox.tenant.context import Context
from sandbox.tenant.errors import ApiError
from sandbox.tenant.mfa_settings import MfaSettings
from sandbox.tenant.operation import Call, Evidence, Routes
from sandbox.tenant.phone_providers import covers, unsupported_message_type
from sandbox.tenant.phone_templates import GUARDIAN_TEXTS
from sandbox.tenant.schemas import (
    BOOLEAN,
    STRING,
    Schema,
    array,
    described,
    nullable,
    obj,
    one_of,
    text,
)
from sandbox.tenant.settings import SINGLETONS
from sandbox.tenant.validation import Parameter

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


def _legacy_forbidden() -> ApiError:
    return ApiError(
        403,
        "Insufficient privileges to use this deprecated feature. "
        "To handle Phone Provider/Templates refer to Tenant Phone Settings",
        "legacy_mfa_phone_provider_not_allowed",
    )


class Guardian:
    """The tenant's MFA settings."""

    def __init__(
        self,
        context: Context,
        *,
        unified: Callable[[], bool],
        provider: Callable[[], Document | None],
        codes: MfaSettings,
    ) -> None:
        self._codes = codes
        self._context = context
        self._store = context.store
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

    # -- factors and policies -----------------------------------------------------------------

    def factors(self, *, with_settings: bool = False) -> list[Document]:
        """GET /guardian/factors, with the settings of their codes where asked for."""
        enabled = self._value("factors", {})
        found = [
            {"name": name, "enabled": enabled.get(name, False), "trial_expired": False}
            for name in FACTORS
        ]
        return self._codes.beside(found) if with_settings else found

    def factor_enabled(self, name: str) -> bool:
        return bool(self._value("factors", {}).get(name, False))

    def set_factor(self, name: str, *, enabled: bool) -> Document:
        with self._store.transaction():
            self._set("factors", {**self._value("factors", {}), name: enabled})
        return {"enabled": enabled}

    def policies(self) -> list[str]:
        """GET /guardian/policies: empty, `all-applications` or `confidence-score`."""
        return list(self._value("policies", []))

    def set_policies(self, policies: list[str]) -> list[str]:
        if "confidence-score" in policies and not self._context.assumptions.adaptive_mfa:
            raise ApiError(
                403, "The tenant is not entitled to use Adaptive MFA.", "insufficient_entitlement"
            )
        self._set("policies", policies)
        return policies

    # -- message types ------------------------------------------------------------------------

    def message_types(self) -> list[str]:
        """The enabled message types, in the order they were written."""
        return list(self._value("message types", []))

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

    # -- legacy phone delivery ----------------------------------------------------------------

    def _check_legacy(self) -> None:
        if self._unified():
            raise _legacy_forbidden()

    def _check_selected_provider(self) -> None:
        if not self._context.assumptions.selected_provider_allowed_under_unified:
            self._check_legacy()

    def selected_provider(self) -> Document:
        """GET .../selected-provider; both families show the same setting."""
        self._check_selected_provider()
        return {"provider": self._value("selected provider", "auth0")}

    def set_selected_provider(self, provider: str) -> Document:
        self._check_selected_provider()
        self._set("selected provider", provider)
        return {"provider": provider}

    def templates(self, family: LegacyFamily) -> Document | None:
        """GET .../templates; None stands for an answer without a body."""
        self._check_legacy()
        written: Document | None = self._value("templates", None)
        if written is not None:
            return written
        assumptions = self._context.assumptions
        unset = (
            assumptions.unset_sms_templates
            if family == "sms"
            else assumptions.unset_phone_templates
        )
        if unset == "204":
            return None
        return {} if unset == "empty" else dict(GUARDIAN_TEXTS)

    def set_templates(self, templates: Document) -> Document:
        self._check_legacy()
        self._set("templates", templates)
        return templates

    def twilio(self) -> Document:
        """GET .../providers/twilio: all keys once anything was written, token in clear."""
        self._check_legacy()
        written: Document = self._value("twilio", {})
        return {key: written.get(key) for key in _TWILIO_KEYS} if written else {}

    def set_twilio(self, settings: Document) -> Document:
        """PUT .../providers/twilio: replaces the settings, answers exactly what was sent."""
        self._check_legacy()
        self._set("twilio", settings)
        return settings


# -- schema and routes ------------------------------------------------------------------------

_READ, _WRITE = "read:guardian_factors", "update:guardian_factors"
_LEGACY = Evidence("recorded", "go-auth0 and auth0-deploy-cli, quoted in §6.5; 403 under §6.6")
_TYPES = array(one_of("sms", "voice"))
_SELECTED = obj(
    {"provider": one_of("auth0", "twilio", "phone-message-hook")}, required=("provider",)
)
_TEMPLATES = obj(
    {"enrollment_message": STRING, "verification_message": STRING},
    required=("enrollment_message", "verification_message"),
)
_SECRET_TEXT = nullable(text(1, 1000))
_TWILIO = obj(
    {
        "from": nullable(text(0, 64)),
        "messaging_service_sid": _SECRET_TEXT,
        "auth_token": _SECRET_TEXT,
        "sid": _SECRET_TEXT,
    }
)

ROUTES = Routes[Guardian](name=Parameter(values=FACTORS, description="The factor's name"))
ROUTES.add(
    "GET",
    "/guardian/factors",
    _READ,
    lambda guardian, call: guardian.factors(with_settings=bool(call.query.get("include_settings"))),
    query={
        "include_settings": Parameter(
            "boolean", description="Whether factors come with the settings of their codes"
        )
    },
)
ROUTES.add(
    "PUT",
    "/guardian/factors/{name}",
    _WRITE,
    lambda guardian, call: guardian.set_factor(call.path["name"], enabled=call.body["enabled"]),
    body=obj({"enabled": described(BOOLEAN, "Whether the factor is on")}, required=("enabled",)),
)
ROUTES.plain("GET", "/guardian/policies", "read:mfa_policies", Guardian.policies)
ROUTES.plain(
    "PUT",
    "/guardian/policies",
    "update:mfa_policies",
    Guardian.set_policies,
    body=array(one_of("all-applications", "confidence-score")),
)
ROUTES.add(
    "GET",
    "/guardian/factors/phone/message-types",
    _READ,
    lambda guardian, _: {"message_types": guardian.message_types()},
)
ROUTES.add(
    "PUT",
    "/guardian/factors/phone/message-types",
    _WRITE,
    lambda guardian, call: guardian.set_message_types(call.body["message_types"]),
    body=obj(
        {"message_types": described(_TYPES, "Channels of the phone factor")},
        required=("message_types",),
    ),
)


def _add_legacy(family: LegacyFamily) -> None:
    base = f"/guardian/factors/{family}"
    reads: dict[str, Callable[[Guardian, Call], Any]] = {
        "selected-provider": lambda guardian, _: guardian.selected_provider(),
        "templates": lambda guardian, _: guardian.templates(family),
        "providers/twilio": lambda guardian, _: guardian.twilio(),
    }
    writes: dict[str, tuple[Callable[[Guardian, Call], Any], Schema]] = {
        "selected-provider": (
            lambda guardian, call: guardian.set_selected_provider(call.body["provider"]),
            _SELECTED,
        ),
        "templates": (lambda guardian, call: guardian.set_templates(call.body), _TEMPLATES),
        "providers/twilio": (lambda guardian, call: guardian.set_twilio(call.body), _TWILIO),
    }
    for part, read in reads.items():
        ROUTES.add("GET", f"{base}/{part}", _READ, read, known=_LEGACY)
        write, body = writes[part]
        ROUTES.add("PUT", f"{base}/{part}", _WRITE, write, body=body, known=_LEGACY)


for _family in get_args(LegacyFamily):
    _add_legacy(_family)
