"""Tenants as the model's values, for the rules of adopting."""

from collections.abc import Mapping
from typing import Any

from components.tenant.action import Action, Version
from components.tenant.guardian import OTHER_FACTORS, Guardian
from components.tenant.model import UNSEEN
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot
from components.tenant.tenant_settings import TenantSettings
from components.tenant.trigger import Binding

UNIFIED, LEGACY = "custom-phone-provider", "send-phone-message"


def action(
    identifier: str = "a1", trigger: str = UNIFIED, *, runs: str | None = "code", **changes: Any
) -> Action:
    """An Action without secrets; `runs` is the code of its deployed version."""
    values: dict[str, Any] = {
        "id": identifier,
        "name": f"name of {identifier}",
        "trigger": trigger,
        "trigger_version": "v1",
        "runtime": "node22",
        "code": "code",
        "dependencies": (),
        "secret_names": (),
        "deployed": runs is not None,
        "configuration": UNSEEN,
        "running": None if runs is None else Version.of_api({"code": runs}),
    }
    return Action(**values | changes)


def bound(*identifiers: str, trigger: str = UNIFIED) -> tuple[Binding, ...]:
    """Bindings of one trigger, in order."""
    return tuple(
        Binding(trigger=trigger, action_name="", action_id=one, display_name=one)
        for one in identifiers
    )


def provider(name: str = "custom", **changes: Any) -> PhoneProvider:
    """A phone provider for both channels."""
    values: dict[str, Any] = {"id": "pro_1", "name": name, "delivery_methods": ("text", "voice")}
    return PhoneProvider(**values | changes)


def template(kind: str = "otp_verify", **changes: Any) -> dict[str, PhoneTemplate]:
    """A customised template with fit texts, by its type."""
    texts = {"text": "{{ code }} text", "voice": "{{ code }} voice"}
    return {kind: PhoneTemplate(**{"id": f"tem_{kind}"} | texts | changes)}


def tenant(
    *,
    experience_flag: bool | None = True,
    factors: Mapping[str, bool] | None = None,
    legacy: Mapping[str, str] | None = None,
    message_types: tuple[str, ...] = (),
    policy: str = "never",
    **changes: Any,
) -> Snapshot:
    """A unified tenant with everything off; `factors` are those that are on, by their field."""
    others: dict[str, Any] = {one.field: False for one in OTHER_FACTORS} | dict(factors or {})
    others |= {"selected_provider": UNSEEN} if legacy is None else legacy
    values: dict[str, Any] = {
        "settings": TenantSettings.of_api({"phone_consolidated_experience": experience_flag}),
        "actions": (),
        "bindings": (),
        "provider": None,
        "templates": {},
        "guardian": Guardian(
            phone_enabled=others.pop("phone_enabled", False),
            message_types=message_types,
            policy=policy,
            **others,
        ),
    }
    return Snapshot(**values | changes)
