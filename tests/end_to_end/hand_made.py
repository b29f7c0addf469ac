"""Tenants as people configure them by hand: a function a shape, by the Management API alone."""

from typing import Any

from tests.end_to_end.conftest import Tenant

CODE = "exports.onExecuteCustomPhoneProvider = async (event, api) => {\r\n  // by hand ✋\r\n};\r\n"
LEGACY_CODE = "exports.onExecuteSendPhoneMessage = async (event) => {};"
SECRET = "canary-of-the-tenant"
UNIFIED = "custom-phone-provider"
LEGACY = "send-phone-message"
TWILIO: dict[str, Any] = {
    "name": "twilio",
    "deliveryMethods": ["text", "voice"],
    "defaultFrom": "+15005550006",
    "sid": "AC1",
}
"""How a stack declares the provider of `twilio`."""


def action(
    tenant: Tenant, trigger: str, *, name: str, deploy: bool = True, bind: str = "", **more: Any
) -> str:
    """An Action with a secret; `bind` is the display name of its binding."""
    body = {
        "name": name,
        "supported_triggers": [{"id": trigger, "version": "v1" if trigger == UNIFIED else "v2"}],
        "code": CODE if trigger == UNIFIED else LEGACY_CODE,
        "secrets": [{"name": "OLD_KEY", "value": SECRET}],
        **more,
    }
    action_id: str = tenant.api("POST", "/actions/actions", body)["id"]
    if deploy:
        tenant.api("POST", f"/actions/actions/{action_id}/deploy")
    if bind:
        binding = {"ref": {"type": "action_id", "value": action_id}, "display_name": bind}
        tenant.api("PATCH", f"/actions/triggers/{trigger}/bindings", {"bindings": [binding]})
    return action_id


def template(tenant: Tenant, kind: str, content: dict[str, Any], *, disabled: bool = False) -> None:
    """A customised template."""
    body = {"type": kind, "disabled": disabled, "content": content}
    tenant.api("POST", "/branding/phone/templates", body)


def provider(tenant: Tenant, name: str, *methods: str, **more: Any) -> None:
    """The tenant's phone provider."""
    credentials = {"auth_token": SECRET} if name == "twilio" else {}
    body = {
        "name": name,
        "credentials": credentials,
        "configuration": {"delivery_methods": list(methods), **more},
    }
    tenant.api("POST", "/branding/phone/providers", body)


def factors(tenant: Tenant, policy: str, *on: str, message_types: tuple[str, ...] = ()) -> None:
    """Factors that are on, the phone's message types, and the policy."""
    for name in on:
        tenant.api("PUT", f"/guardian/factors/{name}", {"enabled": True})
    if message_types:
        body = {"message_types": list(message_types)}
        tenant.api("PUT", "/guardian/factors/phone/message-types", body)
    tenant.api("PUT", "/guardian/policies", [policy] if policy else [])


def twilio(tenant: Tenant) -> None:
    """Unified, delivered by Twilio; texts of its own with a sender."""
    provider(tenant, "twilio", "text", "voice", sid="AC1", default_from="+15005550006")
    body = {"text": "{{ code }} は認証コード", "voice": "{{ code }}"}
    template(tenant, "otp_verify", {"body": body, "from": "0120000000"})
    factors(tenant, "all-applications", "sms", "otp", message_types=("sms",))


def custom(tenant: Tenant) -> None:
    """Unified, an Action under another name; a draft, a text and a type that are not ours."""
    packages = [{"name": "axios", "version": "1.7.2"}, {"name": "@acme/sms", "version": "2.0.0"}]
    code: dict[str, Any] = {"runtime": "node18-actions", "dependencies": packages}
    action_id = action(tenant, UNIFIED, name="社内SMS", bind="送信", **code)
    tenant.api("PATCH", f"/actions/actions/{action_id}", {"code": CODE + "// not deployed\n"})
    provider(tenant, "custom", "text", "voice")
    template(tenant, "otp_enroll", {"body": {"text": "@{code} を入力", "voice": "{{ code }}"}})
    blocked = {"body": {"text": "blocked", "voice": "blocked"}}
    template(tenant, "blocked_account", blocked, disabled=True)
    enabled = ("sms", "email", "webauthn-roaming", "recovery-code")
    factors(tenant, "confidence-score", *enabled, message_types=("sms", "voice"))


def legacy_hook(tenant: Tenant) -> None:
    """Legacy, an Action of its own behind the hook, and texts in legacy variables."""
    action(tenant, LEGACY, name="sms-sender", bind="SMS")
    action(tenant, LEGACY, name="logger", bind="logger", secrets=[])
    refs = [("sms-sender", "SMS"), ("logger", "logger")]
    bindings = [
        {"ref": {"type": "action_name", "value": name}, "display_name": shown}
        for name, shown in refs
    ]
    tenant.api("PATCH", f"/actions/triggers/{LEGACY}/bindings", {"bindings": bindings})
    legacy_phone(tenant, "phone-message-hook")
    factors(tenant, "all-applications", "sms", "otp", message_types=("sms", "voice"))


def legacy_twilio(tenant: Tenant) -> None:
    """Legacy, delivered by Twilio."""
    legacy_phone(tenant, "twilio")
    account = {"sid": "AC1", "from": "+15005550006", "auth_token": SECRET}
    tenant.api("PUT", "/guardian/factors/sms/providers/twilio", account)
    factors(tenant, "", "sms", message_types=("sms",))


def legacy_phone(tenant: Tenant, delivery: str) -> None:
    """Who delivers for a legacy tenant, and its two texts."""
    tenant.api("PUT", "/guardian/factors/phone/selected-provider", {"provider": delivery})
    texts = {
        "enrollment_message": "{{ tenant.friendly_name }} {{ code }} を登録",
        "verification_message": "{{ tenant.friendly_name }} {{ code }} を確認",
    }
    tenant.api("PUT", "/guardian/factors/sms/templates", texts)


def marketplace_action(tenant: Tenant) -> None:
    """The bound Action of a Marketplace integration; no public endpoint installs one."""
    action_id = action(tenant, LEGACY, name="NTT CPaaS", bind="NTT CPaaS", secrets=[])
    content = tenant.control("GET", "/state?secrets=true")["content"]
    content["actions"][action_id]["installed_integration_id"] = "integration-1"
    tenant.control("PUT", "/state", {"content": content})


def marketplace(tenant: Tenant) -> None:
    """Legacy, with that Action behind the hook."""
    marketplace_action(tenant)
    legacy_phone(tenant, "phone-message-hook")
    factors(tenant, "all-applications", "sms", message_types=("sms",))


def half(tenant: Tenant) -> None:
    """Unified, given up half-way: an Action that was never deployed, a factor without provider."""
    action(tenant, UNIFIED, name="draft", deploy=False)
    # As auth0-deploy-cli says it.
    template(tenant, "otp_verify", {"syntax": "liquid", "body": {"text": "{{ code }}"}})
    factors(tenant, "", "sms")


def everything_off(_tenant: Tenant) -> None:
    """Unified, as Auth0 made it."""
