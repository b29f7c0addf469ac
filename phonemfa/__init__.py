"""Phone MFA of an Auth0 tenant: a component for Pulumi programs, and an operator's command line.

    from phonemfa import PhoneMfa, PhoneMfaArgs, load

    mfa = PhoneMfa("phone-mfa", PhoneMfaArgs.of(load()))

Owns the library's names (library.py) and, in its commands, what a person or a pipeline does
around an update: looking, adopting, reporting, testing, enforcing, and getting out of trouble.
Refuses to declare anything by itself: that is `components`.
"""

from __future__ import annotations

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
    from phonemfa.library import (
        DeliveryMethod,
        Experience,
        Loaded,
        MessageType,
        PhoneMfa,
        PhoneMfaArgs,
        SettingsError,
        StackSettings,
        Texts,
        load,
        sms_sizes,
    )
else:

    def __getattr__(name: str) -> object:
        # On first use: `python -m phonemfa` must not load Pulumi to print its help.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from phonemfa import library  # noqa: PLC0415

        return getattr(library, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
