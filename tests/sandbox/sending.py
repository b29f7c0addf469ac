"""A tenant that sends, made through its own rules, as Pulumi would make it."""

from collections.abc import Mapping

from components.action_code import Trigger, assemble
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Generation, Tenant


def set_up(
    sandbox: RunningSandbox, generation: Generation = "unified", **secrets: str
) -> RunningSandbox:
    """A tenant that can send, from nothing."""
    tenant = sandbox.parts.tenant
    tenant.reset(generation)
    sandbox.parts.cpaas.reset()
    sandbox.parts.notifications.reset()
    values = {
        "CPAAS_API_KEY": sandbox.credentials.cpaas_api_key,
        "CPAAS_BASE_URL": "cpaas.sandbox.test",
        "SMS_SENDER": "MIRAIBANK",
        "VOICE_SENDER": "+815031234567",
        "RECIPIENT_LIMIT": "0",
        **secrets,
    }
    tenant.settings.patch({"friendly_name": "みらい銀行", "enabled_locales": ["ja"]})
    let_it_send(tenant, values)
    return sandbox


def let_it_send(tenant: Tenant, secrets: Mapping[str, str]) -> None:
    """The package's Action with these secrets, and everything that leads to it."""
    unified = tenant.generation == "unified"
    trigger: Trigger = "custom-phone-provider" if unified else "send-phone-message"
    action = tenant.versions.create(
        {
            "name": "phone",
            "supported_triggers": [{"id": trigger, "version": "v1" if unified else "v2"}],
            "code": assemble(trigger),
            "runtime": "node22",
            "secrets": [{"name": name, "value": value} for name, value in secrets.items()],
            "deploy": True,
        }
    )
    tenant.guardian.set_factor("sms", enabled=True)
    if unified:
        tenant.providers.create(
            {
                "name": "custom",
                "credentials": {},
                "configuration": {"delivery_methods": ["text", "voice"]},
            }
        )
    else:
        ref = {"type": "action_id", "value": action["id"]}
        tenant.bindings.replace(trigger, [{"ref": ref, "display_name": "phone"}])
        tenant.guardian.set_selected_provider("phone-message-hook")
    tenant.guardian.set_message_types(["sms", "voice"])
