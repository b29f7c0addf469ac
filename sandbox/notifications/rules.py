"""Whether a tenant sends a phone message, and through what (management-api.md §5-§7).

Each refusal is a sentence that says which setting stands in the way. The policy is not asked: it
decides whether a login is challenged, not whether a message that is wanted can be sent.
"""

from typing import Final, Literal

from sandbox.tenant import DeployedAction, Tenant

DeliveryMethod = Literal["text", "voice"]
CHANNELS: dict[str, str] = {"text": "sms", "voice": "voice"}
OTP_TYPES = ("otp_verify", "otp_enroll")
MESSAGE_TYPES = (*OTP_TYPES, "change_password", "blocked_account", "password_breach")

UNIFIED_TRIGGER: Final = "custom-phone-provider"
LEGACY_TRIGGER: Final = "send-phone-message"
HANDLERS: dict[str, str] = {
    UNIFIED_TRIGGER: "onExecuteCustomPhoneProvider",
    LEGACY_TRIGGER: "onExecuteSendPhoneMessage",
}


Route = tuple[str, DeployedAction]
"""Where a message goes: the trigger, and the Action version deployed for it."""


class NotSentError(Exception):
    """The tenant's configuration stands in the way of a message."""


def route_for(
    tenant: Tenant, *, delivery_method: str, message_type: str, test_send: bool = False
) -> Route:
    """The way of a message through this tenant; a `try` (`test_send`) needs no MFA factor.

    Raises NotSentError: the tenant would not send it.
    """
    if tenant.generation == "legacy" and not test_send:
        return _legacy_route(tenant, delivery_method, message_type)
    provider = tenant.providers.current()
    if provider is None:
        raise NotSentError("the tenant has no phone provider")
    if provider["disabled"]:
        raise NotSentError("the phone provider is disabled")
    if provider["name"] != "custom":
        raise NotSentError(
            f"the phone provider is {provider['name']}; the sandbox delivers only through custom"
        )
    if delivery_method not in provider.get("configuration", {}).get("delivery_methods", []):
        raise NotSentError(f"the phone provider does not deliver by {delivery_method}")
    if message_type in OTP_TYPES and not test_send:
        check_factor(tenant, delivery_method)
    return _deployed(tenant, UNIFIED_TRIGGER)


def _legacy_route(tenant: Tenant, delivery_method: str, message_type: str) -> Route:
    if message_type not in OTP_TYPES:
        raise NotSentError(f"a legacy tenant sends MFA codes by phone, not {message_type}")
    check_factor(tenant, delivery_method)
    provider = tenant.guardian.selected_provider().get("provider")
    if provider != "phone-message-hook":
        raise NotSentError(
            f"the selected phone provider is {provider}; the sandbox delivers only through "
            "phone-message-hook"
        )
    return _deployed(tenant, LEGACY_TRIGGER)


def check_factor(tenant: Tenant, delivery_method: str) -> None:
    """Raises NotSentError unless the phone factor is on, and has this channel."""
    if not tenant.factor_enabled("sms"):
        raise NotSentError("the phone factor (sms) is not enabled")
    channel = CHANNELS[delivery_method]
    if channel not in tenant.message_types():
        raise NotSentError(f"the message type {channel} is not enabled for the phone factor")


def _deployed(tenant: Tenant, trigger: str) -> Route:
    action = tenant.deployed_action(trigger)
    if action is None:
        raise NotSentError(f"no Action is deployed for the trigger {trigger}")
    return trigger, action
