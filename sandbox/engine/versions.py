"""Which versions of Pulumi's programs the project runs on, and how version texts are compared.

The Python packages `pulumi` and `pulumi-auth0` have the same bounds in pyproject.toml; the Go
modules under `modules/` carry the CLI's number a second time. Tests keep them equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version

CLI_VERSION = "3.259.0"
"""The Pulumi CLI that is downloaded or built when none is installed."""

PYTHON_HOST_VERSION = "3.79.0"
"""The last `pulumi-language-python` that is still a package of the public sdk module."""


@dataclass(frozen=True, order=True)
class Version:
    """A `major.minor.patch` version; a pre-release sorts before the release it precedes."""

    major: int
    minor: int
    patch: int
    released: bool = True

    @classmethod
    def find_in(cls, text: str | None) -> Version | None:
        """The first version in `text` (`v3.259.0`, `go1.26.8`, `3.260.0-alpha.1`), or None."""
        found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z]|rc\d|beta\d)?", text or "")
        if found is None:
            return None
        major, minor, patch, pre_release = found.groups()
        return cls(int(major), int(minor), int(patch or 0), released=pre_release is None)

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        return text if self.released else f"{text} (pre-release)"


MINIMUM_CLI = Version(3, 259, 0)
BELOW_CLI = Version(4, 0, 0, released=False)
MINIMUM_PLUGIN = Version(3, 50, 0)
BELOW_PLUGIN = Version(4, 0, 0, released=False)
OWN_BUILD = Version(1, 0, 0, released=False)
"""What a plugin says that was built from its sources without a release's number."""


def auth0_plugin_version() -> str:
    """The official auth0 plugin that goes with the installed Python package."""
    return version("pulumi-auth0")
