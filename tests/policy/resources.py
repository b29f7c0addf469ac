"""Resources of a compliant stack, as this package's previews have them, and ways to spoil them."""

from collections.abc import Callable, Mapping
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


def spoilt(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with some set anew; None takes one away."""
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def resources_of(kind: str, called: str, **base: Any) -> Callable[..., Declared]:
    """Makes resources with these properties, but for what is changed."""

    def made(name: str = called, /, *, protect: bool = False, **changes: Any) -> Declared:
        urn = f"urn:pulumi:t1::phonemfa::{kind}::{name}"
        return Declared(urn=urn, type=kind, properties=spoilt(base, changes), protect=protect)

    return made


CODE = {
    "code": "exports.onExecuteCustomPhoneProvider = async () => { require('crypto'); };",
    "deploy": True,
    "name": "ntt-cpaas-phone",
    "runtime": "node22",
    "secrets": UNSEEN,
}
LEGACY_TRIGGER = "send-phone-message"
action = resources_of(
    ACTION, "action", **CODE, supportedTriggers={"id": "custom-phone-provider", "version": "v1"}
)
legacy_action = resources_of(
    ACTION, "legacy-action", **CODE, supportedTriggers={"id": LEGACY_TRIGGER, "version": "v2"}
)
foreign_action = resources_of(
    ACTION, "foreign", **CODE, supportedTriggers={"id": "post-login", "version": "v3"}
)
binding = resources_of(TRIGGER_ACTION, "binding", actionId=UNSEEN, trigger=LEGACY_TRIGGER)
provider = resources_of(
    PROVIDER,
    "provider",
    configuration={"deliveryMethods": ["text", "voice"]},
    credentials=UNSEEN,
    disabled=False,
    name="custom",
)
guardian = resources_of(
    GUARDIAN,
    "guardian",
    email=False,
    phone={"enabled": True, "messageTypes": ["sms", "voice"]},
    policy="all-applications",
    settings={"displayRememberMeCheckbox": False},
)
foreign = resources_of(
    *("auth0:index/client:Client", "client"),
    name="app",
    clientSecret="plain",
    policy="never",
    secrets="odd",
)


def component(settings: Mapping[str, Any] | Unseen | None = None, **changes: Any) -> Declared:
    """The package's component with the settings that it carries; None in `changes` for none."""
    base = {"allowedPrefixes": ["+81"], "policy": "always", "smsSender": "0005212345"}
    told = spoilt(base, changes) if settings is None else settings
    return resources_of(COMPONENT, "component", settings=told, tenant="tenant.sandbox.test")()


def bindings(count: int) -> Declared:
    actions = [{"id": f"{one}"} for one in range(count)]
    return resources_of(TRIGGER_ACTIONS, "bindings", trigger=LEGACY_TRIGGER, actions=actions)()


def template(kind: Any = "otp_verify", name: str = "template", **body: Any) -> Declared:
    texts = spoilt({"text": "{{ code }} です", "voice": "認証コードは、{{ code }}、です。"}, body)
    return resources_of(TEMPLATE, name)(type=kind, content={"body": texts}, disabled=False)


def legacy_guardian(**options: Any) -> Declared:
    texts = {"enrollmentMessage": "{{ code }}", "verificationMessage": "{{ code }}"}
    phone = {"enabled": True, "messageTypes": ["sms", "voice"], "provider": "phone-message-hook"}
    return guardian(phone=phone | {"options": spoilt(texts, options)})


UNIFIED = (component(), action(), provider(), template(), guardian())
LEGACY = (component(), legacy_action(), binding(), legacy_guardian())
