"""Secrets out of anything that is shown to people.

Owns which values are secret in requests and in exported state. Refuses personal data in general:
phone numbers in `try` bodies are what a test looks for.
"""

from __future__ import annotations

from typing import Any

MASK = "********"
_SECRET_KEYS = frozenset(
    {
        "client_secret",
        "auth_token",
        "access_token",
        "client_assertion",
        "refresh_token",
        "password",
        "aws_secret_access_key",
        "p12",
        "server_credentials",
        "server_key",
        "skey",
    }
)


def redacted(value: Any) -> Any:
    """A copy in which secret values are masked; null stays null."""
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _entry(key, item) for key, item in value.items()}


def _entry(key: str, item: Any) -> Any:
    if key in _SECRET_KEYS:
        return None if item is None else MASK
    if key == "secrets" and isinstance(item, list):
        return [
            {name: MASK if name == "value" else redacted(part) for name, part in one.items()}
            if isinstance(one, dict)
            else MASK
            for one in item
        ]
    return redacted(item)
