"""Which versions of Pulumi's programs the project runs on.

pyproject.toml has the same bounds for the Python packages `pulumi` and `pulumi-auth0`; the Go
modules under `modules/` carry the CLI's number a second time. Tests keep them equal.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version
from typing import Final

from packaging.version import InvalidVersion, Version

CLI_VERSION: Final = "3.259.0"
"""The Pulumi CLI that is downloaded or built when none is installed."""

MINIMUM_CLI: Final = Version("3.259.0")
MINIMUM_PLUGIN: Final = Version("3.50.0")
BELOW: Final = Version("4.dev0")


def version_in(text: str | None) -> Version | None:
    """The first version in what a program prints (`v3.259.0`, `3.260.0-alpha.1`), or None."""
    for word in (text or "").split():
        with suppress(InvalidVersion):
            return Version(word)
    return None


def auth0_plugin_version() -> str:
    """The official auth0 plugin that goes with the installed Python package."""
    return version("pulumi-auth0")
