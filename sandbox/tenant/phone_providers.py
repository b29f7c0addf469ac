"""The phone provider: /branding/phone/providers.

Owns its object and rules (management-api.md §5.1): one per tenant, names and configurations that
are not tied to each other, the deployed Action that a custom one needs. Refuses sending.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.tenant import ids
from sandbox.tenant.clock import later_millisecond, millis
from sandbox.tenant.context import Context
from sandbox.tenant.errors import ApiError, not_found

COLLECTION = "phone_providers"
Document = dict[str, Any]

_CONFIGURATION_ORDER = ("sid", "default_from", "mssid", "delivery_methods")
METHOD_OF_MESSAGE_TYPE = {"sms": "text", "voice": "voice"}


def resource_missing() -> ApiError:
    """The recorded 404 of providers and templates."""
    return not_found("Notification Resource not found")


def _bad_operation() -> ApiError:
    """The recorded 400 of a provider that could not send; it has no error code."""
    return ApiError(400, "Bad Operation on Notification Resource")


def _no_deployed_action() -> ApiError:
    # The code says "email" in every language of the documentation.
    return ApiError(
        409,
        "A deployed action for the custom-phone-provider trigger was not found.",
        "custom_email_provider_deployed_action_not_found",
    )


def unsupported_message_type() -> ApiError:
    """The documented refusal of message types that the provider cannot deliver."""
    return ApiError(409, "Message Type is not supported by the configured phone provider")


def covers(provider: Document, message_types: list[str]) -> bool:
    """Whether the provider delivers all of these message types."""
    methods = provider["configuration"]["delivery_methods"]
    return all(METHOD_OF_MESSAGE_TYPE[one] in methods for one in message_types)


class PhoneProviders:
    """The tenant's phone provider, kept as a list of at most one."""

    def __init__(
        self,
        context: Context,
        *,
        has_deployed_action: Callable[[], bool],
        enabled_message_types: Callable[[], list[str]],
        factor_enabled: Callable[[], bool],
    ) -> None:
        """Ask the given functions about the rest of the tenant."""
        self._context = context
        self._store = context.store
        self._has_deployed_action = has_deployed_action
        self._enabled_message_types = enabled_message_types
        self._factor_enabled = factor_enabled

    # -- reading ------------------------------------------------------------------------------

    def current(self) -> Document | None:
        """The stored provider, if any."""
        return next(iter(self._store.all(COLLECTION)), None)

    def stored(self, provider_id: str) -> Document:
        """The stored provider of this id.

        Raises:
            ApiError: 404 when there is none.
        """
        provider = self._store.get(COLLECTION, provider_id)
        if provider is None:
            raise resource_missing()
        return provider

    def view(self, provider: Document, *, listed: bool = False) -> Document:
        """The provider as the API shows it; only lists carry a null `credentials` (recorded)."""
        configuration = provider["configuration"]
        return {
            "id": provider["id"],
            "tenant": self._context.name,
            "name": provider["name"],
            "channel": "phone",
            "disabled": provider["disabled"],
            "configuration": {
                key: configuration[key] for key in _CONFIGURATION_ORDER if key in configuration
            },
            **({"credentials": None} if listed else {}),
            "created_at": millis(provider["created_at"]),
            "updated_at": millis(provider["updated_at"]),
        }

    def listing(self, *, disabled: bool | None = None) -> Document:
        """GET /branding/phone/providers."""
        return {
            "providers": [
                self.view(one, listed=True)
                for one in self._store.all(COLLECTION)
                if disabled is None or one["disabled"] == disabled
            ]
        }

    def get(self, provider_id: str) -> Document:
        """GET /branding/phone/providers/{id}."""
        return self.view(self.stored(provider_id))

    # -- writing ------------------------------------------------------------------------------

    def create(self, body: Document) -> Document:
        """POST /branding/phone/providers."""
        with self._store.transaction():
            if self.current() and self._context.assumptions.second_provider_refused:
                raise ApiError(409, "Custom phone provider conflict")
            now = self._context.stamp()
            provider = {
                "id": ids.provider_id(),
                "name": body["name"],
                "disabled": body.get("disabled", False),
                "configuration": body.get("configuration", {}),
                "credentials": body["credentials"],
                "created_at": now,
                "updated_at": now,
            }
            self._check_sendable(provider)
            if provider["name"] == "custom":
                self._check_action()
            self._store.put(COLLECTION, provider["id"], provider)
        return self.view(provider)

    def update(self, provider_id: str, body: Document) -> Document:
        """PATCH: the configuration is replaced whole, the name may change in place (recorded)."""
        with self._store.transaction():
            before = self.stored(provider_id)
            provider = {**before, **body}
            provider["updated_at"] = later_millisecond(self._context.stamp(), before["updated_at"])
            self._check_sendable(provider)
            if provider["name"] == "custom" and before["name"] != "custom":
                self._check_action()
            self._check_narrowing(provider)
            if provider["disabled"] and not before["disabled"]:
                self._check_unused()
            self._store.put(COLLECTION, provider_id, provider)
        return self.view(provider)

    def delete(self, provider_id: str) -> None:
        """DELETE /branding/phone/providers/{id}."""
        with self._store.transaction():
            self.stored(provider_id)
            self._check_unused()
            self._store.delete(COLLECTION, provider_id)

    def check_try(self, provider_id: str) -> Document:
        """What `try` demands before a test message may go out; answers the stored provider."""
        provider = self.stored(provider_id)
        if provider["name"] == "custom" and self._context.assumptions.try_needs_deployed_action:
            self._check_action(always=True)
        return provider

    # -- rules --------------------------------------------------------------------------------

    @staticmethod
    def _check_sendable(provider: Document) -> None:
        configuration = provider["configuration"]
        if not configuration.get("delivery_methods"):
            raise _bad_operation()
        if provider["name"] == "twilio" and not (
            configuration.get("sid")
            and (configuration.get("default_from") or configuration.get("mssid"))
        ):
            raise _bad_operation()

    def _check_action(self, *, always: bool = False) -> None:
        wanted = always or self._context.assumptions.custom_provider_needs_deployed_action
        if wanted and not self._has_deployed_action():
            raise _no_deployed_action()

    def _check_narrowing(self, provider: Document) -> None:
        if self._context.assumptions.narrowing_below_message_types_refused and not covers(
            provider, self._enabled_message_types()
        ):
            raise unsupported_message_type()

    def _check_unused(self) -> None:
        if self._context.assumptions.provider_in_use_protected and self._factor_enabled():
            raise ApiError(409, "The phone provider is in use by the phone factor.")
