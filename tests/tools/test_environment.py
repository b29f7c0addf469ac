"""What every command of the Makefile begins with: packages as locked, and a Node that will do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import PROJECT

LOCKS = ("requirements.lock", "tools/pip.lock")


class Checkout:
    """A checkout with an environment that is there, and a uv that writes down what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._told = folder / "checkout", folder / "told"
        for name in (
            "tools/environment",
            "tools/node-packages",
            "tools/node/package-lock.json",
            *LOCKS,
        ):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, self.folder / name)
        (self.folder / ".venv/bin").mkdir(parents=True)
        (self.folder / ".venv/lib/python3/site-packages").mkdir(parents=True)
        (self.folder / ".venv/bin/python").symlink_to(sys.executable)
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.program("uv", f'[ "$1" = --version ] || echo "$*" >>{self._told}')

    def program(self, name: str, script: str) -> None:
        path = self._bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, script: str, **environ: str) -> subprocess.CompletedProcess[str]:
        path = f"{self._bin}:{os.environ['PATH']}"
        return subprocess.run(
            [self.folder / "tools" / script],
            env={**os.environ, "PATH": path, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self) -> list[str]:
        """What uv was told since the last time."""
        said = self._told.read_text(encoding="utf-8").splitlines() if self._told.exists() else []
        self._told.unlink(missing_ok=True)
        return said


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_packages_are_checked_by_hash_and_installed_again_when_a_lock_changes(
    checkout: Checkout,
) -> None:
    assert checkout.run("environment").returncode == 0
    (sync,) = checkout.told()
    assert sync.startswith("pip sync ")
    assert f" --require-hashes {' '.join(LOCKS)}" in sync
    assert (checkout.run("environment").stdout, checkout.told()) == ("", []), "a warm start"
    for lock in LOCKS:
        with (checkout.folder / lock).open("a", encoding="utf-8") as file:
            file.write("# another\n")
        checkout.run("environment")
        assert len(checkout.told()) == 1


def test_an_installation_that_failed_is_told_and_tried_again(checkout: Checkout) -> None:
    checkout.run("environment")
    (checkout.folder / LOCKS[0]).write_text("another==1\n", encoding="utf-8")
    # uv on PATH answers for its version, and then does not install.
    checkout.program("uv", '[ "$1" = --version ]')
    failed = checkout.run("environment")
    assert failed.returncode == 1
    assert "error: the locked packages could not be installed" in failed.stderr
    assert "fix: check the network" in failed.stderr
    assert checkout.run("environment").returncode == 1


@pytest.mark.parametrize(
    ("version", "good"), [("v18.0.0", True), ("v22.1.0", True), ("v17.9.1", False), ("", False)]
)
def test_a_node_that_is_too_old_or_none_is_told_with_what_to_do(
    checkout: Checkout, version: str, good: bool
) -> None:
    checkout.program("node", f"echo {version}" if version else "exit 127")
    checkout.program("npm", "mkdir -p node_modules")
    said = checkout.run("node-packages")
    assert (said.returncode == 0) is good
    assert ("fix: install Node" in said.stderr) is not good
