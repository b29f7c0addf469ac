"""The record that a broken glass leaves: who, when, where, what, why."""

from __future__ import annotations

import getpass
import os
import platform
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from phonemfa.output.json_text import as_json

_PRIVATE: Final = 0o600


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who ran the command, as far as the machine knows.

    Attributes:
        user, host: the operating system's.
        ci: the run and the person of a CI system, if one says so: GitHub, GitLab.
    """

    user: str
    host: str
    ci: dict[str, str]

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> Actor:
        """The present process's."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            user = f"uid {os.getuid()}"
        return cls(user=user, host=platform.node(), ci=_ci(environ))


@dataclass(frozen=True, kw_only=True)
class Record:
    """One use of break-glass; policies as the tenant has them, `[]` being never.

    Attributes:
        outcome: done (read back), unchanged (it was never already), or failed.
        after: None when the tenant could not be read back.
    """

    at: str
    actor: Actor
    tenant: str
    client_id: str
    reason: str
    before: Sequence[str] | None
    after: Sequence[str] | None
    outcome: str
    tenant_log: str

    def to_json(self) -> str:
        """One line."""
        fields = {"event": "phonemfa.break-glass", **asdict(self)}
        return as_json(dict(sorted(fields.items())), indent=None)


def prepare(path: Path) -> None:
    """Make sure, before anything is changed, that the record can be kept.

    Raises:
        OSError: the file cannot be written to, or others may read it.
    """
    _append(path, "")


def keep(path: Path, record: Record) -> None:
    """Append the record to a file that is its owner's alone.

    Raises:
        OSError: it cannot be written.
    """
    _append(path, record.to_json() + "\n")


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        # A file of before may be open to others.
        os.fchmod(file.fileno(), _PRIVATE)
        before = os.fstat(file.fileno())
        data = text.encode()
        try:
            while data:
                data = data[file.write(data) or 0 :]
        except OSError:
            if stat.S_ISREG(before.st_mode):
                os.ftruncate(file.fileno(), before.st_size)  # no half of a record
            raise


def _ci(environ: Mapping[str, str]) -> dict[str, str]:
    if environ.get("GITHUB_ACTIONS"):
        run = "/".join(
            environ.get(name, "")
            for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
        )
        parts = run.rsplit("/", 1)
        return {
            "system": "GitHub",
            "actor": environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR", ""),
            "run": "/actions/runs/".join(parts),
        }
    if environ.get("GITLAB_CI"):
        return {
            "system": "GitLab",
            "actor": environ.get("GITLAB_USER_LOGIN", ""),
            "run": environ.get("CI_JOB_URL", ""),
        }
    return {}
