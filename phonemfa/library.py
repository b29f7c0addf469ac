"""What a Pulumi program takes from this package: the component, its arguments, the stack's config.

Owns the list of what stays as it is between versions. Refuses any code of its own. Loaded on the
first use of a name: the command line must not wait for Pulumi.
"""

from __future__ import annotations

from components.faults import SettingsError
from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings import StackSettings
from components.stack_config import Loaded, load
from components.text_rules import sms_sizes
from components.texts import Texts
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
