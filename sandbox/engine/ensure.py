"""The Pulumi engine: a suitable one on PATH, else one of the user's cache, which is filled first.

The cache gets the official release, or what is built from Go modules where that cannot be had:

<user cache>/phonemfa/engine/        $PHONEMFA_CACHE_DIR/engine where that is set
.lock                                held while something is made
.making-xxxx/                        what is being made
<version>-<os>-<arch>-<key>/         an engine; the key is of what it would be built from
plugin-home/, no-pulumi-resource-…   of the auth0 plugin (`plugin`)
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from sandbox.engine.build import build_engine, build_key, ways_to_an_engine
from sandbox.engine.download import LOCK, PROCESSOR, SYSTEM, Unavailable, fetch
from sandbox.engine.versions import BELOW, CLI_VERSION, MINIMUM_CLI, version_in
from sandbox.machine.errors import EngineError
from sandbox.machine.files import turn
from sandbox.machine.processes import output_of
from sandbox.machine.progress import Progress

CACHE_VARIABLE: Final = "PHONEMFA_CACHE_DIR"
RELEASES: Final = "https://github.com/pulumi/pulumi/releases/download"
RELEASE: Final = f"pulumi-v{CLI_VERSION}-{SYSTEM}-{PROCESSOR.replace('amd64', 'x64')}.tar.gz"
_PROGRAMS: Final = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI that has its Python language host, ready to run."""

    pulumi: Path
    version: str

    def describe(self) -> str:
        """One line for a person."""
        return f"engine: pulumi {self.version} ({self.pulumi})"

    def quietly(
        self,
        *words: str,
        cwd: Path,
        environment: Mapping[str, str],
        stdin: str = "",
        unless: str | None = None,
    ) -> str | None:
        """What `pulumi <words>` printed; None where it failed with the words of `unless`.

        Raises:
            EngineError: it failed.
        """
        ended = subprocess.run(
            [str(self.pulumi), *words, "--non-interactive"],
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode == 0:
            return ended.stdout
        if unless and unless in ended.stderr:
            return None
        fix = "Correct what it names and run the command again."
        if "passphrase" in ended.stderr:
            fix = (
                "The sandbox's passphrase does not fit its state. Start over with an empty "
                "sandbox: make down && make clean && make up"
            )
        raise EngineError(
            f"`pulumi {' '.join(words[:2])}` failed (exit status {ended.returncode}): "
            f"{ended.stderr.strip()}",
            fix,
        )


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the engine and the official plugin are kept for every checkout of this user."""
    root = environ.get(CACHE_VARIABLE) or platformdirs.user_cache_path("phonemfa")
    return Path(root) / "engine"


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A folder to put programs into, and scratch into its `work`: `folder` when the block ends.

    Whoever makes something holds the cache's lock: what is there was left by one who was killed.
    """
    for left in folder.parent.glob(".making-*"):
        shutil.rmtree(left, ignore_errors=True)
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    try:
        yield making
        shutil.rmtree(making / "work", ignore_errors=True)
        making.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or it would be used
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def ensure_engine(
    progress: Progress,
    *,
    environ: Mapping[str, str] | None = None,
    releases: str = RELEASES,
    lock: Path = LOCK,
) -> Engine:
    """The engine to use; downloads or builds one when there is none.

    Safe to call from several processes at once: one makes the engine, the others wait for it.

    `releases` is where official ones are, `lock` what downloads are held to.

    Raises:
        EngineError: it can neither be found, downloaded nor built, or the release is another one
            than it was, or than its version says.
    """
    environ = os.environ if environ is None else environ
    target = f"{SYSTEM}-{platform.machine().lower()}"
    folder = cache_folder(environ) / f"{CLI_VERSION}-{target}-{build_key()}"
    if found := _on_path(environ, progress) or _cached(folder):
        return found
    says = "another process that prepares the engine"
    with turn(folder.parent / ".lock", progress, waiting_for=says):
        # Another process may have made it while this one waited.
        if not (found := _cached(folder)):
            with made_whole(folder) as making:
                _make(making, progress, environ, releases, lock)
            found = Engine(folder / "pulumi", CLI_VERSION)
    return found


def programs_on(path: str, program: str) -> Iterator[Path]:
    """Every file called `program` on `path` that can be run, in that order."""
    for folder in dict.fromkeys(path.split(os.pathsep)):
        found = shutil.which(program, path=folder) if folder else None
        if found:
            yield Path(found)


def ask(program: Path, *arguments: str, environ: Mapping[str, str]) -> str | None:
    """What `program` prints, with a Pulumi home of our own: asking leaves no trace in the user's.

    None when it cannot be run, does not end or fails.
    """
    env = {name: value for name, value in environ.items() if not name.startswith("PULUMI_")}
    with tempfile.TemporaryDirectory(prefix="phonemfa-ask-") as home:
        env |= {"PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        return output_of(program, *arguments, env=env)


def _on_path(environ: Mapping[str, str], progress: Progress) -> Engine | None:
    """The first suitable `pulumi` on PATH; one that is not taken is named with the reason."""
    path = environ.get("PATH", "")
    for pulumi in programs_on(path, "pulumi"):
        version = version_in(ask(pulumi, "version", environ=environ))
        # An installed pulumi is often a link; its language hosts lie beside the file it points to.
        near = os.pathsep.join([str(pulumi.parent), str(pulumi.resolve().parent), path])
        missing = [one for one in _PROGRAMS if shutil.which(one, path=near) is None]
        if version is None:
            fault = "does not tell its version"
        elif not MINIMUM_CLI <= version < BELOW:
            fault = f"is {version}; at least {MINIMUM_CLI} and below 4 is needed"
        elif missing:
            fault = f"is {version}, but {' and '.join(missing)} is neither beside it nor on PATH"
        else:
            return Engine(pulumi, str(version))
        progress.step(f"engine: {pulumi} {fault}: not used")
    return None


def _cached(folder: Path) -> Engine | None:
    programs = [folder / one for one in _PROGRAMS]
    whole = all(os.access(one, os.X_OK) and one.stat().st_size for one in programs)
    return Engine(folder / "pulumi", CLI_VERSION) if whole else None


def _make(
    folder: Path, progress: Progress, environ: Mapping[str, str], releases: str, lock: Path
) -> None:
    progress.tick(f"asking for the official release of Pulumi {CLI_VERSION}")
    try:
        members = [f"pulumi/{one}" for one in _PROGRAMS]
        fetch(f"{releases}/v{CLI_VERSION}/{RELEASE}", members, folder, progress, lock=lock)
    except Unavailable as error:
        reason = str(error).splitlines()[0]
        progress.step(f"engine: the official release cannot be had here ({reason})")
        progress.step(
            f"engine: building Pulumi {CLI_VERSION} from its Go modules, once for this machine "
            "(about four minutes on two cores)"
        )
        build_engine(folder, progress, environ)
    # Run once, so that a broken one never gets into the cache.
    says = (ask(folder / "pulumi", "version", environ=environ) or "").strip()
    if version_in(says) != version_in(CLI_VERSION):
        raise EngineError(
            f"The new Pulumi CLI says {says!r} when it is asked for its version.",
            ways_to_an_engine(),
        )
