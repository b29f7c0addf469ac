"""The Pulumi engine: a suitable one on PATH, else one of the user's cache, which is filled first.

The cache gets the official release, or what is built from two committed Go modules where that
cannot be had. They have complete go.sum files, so that Go checks every source file and never
changes the module (`-mod=readonly`); facts are in ../../docs/decisions/engine.md.

<user cache>/phonemfa/engine/        $PHONEMFA_CACHE_DIR/engine where that is set
.lock                                held while something is made
.making-xxxx/                        what is being made
<version>-<os>-<arch>-<key>/         an engine; the key is of what it would be built from
plugin-home/, no-pulumi-resource-…   of the auth0 plugin (`plugin`)
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs
from packaging.version import InvalidVersion, Version

from sandbox.engine.download import PROCESSOR, SYSTEM, Unavailable, fetch
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import turn
from sandbox.machine.progress import Progress, elapsed, run_watched

CLI_VERSION: Final = "3.259.0"
"""The Pulumi CLI that is downloaded or built when none is installed."""
MINIMUM_CLI: Final = Version("3.259.0")
BELOW: Final = Version("4.dev0")

CACHE_VARIABLE: Final = "PHONEMFA_CACHE_DIR"
RELEASE: Final = (
    f"https://github.com/pulumi/pulumi/releases/download/v{CLI_VERSION}/"
    f"pulumi-v{CLI_VERSION}-{SYSTEM}-{PROCESSOR.replace('amd64', 'x64')}.tar.gz"
)
_PROGRAMS: Final = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
MODULES: Final = Path(__file__).resolve().parent / "modules"
_SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
_BUILDS: Final = {
    "cli": (
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        f"-s -w -X {_SDK}/go/common/version.Version=v{CLI_VERSION}",
    ),
    "python-host": (f"{_SDK}/python/cmd/pulumi-language-python", "-s -w"),
}
"""What is built with which linker flags, by the folder of its module."""
GO: Final = "1.25.11"
WAYS: Final = (
    f"Either install Pulumi {MINIMUM_CLI} or newer (below 4) so that it is on PATH. Or install Go "
    f"{GO} or newer (https://go.dev/dl/) and run the command again: it builds Pulumi {CLI_VERSION} "
    "once, in a few minutes, with about 3 GB of disk and the modules that Go fetches from where "
    "`go env GOPROXY` says."
)
"""What a person can do who has no engine."""


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI that has its Python language host, ready to run."""

    pulumi: Path
    version: str

    def describe(self) -> str:
        return f"engine: pulumi {self.version} ({self.pulumi})"

    def quietly(
        self,
        *words: str,
        cwd: Path,
        environment: Mapping[str, str],
        stdin: str = "",
        unless: str | None = None,
    ) -> str | None:
        """What `pulumi <words>` printed; None where it failed with the words of `unless`."""
        ended = subprocess.run(
            [self.pulumi, *words, "--non-interactive"],
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
        said = f"(exit status {ended.returncode}): {ended.stderr.strip()}"
        raise SandboxError(f"`pulumi {' '.join(words[:2])}` failed {said}", fix)


def version_in(text: str | None) -> Version | None:
    """The first version in what a program prints (`v3.259.0`, `3.260.0-alpha.1`), or None."""
    for word in (text or "").split():
        with suppress(InvalidVersion):
            return Version(word)
    return None


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the engine and the official plugin are kept for every checkout of this user."""
    return Path(environ.get(CACHE_VARIABLE) or platformdirs.user_cache_path("phonemfa")) / "engine"


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A folder to put programs into, with room for scratch beside: `folder` when the block ends.

    Whoever makes something holds the cache's lock: what is there was left by one who was killed.
    """
    for left in folder.parent.glob(".making-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as scratch:
        making = Path(scratch) / "made"
        making.mkdir()
        yield making
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or it would be used
        making.rename(folder)


def ensure_engine(progress: Progress, *, environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine to use; where there is none, one process makes it and others wait."""
    if found := _on_path(environ, progress):
        return found
    target = f"{CLI_VERSION}-{SYSTEM}-{platform.machine().lower()}-{build_key()}"
    folder = cache_folder(environ) / target
    programs = [folder / one for one in _PROGRAMS]
    says = "another process that prepares the engine"
    with turn(folder.parent / ".lock", progress, waiting_for=says):
        if not all(os.access(one, os.X_OK) and one.stat().st_size for one in programs):
            with made_whole(folder) as making:
                _make(making, progress, environ)
    return Engine(programs[0], CLI_VERSION)


def programs_on(path: str, program: str) -> Iterator[Path]:
    """Every file called `program` on `path` that can be run, in that order."""
    for folder in dict.fromkeys(path.split(os.pathsep)):
        found = shutil.which(program, path=folder) if folder else None
        if found:
            yield Path(found)


def ask(program: Path, question: str, *, environ: Mapping[str, str]) -> str | None:
    """What `program` prints; None when it fails. Asking leaves no trace in the user's home."""
    env = {name: value for name, value in environ.items() if not name.startswith("PULUMI_")}
    with tempfile.TemporaryDirectory(prefix="phonemfa-ask-") as home:
        env |= {"PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        with suppress(OSError, subprocess.SubprocessError):
            return subprocess.check_output(
                [program, question],
                env=env,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=20,
            )
    return None


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


def _make(folder: Path, progress: Progress, environ: Mapping[str, str]) -> None:
    progress.tick(f"asking for the official release of Pulumi {CLI_VERSION}")
    try:
        fetch(RELEASE, [f"pulumi/{one}" for one in _PROGRAMS], folder, progress)
    except Unavailable as error:
        reason = str(error).splitlines()[0]
        progress.step(
            f"engine: the official release cannot be had here ({reason})\nengine: building Pulumi "
            f"{CLI_VERSION} from its Go modules, once (about four minutes on two cores)"
        )
        build_engine(folder, progress, environ)
    # Run once, so that a broken one never gets into the cache.
    says = ask(folder / "pulumi", "version", environ=environ)
    if version_in(says) != version_in(CLI_VERSION):
        raise SandboxError(f"The new Pulumi CLI says that its version is {says!r}.", WAYS)


def build_key() -> str:
    """Changes whenever what would be built changes: module files or linker settings."""
    digest = hashlib.sha256()
    for module, (package, linker) in _BUILDS.items():
        for name in ("go.mod", "go.sum"):
            digest.update((MODULES / module / name).read_bytes())
        digest.update(f"{package} {linker}".encode())
    return digest.hexdigest()[:16]


def build_engine(folder: Path, progress: Progress, environ: Mapping[str, str]) -> None:
    """Build the engine's programs into `folder`; a failure is told in Go's own words."""
    go = shutil.which("go", path=environ.get("PATH", ""))
    if go is None:
        raise SandboxError(
            "There is no Pulumi engine: no suitable `pulumi` is on PATH, the official release "
            "cannot be downloaded from here, and there is no Go to build it with.",
            WAYS,
        )
    # Flags of the user's own (-mod=mod, a workspace) would change what is built.
    env = dict(environ) | {"GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}
    env["GOTMPDIR"] = str(folder.parent)
    for module, (package, linker) in _BUILDS.items():
        program, begun = package.rpartition("/")[2], time.monotonic()
        flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", linker]
        status, said = run_watched(
            [go, "build", *flags, "-o", str(folder / program), package],
            cwd=MODULES / module,
            env=env,
            on_wait=lambda: progress.tick(
                f"building {program}: {elapsed(time.monotonic() - begun)}"  # noqa: B023 - runs now
            ),
        )
        if status != 0:
            last = "\n".join(said.splitlines()[-25:])
            problem = f"Go could not build {program} (exit status {status}):\n{last}"
            raise SandboxError(problem, WAYS)
        progress.step(f"engine: built {program} ({elapsed(time.monotonic() - begun)})")
    # A Python file of the CLI's sdk module, which lies whole and checked in Go's cache now.
    asked = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _SDK]
    sources = subprocess.check_output(asked, cwd=MODULES / "cli", env=env, text=True).strip()
    shutil.copy(Path(sources, "python", "cmd", _PROGRAMS[2]), folder)
    (folder / _PROGRAMS[2]).chmod(0o755)
