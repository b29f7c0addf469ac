"""A process that a test runs to its end."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


def run(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """What it said and how it ended; `env` is all that it has, this process's own without."""
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=None if env is None else dict(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
