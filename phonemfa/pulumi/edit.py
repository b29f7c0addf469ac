"""A value that a command sets in a stack's file and applies, and takes back when that fails."""

from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from phonemfa.files import write_whole

T = TypeVar("T")


def keep_endings(file: Path, before: bytes) -> None:
    """Give a stack's file back what it had `before` and `pulumi config set` leaves out.

    That is its line endings and its byte order mark.
    """
    written = after = file.read_bytes()
    if b"\r\n" in before and b"\r\n" not in after:
        after = after.replace(b"\n", b"\r\n")
    if before.startswith(BOM_UTF8) and not after.startswith(BOM_UTF8):
        after = BOM_UTF8 + after
    if after != written:
        write_whole(file, after)


def or_take_back(
    step: Callable[[], T],
    take_back: Callable[[], str],
    failed: type[Exception],
    *expected: type[Exception],
) -> T:
    """What a step answers; whatever stops it half-way takes back what it had begun.

    `take_back` says what came of that, and raises nothing: `failed` has it and the reason, where
    that was `expected` or Ctrl-C. Other errors are raised as they are.
    """
    try:
        return step()
    except expected as error:
        raise failed(f"{error}\n{take_back()}") from None
    except KeyboardInterrupt:
        # The engine has ended by now: a step that did not end is taken back.
        raise failed(f"Stopped as asked.\n{take_back()}") from None
    except BaseException:
        take_back()
        raise
