"""What git says of a checkout."""

import shutil
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str | None:
    """What a command of git prints; None where it fails, or there is no git."""
    program = shutil.which("git")
    if program is None:
        return None
    ended = subprocess.run(
        [program, "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return ended.stdout if ended.returncode == 0 else None
