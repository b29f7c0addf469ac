"""Builds the Pulumi CLI and the Python language host from the two committed Go modules.

Each has a complete go.sum, so that Go checks every source file against a sum and never changes the
module (`-mod=readonly`). Facts (measured; ../../docs/decisions/engine.md): the CLI repeats one
`replace` of Pulumi's own module; the last language host inside the public sdk module is v3.79.0
and runs under this CLI; `pulumi-language-python-exec` is a Python file in the CLI's sdk module.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.versions import CLI_VERSION, MINIMUM_CLI, Version
from sandbox.machine.errors import EngineError
from sandbox.machine.processes import output_of
from sandbox.machine.progress import Progress, elapsed, run_watched

MODULES = Path(__file__).resolve().parent / "modules"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_FIRST_GO_THAT_FETCHES_TOOLCHAINS = Version(1, 21, 0)
_USE_INSTALLED = f"install Pulumi {MINIMUM_CLI} or newer (below 4) so that `pulumi` is on PATH."


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
    linker_settings=f"-s -w -X {_SDK}/go/common/version.Version=v{CLI_VERSION}",
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
    files = ((MODULES / module.folder / "go.mod").read_text() for module in (_CLI, _PYTHON_HOST))
    asked = (re.search(r"^go \S+$", text, re.MULTILINE) for text in files)
    return max(found for one in asked if one and (found := Version.find_in(one[0])))


def build_engine(folder: Path, progress: Progress, environ: Mapping[str, str]) -> None:
    """Build the engine's programs into `folder`. Minutes on a first run.

    Raises:
        EngineError: no Go, a Go that is too old, or a build that failed.
    """
    go = _usable_go(environ)
    # Flags of the user's own (-mod=mod, a workspace) would change what is built.
    env = dict(environ) | {"GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}
    env["GOTMPDIR"] = str(folder / "work")
    (folder / "work").mkdir(exist_ok=True)
    for module in (_CLI, _PYTHON_HOST):
        _build(go, module, folder, env, progress)
    asked = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _SDK]
    name = "pulumi-language-python-exec"
    source = Path((output_of(*asked, cwd=MODULES / _CLI.folder, env=env) or "").strip())
    try:
        shutil.copyfile(source / "python" / "cmd" / name, folder / name)
    except OSError as error:
        fix = f"Run `go clean -modcache` and try again, or {_USE_INSTALLED}"
        raise EngineError(f"{name} is not in the Go module {_SDK}: {error}", fix) from error
    (folder / name).chmod(0o755)


def _build(
    go: str, module: _Module, folder: Path, env: Mapping[str, str], progress: Progress
) -> None:
    begun = time.monotonic()
    fetched = compiled = 0

    def count(line: str) -> None:
        nonlocal fetched, compiled
        if line.startswith("go: downloading"):
            fetched += 1
        elif line and " " not in line:  # -v names each package that is compiled
            compiled += 1

    def say() -> None:
        spent = elapsed(time.monotonic() - begun)
        counted = f"{fetched} Go modules fetched, {compiled} packages compiled"
        progress.tick(f"building {module.says}: {counted}, {spent}")

    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-v"]
    command += ["-ldflags", module.linker_settings, "-o", str(folder / module.program)]
    command += [module.package]
    ended = run_watched(command, cwd=MODULES / module.folder, env=env, on_line=count, on_wait=say)
    if ended.status != 0:
        raise EngineError(
            f"Go could not build {module.says} (exit status {ended.status}):\n{ended.tail}",
            "If it could not fetch modules: check `go env GOPROXY` and the network. If the disk "
            f"is full: about 3 GB are needed for Go's caches. Or {_USE_INSTALLED}",
        )
    spent = elapsed(time.monotonic() - begun)
    progress.step(f"engine: built {module.says} in {spent} ({compiled} packages compiled)")


def _usable_go(environ: Mapping[str, str]) -> str:
    """The `go` on PATH, if its version (or one it may fetch itself) can build the modules."""
    needed = required_go()
    both_ways = (
        f"Either install Go {needed} or newer (https://go.dev/dl/) and run the command again: it "
        f"builds Pulumi {CLI_VERSION} once, in a few minutes. Or {_USE_INSTALLED}"
    )
    go = shutil.which("go", path=environ.get("PATH", ""))
    if go is None:
        raise EngineError(
            "There is no Pulumi engine: no suitable `pulumi` is on PATH, the official release "
            "cannot be downloaded from here, and there is no Go to build it with.",
            both_ways,
        )
    version = Version.find_in(output_of(go, "version", env={**environ, "GOTOOLCHAIN": "local"}))
    if version is None:
        raise EngineError(f"{go} does not tell its version.", both_ways)
    toolchain = (output_of(go, "env", "GOTOOLCHAIN", env=environ) or "").strip()
    fetches = version >= _FIRST_GO_THAT_FETCHES_TOOLCHAINS and not toolchain.startswith("local")
    if version < needed and not fetches:
        reason = f" (GOTOOLCHAIN is {toolchain})" if toolchain else ""
        raise EngineError(
            f"{go} is Go {version}{reason}; building the Pulumi engine needs Go {needed} or newer.",
            both_ways,
        )
    return go
