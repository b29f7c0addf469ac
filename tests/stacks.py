"""The smallest settings that a stack may have, for tests that need some."""

from typing import Any

from components.settings.model import StackSettings

SMALLEST: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text"],
    "policy": "never",
    "cpaasBaseHost": "cpaas.example.com",
    "smsSender": "0005212345",
}


def stack_settings(**changes: Any) -> StackSettings:
    return StackSettings.check("dev", SMALLEST | changes)
