"""What a Pulumi program takes from this package: the component, its arguments, the stack's config.

Owns the list of what stays as it is between versions. Refuses any code of its own. Loaded on the
first use of a name: the command line must not wait for Pulumi.
"""

from __future__ import annotations

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded, load
from components.settings.text_rules import sms_sizes
from components.settings.texts import Texts
from components.vocabulary import DeliveryMethod, Experience, MessageType

__all__ = [
    "DeliveryMethod",
    "Experience",
    "Loaded",
    "MessageType",
    "PhoneMfa",
    "PhoneMfaArgs",
    "SettingsError",
    "StackSettings",
    "Texts",
    "load",
    "sms_sizes",
]
