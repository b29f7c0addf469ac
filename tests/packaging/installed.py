"""The package as somebody else installs it: its wheel, alone, in an environment of its own."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.contract import PROJECT
from tests.processes import run


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where its programs are."""
        return self.folder / "bin"

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, or any by its whole path, with nothing of this checkout seen."""
        variables = {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "HOME": str(cwd)}
        return run(self.bin / command[0], *command[1:], cwd=cwd, env=variables)


def build(folder: Path, *targets: str, project: Path = PROJECT) -> dict[str, Path]:
    """Distributions (`wheel`, `sdist`) of a checkout or of an unpacked one, by their suffix."""
    wanted = [option for one in targets for option in ("--target", one)]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *wanted, "--directory", str(folder)],
        cwd=project,
        capture_output=True,
        check=True,
    )
    return {path.suffix: path for path in folder.iterdir()}


def install(wheel: Path, folder: Path) -> Installed:
    """A wheel and what it depends on, in the versions that this checkout is tested with, and pip.

    Pulumi asks pip which plugins a program needs.
    """
    uv("venv", "--seed", "--python", sys.executable, str(folder))
    installed = Installed(folder)
    python = ["--python", str(installed.bin / "python")]
    constraint = ["--constraint", str(PROJECT / "requirements.lock")]
    uv("pip", "install", *python, *constraint, f"phonemfa @ {wheel.as_uri()}")
    return installed


def uv(*command: str) -> None:
    """Run uv, wherever it is: on PATH, or where tools/environment put it."""
    uv = shutil.which("uv") or str(PROJECT / "build" / "uv" / "bin" / "uv")
    subprocess.run([uv, "--quiet", "--no-config", *command], check=True)
