"""The official release of the Pulumi CLI.

Owns fetching the public archive for this machine and comparing it with the published SHA-512
list before anything in it is used. A network that does not answer is an ordinary outcome
(`Unavailable`), because the engine can also be built. Refuses to choose between the two.
"""

from __future__ import annotations

import hashlib
import platform
import tarfile
import time
from pathlib import Path

import httpx

from sandbox.engine.cache import PROGRAMS
from sandbox.engine.versions import CLI_VERSION
from sandbox.machine.progress import Progress, elapsed

RELEASES = "https://github.com/pulumi/pulumi/releases/download"
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
# Connecting is what fails on a closed network; it must not hold up the build that follows.
_TIMEOUT = httpx.Timeout(connect=4, read=20, write=10, pool=4)


class Unavailable(Exception):  # noqa: N818 - an outcome, not an error
    """The release cannot be had here; the text says why."""


def archive_name() -> str:
    """The name of the release archive for this machine.

    Raises:
        Unavailable: nothing is released for it.
    """
    system = _SYSTEMS.get(platform.system())
    machine = _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise Unavailable(f"no release for {platform.system()} on {platform.machine()}")
    return f"pulumi-v{CLI_VERSION}-{system}-{machine}.tar.gz"


def fetch_release(folder: Path, progress: Progress, *, releases: str = RELEASES) -> None:
    """Put the CLI and the Python language host of the official release into `folder`.

    Raises:
        Unavailable: no answer, no such file, or an archive that differs from its published sum.
    """
    name = archive_name()
    base = f"{releases}/v{CLI_VERSION}"
    archive = folder / name
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
            sums = client.get(f"{base}/SHA512SUMS").raise_for_status().text
            expected = _published_sum(sums, name)
            actual = _stream(client, f"{base}/{name}", archive, progress)
    except httpx.HTTPError as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    if actual != expected:
        raise Unavailable(f"{name} does not have the published SHA-512 sum")
    _take_programs(archive, folder)


def _published_sum(sums: str, name: str) -> str:
    for line in sums.splitlines():
        digest, _, listed = line.partition(" ")
        if listed.strip().lstrip("*") == name:
            return digest.lower()
    raise Unavailable(f"the published SHA-512 list does not name {name}")


def _stream(client: httpx.Client, url: str, archive: Path, progress: Progress) -> str:
    begun = time.monotonic()
    digest = hashlib.sha512()
    received = 0
    with client.stream("GET", url) as response, archive.open("wb") as file:
        response.raise_for_status()
        total = int(response.headers.get("Content-Length", 0))
        for block in response.iter_bytes(1 << 18):
            file.write(block)
            digest.update(block)
            received += len(block)
            of = f" of {total >> 20}" if total else ""
            progress.tick(
                f"downloading Pulumi {CLI_VERSION}: {received >> 20}{of} MB, "
                f"{elapsed(time.monotonic() - begun)}"
            )
    return digest.hexdigest()


def _take_programs(archive: Path, folder: Path) -> None:
    """Copy just the programs that are needed, by name: no path in the archive is trusted."""
    try:
        with tarfile.open(archive) as tar:
            for program in PROGRAMS:
                member = tar.getmember(f"pulumi/{program}")
                data = tar.extractfile(member) if member.isfile() else None
                (folder / program).write_bytes(data.read() if data else b"")
                (folder / program).chmod(0o755)
    except (tarfile.TarError, EOFError, OSError, KeyError) as error:
        raise Unavailable(f"{archive.name} has another layout than expected: {error}") from error
