"""Identifiers in the forms that the Management API uses.

Owns only their shape: UUIDs for the actions family, a prefix and 22 letters or digits for
branding (recorded).
"""

from __future__ import annotations

import secrets
import string
import uuid

_ALPHABET = string.ascii_letters + string.digits


def action_uuid() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


def _prefixed(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(22))


def provider_id() -> str:
    """`pro_` and 22 alphanumerics."""
    return _prefixed("pro_")


def template_id() -> str:
    """`tem_` and 22 alphanumerics."""
    return _prefixed("tem_")


def client_id() -> str:
    """32 alphanumerics."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


def client_secret() -> str:
    """64 URL-safe characters."""
    return secrets.token_urlsafe(48)
