"""Phone MFA of an Auth0 tenant: a component for Pulumi programs, and an operator's command line.

    from phonemfa import PhoneMfa, PhoneMfaArgs, load

    mfa = PhoneMfa("phone-mfa", PhoneMfaArgs.of(load()))

These names stay as they are between versions. What a person or a pipeline does around an update is
in the commands, a package each.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

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
    "__version__",
    "load",
    "sms_sizes",
]

if TYPE_CHECKING:
    from components.phone_mfa import PhoneMfa, PhoneMfaArgs
    from components.settings.faults import SettingsError
    from components.settings.model import StackSettings
    from components.settings.stack_config import Loaded, load
    from components.settings.text_rules import sms_sizes
    from components.settings.texts import Texts
    from components.vocabulary import DeliveryMethod, Experience, MessageType
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # On first use: with Pulumi it takes two seconds, and `phonemfa break-glass` must not wait.
        from phonemfa import library  # noqa: PLC0415

        return getattr(library, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
