"""The auth0 provider's types that phone MFA is made of.

Owns their tokens and telling this package's resources from others of the same type. Refuses
every rule.
"""

from __future__ import annotations

from typing import Final, get_args

from components.action_code import Trigger
from policy.model import Declared

ACTION: Final = "auth0:index/action:Action"
TRIGGER_ACTION: Final = "auth0:index/triggerAction:TriggerAction"
TRIGGER_ACTIONS: Final = "auth0:index/triggerActions:TriggerActions"
PROVIDER: Final = "auth0:index/phoneProvider:PhoneProvider"
TEMPLATE: Final = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"
GUARDIAN: Final = "auth0:index/guardian:Guardian"
TENANT: Final = "auth0:index/tenant:Tenant"

PHONE_TRIGGERS: Final = frozenset(get_args(Trigger))

_ALWAYS_PHONE: Final = frozenset({PROVIDER, TEMPLATE, GUARDIAN, TENANT})


def trigger_of(action: Declared) -> str | None:
    """The trigger that an Action is for; None for other resources and where it is not known."""
    return action.text_at("supportedTriggers", "id") if action.type == ACTION else None


def sends_by_phone(resource: Declared) -> bool:
    """Whether this is an Action on a phone trigger."""
    return trigger_of(resource) in PHONE_TRIGGERS


def is_phone_mfa(resource: Declared) -> bool:
    """Whether the resource is a part of phone MFA: a stack may hold others beside it."""
    if resource.type in {TRIGGER_ACTION, TRIGGER_ACTIONS}:
        return resource.text_at("trigger") in PHONE_TRIGGERS
    return resource.type in _ALWAYS_PHONE or sends_by_phone(resource)
