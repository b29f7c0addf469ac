"""Tenants as plain values, for the rules of adopting. Owns building them; refuses assertions."""

from __future__ import annotations

from typing import Any

from phonemfa.adopt.reading import Action, Binding, FoundTenant, PhoneProvider, PhoneTemplate

UNIFIED, LEGACY = "custom-phone-provider", "send-phone-message"


def action(identifier: str = "a1", trigger: str = UNIFIED, **changes: Any) -> Action:
    """A deployed Action without secrets."""
    values: dict[str, Any] = {
        "id": identifier,
        "name": f"name of {identifier}",
        "trigger": trigger,
        "trigger_version": "v1",
        "runtime": "node22",
        "code": "code",
        "deployed_code": "code",
        "dependencies": (),
        "secret_names": (),
    }
    return Action(**values | changes)


def bound(*identifiers: str, trigger: str = UNIFIED) -> dict[str, tuple[Binding, ...]]:
    """Bindings of one trigger, in order."""
    return {trigger: tuple(Binding(action_id=one, display_name=one) for one in identifiers)}


def provider(name: str = "custom", **changes: Any) -> PhoneProvider:
    """A phone provider for both channels."""
    values: dict[str, Any] = {"id": "pro_1", "name": name, "disabled": False}
    values["delivery_methods"] = ("text", "voice")
    return PhoneProvider(**values | changes)


def template(kind: str = "otp_verify", **changes: Any) -> PhoneTemplate:
    """A customised template with fit texts."""
    values: dict[str, Any] = {"id": f"tem_{kind}", "type": kind, "disabled": False}
    texts = {"text": "{{ code }} text", "voice": "{{ code }} voice"}
    return PhoneTemplate(**values | texts | changes)


def tenant(**changes: Any) -> FoundTenant:
    """A unified tenant with everything off."""
    values: dict[str, Any] = {
        "domain": "t.example.com",
        "experience_flag": True,
        "actions": (),
        "bindings": {},
        "provider": None,
        "templates": (),
        "policies": (),
        "factors": {"sms": False, "otp": False, "email": False, "duo": False},
        "message_types": (),
    }
    return FoundTenant(**values | changes)
