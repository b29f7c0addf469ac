"""A tenant and a runner that the tests set up by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.runner.runner import ActionOutcome


@dataclass
class FakeAction:
    version_id: str = "ver_1"
    code: str = "code"
    secrets: dict[str, str] = field(default_factory=lambda: {"CPAAS_API_KEY": "k"})


@dataclass
class FakeGuardian:
    provider: str = "phone-message-hook"
    texts: dict[str, Any] | None = None

    def selected_provider(self) -> dict[str, Any]:
        return {"provider": self.provider}

    def templates(self, family: Literal["sms", "phone"], /) -> dict[str, Any] | None:
        assert family == "sms"
        return self.texts


@dataclass
class FakeLogs:
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, code: str, description: str, details: dict[str, Any], **more: Any) -> str:
        self.entries.append({"type": code, "description": description, "details": details, **more})
        return str(len(self.entries))


@dataclass
class FakeTenant:
    """A unified tenant with everything in order; each test spoils what it is about."""

    generation: Literal["unified", "legacy"] = "unified"
    guardian: FakeGuardian = field(default_factory=FakeGuardian)
    logs: FakeLogs = field(default_factory=FakeLogs)
    actions: dict[str, FakeAction] = field(
        default_factory=lambda: {
            "custom-phone-provider": FakeAction(),
            "send-phone-message": FakeAction(),
        }
    )
    provider: dict[str, Any] | None = field(
        default_factory=lambda: {
            "name": "custom",
            "disabled": False,
            "configuration": {"delivery_methods": ["text", "voice"]},
        }
    )
    text: str = "{{ code }} {{ friendly_name }}"
    voice: str = "{{ friendly_name }}: {{ code }}{{ pause }}{{ code }}"
    template: dict[str, Any] = field(default_factory=dict)
    tenant_settings: dict[str, Any] = field(
        default_factory=lambda: {"friendly_name": "みらい銀行", "enabled_locales": ["ja", "en"]}
    )
    factors: set[str] = field(default_factory=lambda: {"sms"})
    types: list[str] = field(default_factory=lambda: ["sms", "voice"])
    digits: int = 6

    def deployed_action(self, trigger_id: str, /) -> FakeAction | None:
        return self.actions.get(trigger_id)

    def phone_provider(self) -> dict[str, Any] | None:
        return self.provider

    def phone_template(self, message_type: str, /) -> dict[str, Any]:
        return {
            "tenant": "mirai",
            "type": message_type,
            "disabled": False,
            "content": {"syntax": "liquid", "body": {"text": self.text, "voice": self.voice}},
            **self.template,
        }

    def settings(self) -> dict[str, Any]:
        return self.tenant_settings

    def factor_enabled(self, name: str, /) -> bool:
        return name in self.factors

    def message_types(self) -> list[str]:
        return self.types

    def otp_length(self) -> int:
        return self.digits


@dataclass
class FakeRunner:
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
