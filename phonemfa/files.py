"""Files that a command writes: whole, or not at all.

A full disk or a killed command leaves what was there before. What may hold a secret or is a record
(`write_private`, `append_private`) is its owner's alone, also where an earlier file was open to
others, and no link is followed to it.
"""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PRIVATE_MODE: Final = 0o600
_WHY: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it is larger than this process may write (ulimit -f)",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not",
    errno.EPERM: "this user may not",
    errno.ELOOP: "it is a link, and none is followed here",
    errno.EBADF: "standard output is closed",
}
_NO_PLAIN_FILE: Final = "it is no plain file of its own"


class FileNotWrittenError(OSError):
    """A file is as it was before; the text names it, and says why and what to do."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file's content, and make its folder.

    What is no plain file (`/dev/stdout`, a pipe) is written to as it is. After a
    `FileNotWrittenError` what was there before is untouched.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with _told(path):
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            real = Path(os.path.realpath(path))  # a link stays one
            mode = real.stat().st_mode & 0o7777 if real.exists() else 0o644 & ~_umask()
            _replace(real, data, mode)


def write_private(path: Path, content: str) -> None:
    """As `write_whole`, for what may hold a secret: a plain file that its owner alone reads.

    A link, a pipe or a terminal in its place is a `FileNotWrittenError` too.
    """
    with _told(path):
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EINVAL, _NO_PLAIN_FILE)
        _replace(path, content.encode("utf-8"), _PRIVATE_MODE)


def append_private(path: Path, text: str) -> None:
    """Append to a plain file that its owner alone reads; after an `OSError` it is as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not blocking: a pipe that nobody reads is no place for a record, and no reason to wait.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(path, flags, _PRIVATE_MODE), "ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode) or before.st_nlink != 1:
            raise OSError(errno.EINVAL, _NO_PLAIN_FILE, str(path))
        os.fchmod(file.fileno(), _PRIVATE_MODE)  # a file of before may be open to others
        data = text.encode()
        try:
            while data:
                data = data[file.write(data) or 0 :]
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), before.st_size)  # no half of a line
            raise


def why(error: OSError | ValueError) -> str:
    """What hinders a file, in words."""
    if isinstance(error, OSError) and error.errno:
        return _WHY.get(error.errno) or error.strerror or str(error)
    return str(error)


def told(error: OSError) -> str:
    """An error about a file that nobody foresaw."""
    if isinstance(error, FileNotWrittenError):
        return str(error)
    name, words = f"{error.filename}: " if error.filename else "", why(error)
    more = error.strerror or type(error).__name__
    return f"{name}{words}." if more == words else f"{name}{words} ({more})."


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, ValueError) as error:  # ValueError: a name with NUL
        raise FileNotWrittenError(
            f"{path} cannot be written: {why(error)}. What was there before is untouched."
        ) from None


def _replace(path: Path, data: bytes, mode: int) -> None:
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
