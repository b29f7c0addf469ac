"""Which versions of Pulumi's programs the project runs on, and how version texts are compared.

Owns the numbers. The Python packages `pulumi` and `pulumi-auth0` are pinned to the same minor
versions in pyproject.toml; the Go modules under `modules/` carry the numbers a second time,
because Go reads them there (a test keeps the two equal). Refuses to look for programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CLI_VERSION = "3.259.0"
"""The Pulumi CLI that is downloaded or built when none is installed."""

PYTHON_HOST_VERSION = "3.79.0"
"""The last `pulumi-language-python` that is still a package of the public sdk module."""

AUTH0_PLUGIN_VERSION = "3.55.1"
"""The official auth0 plugin that goes with the pinned Python package."""


@dataclass(frozen=True, order=True)
class Version:
    """A `major.minor.patch` version; a pre-release sorts before the release it precedes."""

    major: int
    minor: int
    patch: int
    released: bool = True

    @classmethod
    def find_in(cls, text: str) -> Version | None:
        """The first version in `text` (`v3.259.0`, `go1.26.8`, `3.260.0-alpha.1`), or None."""
        found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z]|rc\d|beta\d)?", text)
        if found is None:
            return None
        major, minor, patch, pre_release = found.groups()
        return cls(int(major), int(minor), int(patch or 0), released=pre_release is None)

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        return text if self.released else f"{text} (pre-release)"


MINIMUM_CLI = Version(3, 259, 0)
BELOW_CLI = Version(4, 0, 0, released=False)


def cli_is_suitable(version: Version) -> bool:
    """Whether a Pulumi CLI of this version may run the project (at least 3.259.0, below 4)."""
    return MINIMUM_CLI <= version < BELOW_CLI


def plugin_is_suitable(version: Version) -> bool:
    """Whether an official auth0 plugin of this version goes with the pinned Python package."""
    pinned = Version.find_in(AUTH0_PLUGIN_VERSION)
    assert pinned is not None  # noqa: S101 - a constant of this file
    return (version.major, version.minor) == (pinned.major, pinned.minor)
