"""Small file habits that several parts of the sandbox's tooling need.

Owns writing a file so that no reader ever sees half of it, with the right mode from the start.
Refuses to know what is in the files.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SECRET_MODE = 0o600


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Replace `path` by a file with `content` and `mode`; a killed writer leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    # mkstemp makes the file 0600, so that a secret is never readable by others, not even briefly.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def private_folder(path: Path) -> Path:
    """Make `path` (and its parents) a folder only its owner can enter; returns it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path
