"""A tenant that sends, small enough to spoil, and a runner that tests set up by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.runner.runner import ActionOutcome, ActionRunner
from sandbox.tenant import Generation, Store, Tenant
from tests.sandbox.sending import let_it_send

TEXT = "{{ code }} {{ friendly_name }}"
VOICE = "{{ friendly_name }}: {{ code }}{{ pause }}{{ code }}"

Spoil = Callable[[Tenant], object]


def a_tenant(
    generation: Generation = "unified",
    spoil: Spoil = lambda _: None,
    *,
    text: str = TEXT,
    voice: str = VOICE,
    **settings: Any,
) -> Tenant:
    """A tenant "mirai" with everything in order, but for what spoils it."""
    tenant = Tenant(Store(), domain="localhost:1", name="mirai", generation=generation)
    words = {"friendly_name": "みらい銀行", "enabled_locales": ["ja", "en"]}
    tenant.tenant_settings.patch(words | settings)
    let_it_send(tenant, {"CPAAS_API_KEY": "k"})
    if generation == "unified":
        content = {"body": {"text": text, "voice": voice}}
        tenant.templates.create({"type": "otp_verify", "content": content})
    spoil(tenant)
    return tenant


def provider(**changes: Any) -> Spoil:
    """Changes the phone provider."""
    return lambda tenant: tenant.providers.update(
        str((tenant.phone_provider() or {})["id"]), changes
    )


def template(**changes: Any) -> Spoil:
    """Changes the template of login codes."""
    return lambda tenant: tenant.templates.update(
        tenant.phone_template("otp_verify")["id"], changes
    )


def no_provider(tenant: Tenant) -> None:
    tenant.providers.delete(str((tenant.phone_provider() or {})["id"]))


def no_factor(tenant: Tenant) -> None:
    tenant.guardian.set_factor("sms", enabled=False)


def no_sms(tenant: Tenant) -> None:
    tenant.guardian.set_message_types(["voice"])


def no_action(tenant: Tenant) -> None:
    for one in tenant.actions.all():
        tenant.actions.delete(one["id"], force=True)


def logged(tenant: Tenant) -> list[dict[str, Any]]:
    """The entries of its log, oldest first."""
    return tenant.context.store.all("logs")


@dataclass
class FakeRunner(ActionRunner):
    """Answers with the given outcomes in turn, then with success."""

    outcomes: list[ActionOutcome] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    async def execute(
        self,
        *,
        code: str,
        version_id: str,
        handler: str,
        event: Mapping[str, Any],
        secrets: Mapping[str, str],
        delivery_id: str | None = None,
    ) -> ActionOutcome:
        self.calls.append(
            {
                "code": code,
                "version_id": version_id,
                "handler": handler,
                "event": event,
                "secrets": secrets,
                "delivery_id": delivery_id,
            }
        )
        return self.outcomes.pop(0) if self.outcomes else ActionOutcome("success")
