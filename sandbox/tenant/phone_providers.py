"""The phone provider: /branding/phone/providers (management-api.md §5.1).

One per tenant; names and configurations are not tied to each other, and a custom one needs a
deployed Action.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.json_schemas import (
    BOOLEAN,
    STRING,
    Schema,
    array,
    complete,
    described,
    obj,
    one_of,
    text,
)
from sandbox.tenant.clock import later_millisecond, millis
from sandbox.tenant.context import Context, Rules, new_id
from sandbox.tenant.errors import ApiError
from sandbox.tenant.operation import Call, Routes

COLLECTION = "phone_providers"
Document = dict[str, Any]

_CONFIGURATION_ORDER = ("sid", "default_from", "mssid", "delivery_methods")
METHOD_OF_MESSAGE_TYPE = {"sms": "text", "voice": "voice"}


MISSING = "Notification Resource not found"
"""The recorded 404 of providers and templates."""

_METHOD = one_of("text", "voice")
_METHODS = array(_METHOD, minItems=1)

# The two configurations are a choice that the provider's name has no part in (recorded).
_CONFIGURATION: Schema = {
    "type": "object",
    "anyOf": [
        obj(
            {"sid": STRING, "default_from": STRING, "mssid": STRING, "delivery_methods": _METHODS},
            required=("sid", "delivery_methods"),
        ),
        complete({"delivery_methods": _METHODS}),
    ],
}
_CREDENTIALS: Schema = {"anyOf": [complete({"auth_token": text(1, 255)}), obj({})]}
_PROVIDER: dict[str, Schema] = {
    "name": described(one_of("twilio", "custom"), "Who delivers"),
    "disabled": described(BOOLEAN, "Whether the provider is switched off"),
    "configuration": described(_CONFIGURATION, "How it delivers"),
    "credentials": described(_CREDENTIALS, "How it is authenticated; empty for a custom one"),
}
TRY: dict[str, Schema] = {
    "to": described(text(1, 16), "The number to send to"),
    "delivery_method": described(_METHOD, "Text message or call"),
}
_PATH = "/branding/phone/providers"
_ONE = f"{_PATH}/{{id}}"
ROUTES = Routes("providers")


def unsupported_message_type() -> ApiError:
    """The documented refusal of message types that the provider cannot deliver."""
    return ApiError(409, "Message Type is not supported by the configured phone provider")


def tried(call: Call, template: Document | None = None) -> Document:
    """The answer of a `try`; the test message goes out once it is sent."""
    if call.notifier is not None:
        to, method = call.body["to"], call.body.get("delivery_method")
        call.afterwards.append(partial(call.notifier.try_out, to, method, template))
    return {"code": 202, "message": "Test notification successfully sent for processing"}


def covers(provider: Document, message_types: list[str]) -> bool:
    """Whether the provider delivers all of these message types."""
    methods = provider["configuration"]["delivery_methods"]
    return all(METHOD_OF_MESSAGE_TYPE[one] in methods for one in message_types)


class PhoneProviders(Rules):
    """The tenant's phone provider, kept as a list of at most one."""

    def __init__(
        self,
        context: Context,
        *,
        has_deployed_action: Callable[[], bool],
        enabled_message_types: Callable[[], list[str]],
        factor_enabled: Callable[[], bool],
    ) -> None:
        super().__init__(context)
        self._has_deployed_action = has_deployed_action
        self._enabled_message_types = enabled_message_types
        self._factor_enabled = factor_enabled

    def current(self) -> Document | None:
        return next(iter(self._store.all(COLLECTION)), None)

    def stored(self, provider_id: str) -> Document:
        return self._context.stored(COLLECTION, provider_id, MISSING)

    def view(self, provider: Document, *, listed: bool = False) -> Document:
        """The provider as the API shows it; only lists carry a null `credentials` (recorded)."""
        configuration = provider["configuration"]
        return {
            **{key: provider[key] for key in ("id", "name", "disabled")},
            "tenant": self._context.name,
            "channel": "phone",
            "configuration": {
                key: configuration[key] for key in _CONFIGURATION_ORDER if key in configuration
            },
            **({"credentials": None} if listed else {}),
            "created_at": millis(provider["created_at"]),
            "updated_at": millis(provider["updated_at"]),
        }

    @ROUTES("GET", _PATH, "read:phone_providers", query={"disabled": BOOLEAN})
    def listing(self, *, disabled: bool | None = None) -> Document:
        return {
            "providers": [
                self.view(one, listed=True)
                for one in self._store.all(COLLECTION)
                if disabled is None or one["disabled"] == disabled
            ]
        }

    @ROUTES("GET", _ONE, "read:phone_providers")
    def get(self, provider_id: str) -> Document:
        return self.view(self.stored(provider_id))

    @ROUTES(
        "POST",
        _PATH,
        "create:phone_providers",
        status=201,
        body=obj(_PROVIDER, required=("name", "credentials"), extra=True),
    )
    def create(self, body: Document) -> Document:
        with self._store.transaction():
            if self.current() and self._context.assumptions.second_provider_refused:
                raise ApiError(409, "Custom phone provider conflict")
            now = self._context.stamp()
            provider = {
                "id": new_id("pro_"),
                "name": body["name"],
                "disabled": body.get("disabled", False),
                "configuration": body.get("configuration", {}),
                "credentials": body["credentials"],
                "created_at": now,
                "updated_at": now,
            }
            self._check(provider)
            self._store.put(COLLECTION, provider["id"], provider)
        return self.view(provider)

    @ROUTES("PATCH", _ONE, "update:phone_providers", body=obj(_PROVIDER, minProperties=1))
    def update(self, provider_id: str, body: Document) -> Document:
        """PATCH: the configuration is replaced whole, the name may change in place (recorded)."""
        with self._store.transaction():
            before = self.stored(provider_id)
            provider = {**before, **body}
            provider["updated_at"] = later_millisecond(self._context.stamp(), before["updated_at"])
            self._check(provider, before)
            self._store.put(COLLECTION, provider_id, provider)
        return self.view(provider)

    @ROUTES("DELETE", _ONE, "delete:phone_providers")
    def delete(self, provider_id: str) -> None:
        with self._store.transaction():
            self.stored(provider_id)
            self._check_unused()
            self._store.delete(COLLECTION, provider_id)

    @ROUTES(
        "POST",
        f"{_ONE}/try",
        "create:phone_providers",
        status=202,
        body=obj(TRY, required=("to",)),
        with_call=True,
    )
    def try_out(self, provider_id: str, _: Document, *, call: Call) -> Document:
        provider = self.stored(provider_id)
        if provider["name"] == "custom" and self._context.assumptions.try_needs_deployed_action:
            self._check_action()
        return tried(call)

    def _check(self, provider: Document, before: Document | None = None) -> None:
        """Whether a provider may be made so, or become so."""
        configuration, switches = provider["configuration"], self._context.assumptions
        complete = provider["name"] != "twilio" or (
            configuration.get("sid")
            and (configuration.get("default_from") or configuration.get("mssid"))
        )
        if not (complete and configuration.get("delivery_methods")):
            # Recorded; it has no error code.
            raise ApiError(400, "Bad Operation on Notification Resource")
        was_custom = before is not None and before["name"] == "custom"
        needs_action = provider["name"] == "custom" and not was_custom
        if needs_action and switches.custom_provider_needs_deployed_action:
            self._check_action()
        if before is None:
            return
        types = self._enabled_message_types()
        if switches.narrowing_below_message_types_refused and not covers(provider, types):
            raise unsupported_message_type()
        if provider["disabled"] and not before["disabled"]:
            self._check_unused()

    def _check_action(self) -> None:
        if not self._has_deployed_action():
            raise ApiError(
                409,
                "A deployed action for the custom-phone-provider trigger was not found.",
                # "email" in every language of the documentation.
                "custom_email_provider_deployed_action_not_found",
            )

    def _check_unused(self) -> None:
        if self._context.assumptions.provider_in_use_protected and self._factor_enabled():
            raise ApiError(409, "The phone provider is in use by the phone factor.")
