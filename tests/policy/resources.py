"""Resources of a compliant stack, as this package's previews have them, and ways to spoil them."""

from collections.abc import Mapping
from typing import Any

from components.tenant.action import TOKEN as ACTION
from components.tenant.guardian import TOKEN as GUARDIAN
from components.tenant.model import UNSEEN, Unseen
from components.tenant.phone_provider import TOKEN as PROVIDER
from components.tenant.phone_template import TOKEN as TEMPLATE
from components.tenant.trigger import TOKEN as TRIGGER_ACTION
from components.tenant.trigger import TOKEN_OF_ALL as TRIGGER_ACTIONS
from components.vocabulary import COMPONENT
from policy.model import Declared


def declared(kind: str, properties: Mapping[str, Any], name: str, *, protect: bool) -> Declared:
    urn = f"urn:pulumi:t1::phonemfa::{kind}::{name}"
    return Declared(urn=urn, type=kind, properties=properties, protect=protect)


def spoilt(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with some set anew; None takes one away."""
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def component(settings: Mapping[str, Any] | Unseen | None = None, **changes: Any) -> Declared:
    """The package's component with the settings that it carries; None in `changes` for none."""
    base = {"allowedPrefixes": ["+81"], "policy": "always", "smsSender": "0005212345"}
    told = spoilt(base, changes) if settings is None else settings
    inputs = {"settings": told, "tenant": "tenant.sandbox.test"}
    return declared(COMPONENT, inputs, "component", protect=False)


def action(name: str = "action", *, protect: bool = False, **changes: Any) -> Declared:
    base = {
        "code": "exports.onExecuteCustomPhoneProvider = async () => { require('crypto'); };",
        "deploy": True,
        "name": "ntt-cpaas-phone",
        "runtime": "node22",
        "secrets": UNSEEN,
        "supportedTriggers": {"id": "custom-phone-provider", "version": "v1"},
    }
    return declared(ACTION, spoilt(base, changes), name, protect=protect)


def legacy_action(name: str = "legacy-action", **changes: Any) -> Declared:
    return action(name, supportedTriggers={"id": "send-phone-message", "version": "v2"}, **changes)


def foreign_action(**changes: Any) -> Declared:
    """Somebody else's Action in the same stack."""
    return action("foreign", supportedTriggers={"id": "post-login", "version": "v3"}, **changes)


def binding(name: str = "binding", **changes: Any) -> Declared:
    base = {"actionId": UNSEEN, "trigger": "send-phone-message"}
    return declared(TRIGGER_ACTION, spoilt(base, changes), name, protect=False)


def bindings(count: int) -> Declared:
    base = {"trigger": "send-phone-message", "actions": [{"id": f"{one}"} for one in range(count)]}
    return declared(TRIGGER_ACTIONS, base, "bindings", protect=False)


def provider(called: str = "provider", /, *, protect: bool = False, **changes: Any) -> Declared:
    base = {
        "configuration": {"deliveryMethods": ["text", "voice"]},
        "credentials": UNSEEN,
        "disabled": False,
        "name": "custom",
    }
    return declared(PROVIDER, spoilt(base, changes), called, protect=protect)


def template(
    kind: str | None = "otp_verify",
    name: str = "template",
    *,
    protect: bool = False,
    **body: str | Unseen | None,
) -> Declared:
    texts = spoilt({"text": "{{ code }} です", "voice": "認証コードは、{{ code }}、です。"}, body)
    properties = {"type": kind, "content": {"body": texts}, "disabled": False}
    return declared(TEMPLATE, spoilt(properties, {}), name, protect=protect)


def guardian(*, protect: bool = False, **changes: Any) -> Declared:
    base = {
        "email": False,
        "phone": {"enabled": True, "messageTypes": ["sms", "voice"]},
        "policy": "all-applications",
        "settings": {"displayRememberMeCheckbox": False},
    }
    return declared(GUARDIAN, spoilt(base, changes), "guardian", protect=protect)


def legacy_guardian(**options: str | Unseen | None) -> Declared:
    texts = {"enrollmentMessage": "{{ code }}", "verificationMessage": "{{ code }}"}
    return guardian(
        phone={
            "enabled": True,
            "messageTypes": ["sms", "voice"],
            "provider": "phone-message-hook",
            "options": spoilt(texts, options),
        }
    )


def foreign() -> Declared:
    """Something that has nothing to do with phone MFA."""
    return declared(
        "auth0:index/client:Client",
        {"name": "app", "clientSecret": "plain", "policy": "never", "secrets": "odd"},
        "client",
        protect=False,
    )


UNIFIED = (component(), action(), provider(), template(), guardian())
LEGACY = (component(), legacy_action(), binding(), legacy_guardian())
