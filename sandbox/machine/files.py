"""Files and folders: written whole or not at all, private where needed, held by one at a time."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sandbox.machine.errors import SandboxError
from sandbox.machine.progress import Progress, elapsed

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


ROOM = 16 * 1024 * 1024
"""Bytes that a sandbox needs at least: databases with their logs, certificates, Pulumi's state."""

_TROUBLE = {
    errno.ENOSPC: ("is full", "Make room there and run the command again: nothing is lost."),
    errno.EDQUOT: ("is over its quota", "Make room there and run the command again."),
    errno.EROFS: ("is read-only", "Make it writable, or choose another: SANDBOX_STATE_DIR."),
    errno.EACCES: ("is not this user's", "Change its owner or mode, or set SANDBOX_STATE_DIR."),
    errno.EPERM: ("is not this user's", "Change its owner or mode, or set SANDBOX_STATE_DIR."),
}


def check_room(folder: Path) -> None:
    """Make sure that `ROOM` is left on a disk, before half of something is written to it."""
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise SandboxError(
            f"The disk of {folder} is full: {free // 2**20} MiB are left, and the sandbox needs "
            f"{ROOM // 2**20}.",
            _TROUBLE[errno.ENOSPC][1],
        )


def disk_error(error: OSError, folder: Path) -> SandboxError | None:
    """What a person has to do about a failed file operation; None when it is no disk's fault.

    `folder` is for an error that does not say where.
    """
    if error.errno not in _TROUBLE:
        return None
    what, fix = _TROUBLE[error.errno]
    return SandboxError(
        f"{error.filename or f'The disk of {folder}'} {what} ({error.strerror}).", fix
    )


def private_folder(path: Path) -> Path:
    """Make `path` (and its parents) a folder only its owner can enter; returns it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


_LONGEST_SECONDS = 3600.0


@contextmanager
def turn(path: Path, progress: Progress, *, waiting_for: str) -> Iterator[None]:
    """Hold `path`; while another process holds it, wait up to an hour and say `waiting_for`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock, begun = FileLock(path), time.monotonic()
    while not lock.is_locked:
        try:
            lock.acquire(timeout=1)
        except Timeout:
            waited = time.monotonic() - begun
            if waited > _LONGEST_SECONDS:
                raise SandboxError(
                    f"Still waiting for {waiting_for} after {elapsed(waited)}.",
                    f"End that process (it holds {path}), then run the command again.",
                ) from None
            progress.tick(f"waiting for {waiting_for} ({elapsed(waited)})")
    try:
        yield
    finally:
        lock.release()
