"""Waiting for one's turn, and saying so.

Owns holding a lock file that the operating system frees when its holder dies. Refuses to know
what the lock protects.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sandbox.machine.errors import SandboxError
from sandbox.machine.progress import Progress, elapsed

LONGEST_SECONDS = 3600.0


@contextmanager
def turn(path: Path, progress: Progress, *, waiting_for: str) -> Iterator[None]:
    """Hold `path`; while another process holds it, wait and say `waiting_for`.

    Raises:
        SandboxError: it is still held after an hour.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    begun = time.monotonic()
    while True:
        try:
            lock.acquire(timeout=1)
            break
        except Timeout:
            if time.monotonic() - begun > LONGEST_SECONDS:
                raise SandboxError(
                    f"Still waiting for {waiting_for} after {elapsed(LONGEST_SECONDS)}.",
                    f"End that process (it holds {path}), then run the command again.",
                ) from None
            waited = elapsed(time.monotonic() - begun)
            progress.tick(f"waiting for {waiting_for} ({waited})")
    try:
        yield
    finally:
        lock.release()
