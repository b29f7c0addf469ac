"""Downloads of other people's programs, each held to its hash in `tools/downloads.lock`.

A hash is recorded there at the first download, and trusted on that first use: nobody else has
checked it. A download that is another one later ends the run. Another way to an engine or a plugin
would hide what somebody has to look into.
"""

import gzip
import hashlib
import platform
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx

from sandbox.machine.errors import SandboxError
from sandbox.machine.progress import Progress

LOCK: Final = Path(__file__).resolve().parents[2] / "tools" / "downloads.lock"
SYSTEM: Final = platform.system().lower()
PROCESSOR: Final = platform.machine().lower().replace("x86_64", "amd64").replace("aarch64", "arm64")
"""As Go calls it."""
# Connecting is what fails on a closed network; it must not hold up what comes instead.
_TIMEOUT: Final = httpx.Timeout(connect=4, read=20, write=10, pool=4)


class Unavailable(Exception):  # noqa: N818 - an outcome: there is another way
    """It cannot be had here; the text says why."""


def fetch(address: str, members: Sequence[str], folder: Path, progress: Progress) -> None:
    """Put the named programs of an archive into a folder; no other path in it is looked at.

    A first one is recorded only when all programs were in it: else what was cut off would be what
    the next is held to. One that is not the archive that it was is a SandboxError; what else stands
    in the way is Unavailable.
    """
    archive = folder.parent / address.rpartition("/")[2]
    _download(address, archive, progress)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    lines = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    wanted = next((one.split()[0] for one in lines if one.split()[1:] == [address]), None)
    if wanted not in {None, found}:
        raise SandboxError(
            f"{address} has the hash {found}, and {LOCK.name} names {wanted}. It was not used.",
            "Find out why before anything else: a proxy's answer, or somebody else's program.",
        )
    programs = _read(archive, members)
    if wanted is None:
        try:
            with LOCK.open("a", encoding="utf-8") as entries:
                entries.write(f"{found}  {address}\n")
        except OSError as error:
            raise Unavailable(f"its hash cannot be recorded in {LOCK}: {error.strerror}") from error
        progress.step(f"recorded in {LOCK.name}, trusted on this first use: {address}. Commit it")
    # Not before: what Go builds where an archive cannot be used goes into the same folder.
    for name, content in programs.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)


def _download(address: str, file: Path, progress: Progress) -> None:
    try:
        with (
            httpx.stream("GET", address, timeout=_TIMEOUT, follow_redirects=True) as response,
            file.open("wb") as target,
        ):
            response.raise_for_status()
            for block in response.iter_bytes(1 << 18):
                target.write(block)
                megabytes = response.num_bytes_downloaded >> 20
                progress.tick(f"downloading {file.name}: {megabytes} MB")
    except (httpx.HTTPError, ValueError, ImportError) as error:
        # The last two are of a proxy in the environment that httpx cannot use, such as SOCKS.
        raise Unavailable(f"{type(error).__name__}: {error}") from error


def _read(archive: Path, members: Sequence[str]) -> dict[str, bytes]:
    try:
        with gzip.open(archive) as whole, tarfile.open(fileobj=whole) as tar:
            programs = {Path(one).name: tar.extractfile(one).read() for one in members}  # type: ignore[union-attr] # else: below
            while whole.read(1 << 20):
                pass  # Its sum is at its end.
            return programs
    except (tarfile.TarError, zlib.error, EOFError, OSError, KeyError, AttributeError) as error:
        raise Unavailable(f"{archive.name} has another layout than expected: {error}") from error
