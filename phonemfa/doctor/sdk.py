"""What the installed pulumi-auth0 asks of a tenant that others do not."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

READ_FROM: Final = (3, 54)
"""The first pulumi-auth0 whose Guardian reads MFA settings."""

FITTING: Final = "pulumi-auth0>=3.50,<3.54"
"""Versions for a tenant that is not entitled to MFA settings."""


def installed_sdk() -> str:
    """The version of pulumi-auth0 that is installed beside this command."""
    return version("pulumi-auth0")


def reads_mfa_settings(sdk: str) -> bool:
    """Whether Guardian of this pulumi-auth0 reads MFA settings."""
    major, minor = sdk.split(".")[:2]
    return (int(major), int(minor)) >= READ_FROM
