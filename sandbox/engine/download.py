"""Downloads of other people's programs, each held to its hash in `tools/downloads.lock`.

A hash is recorded there at the first download, and trusted on that first use: nobody else has
checked it. A download that is another one later ends the run. Another way to an engine or a plugin
would hide what somebody has to look into.
"""

from __future__ import annotations

import hashlib
import platform
import time
from pathlib import Path
from typing import Final

import httpx

from sandbox.machine.errors import EngineError
from sandbox.machine.progress import Progress, elapsed

LOCK: Final = Path(__file__).resolve().parents[2] / "tools" / "downloads.lock"
_SYSTEMS: Final = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# Connecting is what fails on a closed network; it must not hold up what comes instead.
_TIMEOUT: Final = httpx.Timeout(connect=4, read=20, write=10, pool=4)


class Unavailable(Exception):  # noqa: N818 - an outcome: there is another way
    """It cannot be had here; the text says why."""


def this_machine() -> tuple[str, str]:
    """The system and the processor, as Go calls them.

    Raises:
        Unavailable: Pulumi releases nothing for it.
    """
    system = _SYSTEMS.get(platform.system())
    machine = _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise Unavailable(f"no release for {platform.system()} on {platform.machine()}")
    return system, machine


def text_of(address: str) -> str:
    """A small text.

    Raises:
        Unavailable: no answer, or no such file.
    """
    try:
        return httpx.get(address, timeout=_TIMEOUT, follow_redirects=True).raise_for_status().text
    except httpx.HTTPError as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error


def fetch(
    address: str, file: Path, progress: Progress, *, lock: Path, published: str | None = None
) -> None:
    """Download a program's archive, if it is the one that the lock names, or the first of its name.

    Args:
        address: of the archive; also its name in the lock.
        file: where to put it.
        progress: is told how far it is, and what is recorded.
        lock: hashes and addresses.
        published: its SHA-512 sum, where the publisher gives one.

    Raises:
        Unavailable: no answer, no such file, or the first hash cannot be recorded.
        EngineError: it is not the archive that it was, or not the one that was published.
    """
    found, sums, begun = hashlib.sha256(), hashlib.sha512(), time.monotonic()
    file.parent.mkdir(parents=True, exist_ok=True)
    name, received = address.rpartition("/")[2], 0
    try:
        with (
            httpx.stream("GET", address, timeout=_TIMEOUT, follow_redirects=True) as response,
            file.open("wb") as target,
        ):
            response.raise_for_status()
            for block in response.iter_bytes(1 << 18):
                target.write(block)
                found.update(block)
                sums.update(block)
                received += len(block)
                spent = elapsed(time.monotonic() - begun)
                progress.tick(f"downloading {name}: {received >> 20} MB, {spent}")
    except httpx.HTTPError as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    if published not in {None, sums.hexdigest()}:
        raise _another(file, f"{name} does not have the SHA-512 sum that Pulumi published for it")
    wanted = _hash_in(lock, address)
    if wanted is None:
        _record(lock, address, found.hexdigest(), progress)
    elif wanted != found.hexdigest():
        raise _another(
            file, f"{address} has the hash {found.hexdigest()}, and {lock.name} names {wanted}"
        )


def _another(file: Path, what: str) -> EngineError:
    file.unlink()
    return EngineError(
        f"{what}. It was not used.",
        "Find out why before anything else: a proxy's answer, or somebody else's program.",
    )


def _hash_in(lock: Path, address: str) -> str | None:
    try:
        lines = [line.split() for line in lock.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return None
    return next((one[0] for one in lines if one[1:] == [address]), None)


def _record(lock: Path, address: str, found: str, progress: Progress) -> None:
    try:
        with lock.open("a", encoding="utf-8") as file:
            file.write(f"{found}  {address}\n")
    except OSError as error:
        raise Unavailable(f"its hash cannot be recorded in {lock}: {error.strerror}") from error
    progress.step(f"recorded in {lock.name}, trusted on this first use: {address}. Commit it")
