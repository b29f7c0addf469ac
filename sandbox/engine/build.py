"""Builds the Pulumi CLI and the Python language host from their Go modules.

Owns the two committed modules under `modules/` (each with a complete go.sum, so that Go checks
every source file against a sum and never changes the module: `-mod=readonly`), the check of the
Go toolchain, and the progress of a build that takes minutes. Refuses to choose between building
and downloading, and to know where the result is kept.

Facts (measured; ../../docs/decisions/engine.md): the CLI repeats one `replace` of Pulumi's own
module; the last language host inside the public sdk module is v3.79.0 and runs under this CLI;
`pulumi-language-python-exec` is a Python file in the sdk module of the CLI's version.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.cache import PROGRAMS
from sandbox.engine.versions import CLI_VERSION, MINIMUM_CLI, Version
from sandbox.machine.errors import EngineError
from sandbox.machine.progress import Progress, elapsed
from sandbox.machine.watched import run_watched

MODULES = Path(__file__).resolve().parent / "modules"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_VERSION_SETTING = f"-X {_SDK}/go/common/version.Version=v{CLI_VERSION}"
_FIRST_GO_THAT_FETCHES_TOOLCHAINS = Version(1, 21, 0)


@dataclass(frozen=True)
class _Module:
    folder: str
    package: str
    program: str
    says: str
    linker_settings: str


_CLI = _Module(
    folder="cli",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    program="pulumi",
    says=f"the Pulumi CLI {CLI_VERSION}",
    linker_settings=f"-s -w {_VERSION_SETTING}",
)
_PYTHON_HOST = _Module(
    folder="python-host",
    package=f"{_SDK}/python/cmd/pulumi-language-python",
    program="pulumi-language-python",
    says="Pulumi's Python language host",
    linker_settings="-s -w",
)


def build_key() -> str:
    """Changes whenever what would be built changes: module files or linker settings."""
    digest = hashlib.sha256()
    for module in (_CLI, _PYTHON_HOST):
        for name in ("go.mod", "go.sum"):
            digest.update((MODULES / module.folder / name).read_bytes())
        digest.update(f"{module.package} {module.linker_settings}".encode())
    return digest.hexdigest()[:16]


def required_go() -> Version:
    """The newest Go version that one of the modules asks for."""
    versions = []
    for module in (_CLI, _PYTHON_HOST):
        text = (MODULES / module.folder / "go.mod").read_text()
        found = re.search(r"^go (\S+)$", text, re.MULTILINE)
        version = Version.find_in(found.group(1)) if found else None
        if version is not None:
            versions.append(version)
    return max(versions)


def build_engine(folder: Path, progress: Progress, environ: Mapping[str, str]) -> None:
    """Build `PROGRAMS` into `folder`. Minutes on a first run; Go's own caches make it shorter.

    Raises:
        EngineError: no Go, a Go that is too old, or a build that failed.
    """
    go = _usable_go(environ)
    # Flags of the user's own (-mod=mod, a workspace) would change what is built. Temporary files
    # go into `folder`, where those of a killed build are cleaned up with the rest.
    work = folder / "go-tmp"
    work.mkdir()
    env = dict(environ) | {
        "GOFLAGS": "",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "CGO_ENABLED": "0",
        "GOTMPDIR": str(work),
    }
    for module in (_CLI, _PYTHON_HOST):
        _build(go, module, folder, env, progress)
    _copy_exec(go, folder, env)
    missing = [program for program in PROGRAMS if not os.access(folder / program, os.X_OK)]
    if missing:
        raise EngineError(
            f"The build ended without {', '.join(missing)}.", f"Run it again, or {_USE_INSTALLED}"
        )


def _build(
    go: Path, module: _Module, folder: Path, env: Mapping[str, str], progress: Progress
) -> None:
    begun = time.monotonic()
    fetched = 0
    packages: set[str] = set()

    def note_module(line: str) -> None:
        nonlocal fetched
        if line.startswith("go: downloading"):
            fetched += 1
        elif line and not line.startswith("go: ") and " " not in line:
            packages.add(line)

    def say_modules() -> None:
        spent = elapsed(time.monotonic() - begun)
        progress.tick(f"fetching Go modules for {module.says}: {fetched} so far, {spent}")

    listing = ["list", "-mod=readonly", "-deps", "-f", "{{.ImportPath}}", module.package]
    _go(module, [str(go), *listing], env, on_line=note_module, on_wait=say_modules)

    compiled = 0

    def note_package(line: str) -> None:
        nonlocal compiled
        if line in packages:
            compiled += 1

    def say_packages() -> None:
        # Packages that Go has in its cache are not named, so the count need not reach the total.
        progress.tick(
            f"building {module.says}: {compiled} packages compiled (at most {len(packages)}), "
            f"{elapsed(time.monotonic() - begun)}"
        )

    arguments = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-v"]
    arguments += ["-ldflags", module.linker_settings, "-o", str(folder / module.program)]
    command = [str(go), "build", *arguments, module.package]
    _go(module, command, env, on_line=note_package, on_wait=say_packages)
    spent = elapsed(time.monotonic() - begun)
    progress.step(f"engine: built {module.says} in {spent} ({compiled} packages compiled)")


def _go(
    module: _Module,
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    on_line: Callable[[str], None],
    on_wait: Callable[[], None],
) -> None:
    where = MODULES / module.folder
    ended = run_watched(argv, cwd=where, env=env, on_line=on_line, on_wait=on_wait)
    if ended.status != 0:
        raise EngineError(
            f"Go could not build {module.says} (exit status {ended.status}):\n{ended.tail}",
            "If it could not fetch modules: check `go env GOPROXY` and the network. If the disk "
            f"is full: about 3 GB are needed for Go's caches. Or {_USE_INSTALLED}",
        )


def _copy_exec(go: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Copy the language host's Python half out of the sdk module that the CLI build fetched."""
    listed = subprocess.run(
        [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _SDK],
        cwd=MODULES / _CLI.folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    name = "pulumi-language-python-exec"
    source = Path(listed.stdout.strip()) / "python" / "cmd" / name
    if listed.returncode != 0 or not source.is_file():
        raise EngineError(
            f"{name} is not in the Go module {_SDK}: {listed.stderr.strip()}",
            f"Run `go clean -modcache` and try again, or {_USE_INSTALLED}",
        )
    shutil.copyfile(source, folder / name)
    (folder / name).chmod(0o755)


_USE_INSTALLED = f"install Pulumi {MINIMUM_CLI} or newer (below 4) so that `pulumi` is on PATH."


def _usable_go(environ: Mapping[str, str]) -> Path:
    """The `go` on PATH, if its version (or one it may fetch itself) can build the modules."""
    needed = required_go()
    both_ways = (
        f"Either install Go {needed} or newer (https://go.dev/dl/) and run the command again: it "
        f"builds Pulumi {CLI_VERSION} once, in a few minutes. Or {_USE_INSTALLED}"
    )
    found = shutil.which("go", path=environ.get("PATH", ""))
    if found is None:
        raise EngineError(
            "There is no Pulumi engine: no suitable `pulumi` is on PATH, the official release "
            "cannot be downloaded from here, and there is no Go to build it with.",
            both_ways,
        )
    go = Path(found)
    version = Version.find_in(
        _first_line(go, ["version"], dict(environ) | {"GOTOOLCHAIN": "local"})
    )
    if version is None:
        raise EngineError(f"{go} does not tell its version.", both_ways)
    if version >= needed:
        return go
    toolchain = _first_line(go, ["env", "GOTOOLCHAIN"], environ)
    fetches = version >= _FIRST_GO_THAT_FETCHES_TOOLCHAINS and not toolchain.startswith("local")
    if fetches:
        return go
    reason = " and GOTOOLCHAIN=local forbids it to fetch a newer one" if toolchain else ""
    raise EngineError(
        f"{go} is Go {version}; building the Pulumi engine needs Go {needed} or newer{reason}.",
        both_ways,
    )


def _first_line(go: Path, arguments: list[str], environ: Mapping[str, str]) -> str:
    try:
        asked = subprocess.run(
            [go, *arguments],
            cwd=MODULES.parent,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (asked.stdout.splitlines() or [""])[0]
