"""Files that a command writes: whole, or not at all.

Owns that a full disk or a killed command leaves what was there before, and saying in words why a
file could not be written. Refuses to know what is in a file.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Final

_READABLE_MODE: Final = 0o644
_WHY: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it is larger than this process may write (ulimit -f)",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not",
    errno.EPERM: "this user may not",
}


class FileNotWrittenError(OSError):
    """A file is as it was before; the text names it, and says why and what to do."""

    def __str__(self) -> str:
        return str(self.args[0])


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file's content, and make its folder.

    What is no plain file (`/dev/stdout`, a pipe) is written to as it is.

    Raises:
        FileNotWrittenError: what was there before is untouched.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(Path(os.path.realpath(path)), data)  # a link stays one
    except (OSError, ValueError) as error:  # ValueError: a name with NUL
        raise FileNotWrittenError(
            f"{path} cannot be written: {why(error)}. What was there before is untouched."
        ) from None


def why(error: OSError | ValueError) -> str:
    """What hinders a file, in words."""
    if isinstance(error, OSError) and error.errno:
        return _WHY.get(error.errno) or error.strerror or str(error)
    return str(error)


def told(error: OSError) -> str:
    """An error about a file that nobody foresaw."""
    if isinstance(error, FileNotWrittenError):
        return str(error)
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{why(error)} ({error.strerror or type(error).__name__})."


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o7777 if path.exists() else _READABLE_MODE & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # some disks say only now that they are full
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
