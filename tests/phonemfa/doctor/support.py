"""Settings of a stack and answers of a tenant, as the doctor's rules take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.settings.model import StackSettings
from phonemfa import scopes
from phonemfa.doctor.answers import Json, Reading, Refused, Token, Why
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.doctor.reading import EMAIL_SETTINGS, GUARDIAN_SETTINGS, PHONE_SETTINGS
from tests.stacks import stack_settings

UNIFIED_TRIGGER, LEGACY_TRIGGER = "custom-phone-provider", "send-phone-message"
FACTORS = ("sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "recovery-code")


MFA_SETTINGS: dict[str, Json | Refused] = {
    PHONE_SETTINGS: {"otp_length": 6, "otp_expiration_time": 300},
    EMAIL_SETTINGS: {"otp_length": 6, "otp_expiration_time": 300},
    GUARDIAN_SETTINGS: {
        "display_remember_me_checkbox": True,
        "remember_me_default_value": False,
        "mfa_session_inactivity_timeout": 604_800,
        "mfa_session_overall_timeout": 2_592_000,
    },
}


def settings(**changes: Any) -> StackSettings:
    return stack_settings(**({"actionName": "ours"} | changes))


def reading(*, unified: bool = True, **changes: Any) -> Reading:
    """An empty tenant that answers everything, and a token that may do all that is needed."""
    values: dict[str, Any] = {
        "domain": "t.example.com",
        "token": Token(scopes=scopes.names(scopes.SCOPES)),
        "settings": {"phone_consolidated_experience": unified},
        "actions": {UNIFIED_TRIGGER: (), LEGACY_TRIGGER: ()},
        "action_count": 0,
        "bindings": {UNIFIED_TRIGGER: (), LEGACY_TRIGGER: ()},
        "provider": None,
        "templates": (),
        "factors": factors(),
        "policies": (),
        "message_types": (),
        "legacy": None,
        "mfa_settings": MFA_SETTINGS,
    }
    return Reading(**values | changes)


def factors(*on: str, trial_expired: bool = False) -> tuple[Json, ...]:
    return tuple(
        {"name": name, "enabled": name in on, "trial_expired": trial_expired} for name in FACTORS
    )


def action(name: str, *, from_marketplace: bool = False) -> Json:
    integration = {"installed_integration_id": "integration-1"} if from_marketplace else {}
    return {"name": name, "id": f"id-of-{name}"} | integration


def on_trigger(trigger: str, *actions: Json) -> dict[str, tuple[Json, ...]]:
    return {UNIFIED_TRIGGER: (), LEGACY_TRIGGER: ()} | {trigger: actions}


def bound(*names: str) -> dict[str, tuple[Json, ...]]:
    """Bindings as the API answers them: of the Action only some keys."""
    bindings = [{"id": f"b-{one}", "action": {"id": f"id-of-{one}", "name": one}} for one in names]
    return on_trigger(LEGACY_TRIGGER, *bindings)


def refused(why: Why, *, scope: str = "read:actions", what: str = "GET /x was 403") -> Refused:
    return Refused(why=why, what=what, scope=scope)


def about(subject: Subject, findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.subject is subject]


def troubles(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    quiet = {Level.OK, Level.NOTE}
    return [(one.level.value, one.subject.value) for one in findings if one.level not in quiet]
