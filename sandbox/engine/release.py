"""The official release of the Pulumi CLI, compared with its published sum before it is used."""

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


class Unavailable(Exception):  # noqa: N818 - an outcome: the engine can also be built
    """The release cannot be had here; the text says why."""


def archive_name() -> str:
    """The release archive for this machine.

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
    name, begun, digest, received = archive_name(), time.monotonic(), hashlib.sha512(), 0
    base, archive = f"{releases}/v{CLI_VERSION}", folder / "work" / "release.tar.gz"
    archive.parent.mkdir(exist_ok=True)
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
            sums = client.get(f"{base}/SHA512SUMS").raise_for_status().text
            with client.stream("GET", f"{base}/{name}") as response, archive.open("wb") as file:
                response.raise_for_status()
                for block in response.iter_bytes(1 << 18):
                    file.write(block)
                    digest.update(block)
                    received += len(block)
                    spent = elapsed(time.monotonic() - begun)
                    progress.tick(f"downloading Pulumi {CLI_VERSION}: {received >> 20} MB, {spent}")
    except httpx.HTTPError as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    if [digest.hexdigest(), name] not in [line.split() for line in sums.splitlines()]:
        raise Unavailable(f"{name} does not have the published SHA-512 sum")
    try:
        with tarfile.open(archive) as tar:
            for program in PROGRAMS:  # by name: no path in the archive is trusted
                data = tar.extractfile(f"pulumi/{program}")
                (folder / program).write_bytes(data.read() if data else b"")
                (folder / program).chmod(0o755)
    except (tarfile.TarError, EOFError, OSError, KeyError) as error:
        raise Unavailable(f"{name} has another layout than expected: {error}") from error
