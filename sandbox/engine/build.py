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
from pathlib import Path
from typing import Final

from sandbox.engine.versions import CLI_VERSION, MINIMUM_CLI
from sandbox.machine.errors import EngineError
from sandbox.machine.processes import output_of
from sandbox.machine.progress import Progress, elapsed, run_watched

MODULES: Final = Path(__file__).resolve().parent / "modules"
_SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
_PACKAGES: Final = {
    "cli": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    "python-host": f"{_SDK}/python/cmd/pulumi-language-python",
}
"""What is built, by the folder of its module."""
_LINKER: Final = {
    "cli": f"-s -w -X {_SDK}/go/common/version.Version=v{CLI_VERSION}",
    "python-host": "-s -w",
}


def build_key() -> str:
    """Changes whenever what would be built changes: module files or linker settings."""
    digest = hashlib.sha256()
    for folder, package in _PACKAGES.items():
        for name in ("go.mod", "go.sum"):
            digest.update((MODULES / folder / name).read_bytes())
        digest.update(f"{package} {_LINKER[folder]}".encode())
    return digest.hexdigest()[:16]


def ways_to_an_engine() -> str:
    """What a person can do who has none."""
    go = re.search(r"^go (\S+)$", (MODULES / "cli" / "go.mod").read_text(), re.MULTILINE)
    needed = go[1] if go else "the newest"
    return (
        f"Either install Pulumi {MINIMUM_CLI} or newer (below 4) so that it is on PATH. Or install "
        f"Go {needed} or newer (https://go.dev/dl/) and run the command again: it builds Pulumi "
        f"{CLI_VERSION} once, in a few minutes, with about 3 GB of disk and the modules that Go "
        "fetches from where `go env GOPROXY` says."
    )


def build_engine(folder: Path, progress: Progress, environ: Mapping[str, str]) -> None:
    """Build the engine's programs into `folder`. Minutes on a first run.

    Raises:
        EngineError: there is no Go, or the build failed: what Go said, a too old one as well.
    """
    go = shutil.which("go", path=environ.get("PATH", ""))
    if go is None:
        raise EngineError(
            "There is no Pulumi engine: no suitable `pulumi` is on PATH, the official release "
            "cannot be downloaded from here, and there is no Go to build it with.",
            ways_to_an_engine(),
        )
    # Flags of the user's own (-mod=mod, a workspace) would change what is built.
    env = dict(environ) | {"GOFLAGS": "", "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}
    env["GOTMPDIR"] = str(folder / "work")
    (folder / "work").mkdir(exist_ok=True)
    for module in _PACKAGES:
        _build(go, module, folder, env, progress)
    asked = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _SDK]
    name = "pulumi-language-python-exec"
    source = Path((output_of(*asked, cwd=MODULES / "cli", env=env) or "").strip())
    try:
        shutil.copyfile(source / "python" / "cmd" / name, folder / name)
    except OSError as error:
        problem = f"{name} is not in the Go module {_SDK}: {error}"
        raise EngineError(problem, "Run `go clean -modcache` and try again.") from error
    (folder / name).chmod(0o755)


def _build(go: str, module: str, folder: Path, env: Mapping[str, str], progress: Progress) -> None:
    package = _PACKAGES[module]
    program = package.rpartition("/")[2]
    begun = time.monotonic()
    said: list[str] = []  # a line for each module that is fetched and package that is compiled

    def spent() -> str:
        return f"{len(said)} steps, {elapsed(time.monotonic() - begun)}"

    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-v"]
    command += ["-ldflags", _LINKER[module], "-o", str(folder / program), package]
    ended = run_watched(
        command,
        cwd=MODULES / module,
        env=env,
        on_line=said.append,
        on_wait=lambda: progress.tick(f"building {program}: {spent()}"),
    )
    if ended.status != 0:
        problem = f"Go could not build {program} (exit status {ended.status}):\n{ended.tail}"
        raise EngineError(problem, ways_to_an_engine())
    progress.step(f"engine: built {program} ({spent()})")
