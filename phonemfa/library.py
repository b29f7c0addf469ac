"""What a Pulumi program takes from this package; loaded on the first use of a name."""

# ruff: noqa: F401 - phonemfa/__init__.py hands them on

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded, load
from components.settings.text_rules import sms_sizes
from components.settings.texts import Texts
from components.vocabulary import DeliveryMethod, Experience, MessageType
