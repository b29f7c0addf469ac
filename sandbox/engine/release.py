"""The official release of the Pulumi CLI, held to its published sum and to tools/downloads.lock."""

from __future__ import annotations

import tarfile
from pathlib import Path

from sandbox.engine.cache import PROGRAMS
from sandbox.engine.download import LOCK, Unavailable, fetch, text_of, this_machine
from sandbox.engine.versions import CLI_VERSION
from sandbox.machine.progress import Progress

RELEASES = "https://github.com/pulumi/pulumi/releases/download"


def archive_name() -> str:
    """The release archive for this machine.

    Raises:
        Unavailable: nothing is released for it.
    """
    system, machine = this_machine()
    return f"pulumi-v{CLI_VERSION}-{system}-{machine.replace('amd64', 'x64')}.tar.gz"


def fetch_release(
    folder: Path, progress: Progress, *, releases: str = RELEASES, lock: Path = LOCK
) -> None:
    """Put the CLI and the Python language host of the official release into `folder`.

    Raises:
        Unavailable: no answer, no such file, or one without the programs.
        EngineError: an archive that differs from its published sum, or from what it was.
    """
    name, base = archive_name(), f"{releases}/v{CLI_VERSION}"
    archive = folder / "work" / "release.tar.gz"
    sums = [line.split() for line in text_of(f"{base}/SHA512SUMS").splitlines()]
    published = next((one[0] for one in sums if one[1:] == [name]), "none")
    fetch(f"{base}/{name}", archive, progress, lock=lock, published=published)
    try:
        with tarfile.open(archive) as tar:
            for program in PROGRAMS:  # by name: no path in the archive is trusted
                data = tar.extractfile(f"pulumi/{program}")
                (folder / program).write_bytes(data.read() if data else b"")
                (folder / program).chmod(0o755)
    except (tarfile.TarError, EOFError, OSError, KeyError) as error:
        raise Unavailable(f"{name} has another layout than expected: {error}") from error
