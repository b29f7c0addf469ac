"""A disk of a test's own: small, or read-only, and gone with the command that ran on it.

No mount is left behind: it is in a namespace of the command alone.
"""

from __future__ import annotations

import functools
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.contract import PROJECT

SECONDS = 60


@functools.cache
def _may_mount() -> bool:
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def on_disk(
    folder: Path, command: list[str], *, size: str = "64k", first: str = "true", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the project while `folder` is a disk of this size.

    Args:
        folder: where it is mounted; it exists.
        command: the program and its arguments.
        size: of the disk, as `mount -o size=` takes it.
        first: a shell command that runs before, on the disk.
        environ: variables for it.
    """
    if not _may_mount():
        pytest.skip("no disk can be mounted here (unshare --mount)")
    place = shlex.quote(str(folder))
    script = f"mount -t tmpfs -o size={size} none {place} && cd {place} && {{ {first}; }}"
    script += f"; cd {shlex.quote(str(PROJECT))} && exec {shlex.join(command)}"
    return subprocess.run(
        [
            "unshare",
            "--map-root-user",
            "--mount",
            "env",
            *(f"{k}={v}" for k, v in environ.items()),
            "sh",
            "-c",
            script,
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
