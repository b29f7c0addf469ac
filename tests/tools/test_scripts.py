"""What every command of the Makefile begins with, and what finds or installs the rest.

Silent work where all is there or may be installed, clear words elsewhere.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.contract import PROJECT
from tests.processes import run

LOCKS = ("requirements.lock", "tools/pip.lock")
NEEDED = ("bash", "cat", "chmod", "dirname", "env", "mkdir", "mktemp", "rm", "sort", "tail", "tee")
APT = """
echo "$*" >> "$0.log"
[[ $* == *install* ]] || exit 0
[[ -f $0.update-first && $(cat "$0.log") != *update* ]] && { echo "no such package" >&2; exit 100; }
make() { mkdir -p "${1%/*}" && printf '#!/bin/sh\\necho VL\\n' >"$1" && chmod +x "$1"; }
for name in "$@"; do
    case $name in
    chromium) make "${0%/*}/chromium" ;;
    fonts-vlgothic) make "${0%/*}/fc-list" ;;
    postgresql) for one in initdb postgres psql; do make "$DEBIAN_POSTGRESQL/15/bin/$one"; done ;;
    esac
done
"""


class Machine:
    """A machine that has only what a test puts on its PATH, and a checkout with an environment.

    `postgres` and `etc` are Debian's. A uv writes down what it is told.
    """

    def __init__(self, folder: Path) -> None:
        self.bin, self.postgres, self.etc = (folder / one for one in ("bin", "pg", "etc"))
        self.checkout, self._told = folder / "checkout", folder / "told"
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        # Who is not root is let through by the same stand-in that asks nothing.
        self.has("sudo", 'shift\n"$@"')
        self.has("apt-get", APT)
        self.has("uv", f'[ "$1" = --version ] || echo "$*" >>{self._told}')
        for name in ("environment", "node-packages", "node/package-lock.json", "pip.lock"):
            self.copies(f"tools/{name}")
        self.copies("requirements.lock")
        (self.checkout / ".venv/bin").mkdir(parents=True)
        (self.checkout / ".venv/lib/python3/site-packages").mkdir(parents=True)
        (self.checkout / ".venv/bin/python").symlink_to(sys.executable)

    def copies(self, name: str) -> None:
        (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, self.checkout / name)

    def has(self, name: str, script: str, folder: Path | None = None) -> None:
        """A program, below `bin` or elsewhere."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, script: Path, *options: str, path: str = "") -> subprocess.CompletedProcess[str]:
        own = {"DEBIAN_POSTGRESQL": self.postgres, "POSTGRESQL_COMMON_SYSCONFDIR": self.etc}
        environ = {"PATH": f"{self.bin}{path}", "CI": "true", **{k: str(v) for k, v in own.items()}}
        return run(script, *options, cwd=self.checkout, env=environ)

    def finds(self, script: str, *options: str, status: int = 0) -> tuple[str, str]:
        """What tools/browser or tools/postgres prints, and what it says."""
        ended = self.run(PROJECT / "tools" / script, *options)
        assert ended.returncode == status, ended.stderr
        return ended.stdout.strip(), ended.stderr

    def prepares(self, script: str) -> subprocess.CompletedProcess[str]:
        """What the checkout's own script does, with all that this machine has behind `bin`."""
        return self.run(self.checkout / "tools" / script, path=f":{os.environ['PATH']}")

    def told(self) -> list[str]:
        """What uv was told since the last time."""
        said = self._told.read_text(encoding="utf-8").splitlines() if self._told.exists() else []
        self._told.unlink(missing_ok=True)
        return said

    @property
    def installed(self) -> str:
        """What apt-get was called with; empty when it never was."""
        log = self.bin / "apt-get.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- tools/environment, tools/node-packages ------------------------------------------------------


def test_packages_are_checked_by_hash_and_installed_again_when_a_lock_changes(
    machine: Machine,
) -> None:
    assert machine.prepares("environment").returncode == 0
    (sync,) = machine.told()
    assert sync.startswith("pip sync ")
    assert f" --require-hashes {' '.join(LOCKS)}" in sync
    assert (machine.prepares("environment").stdout, machine.told()) == ("", []), "a warm start"
    for lock in LOCKS:
        with (machine.checkout / lock).open("a", encoding="utf-8") as file:
            file.write("# another\n")
        machine.prepares("environment")
        assert len(machine.told()) == 1


def test_an_installation_that_failed_is_told_and_tried_again(machine: Machine) -> None:
    machine.prepares("environment")
    (machine.checkout / LOCKS[0]).write_text("another==1\n", encoding="utf-8")
    # uv on PATH answers for its version, and then does not install.
    machine.has("uv", '[ "$1" = --version ]')
    for _ in range(2):
        failed = machine.prepares("environment")
        assert failed.returncode == 1
        assert "error: the locked packages could not be installed" in failed.stderr
        assert "fix: check the network" in failed.stderr


@pytest.mark.parametrize(
    ("version", "good"), [("v18.0.0", True), ("v22.1.0", True), ("v17.9.1", False), ("", False)]
)
def test_a_node_that_is_too_old_or_none_is_told_with_what_to_do(
    machine: Machine, version: str, good: bool
) -> None:
    machine.has("node", f"echo {version}" if version else "exit 127")
    machine.has("npm", "mkdir -p node_modules")
    said = machine.prepares("node-packages")
    assert (said.returncode == 0) is good
    assert ("fix: install Node" in said.stderr) is not good


def test_coverage_is_counted_by_a_python_that_loses_no_line(machine: Machine) -> None:
    machine.copies("tools/coverage")
    (machine.checkout / ".venv/bin/python").unlink()
    machine.has("python", "exit 1", machine.checkout / ".venv/bin")  # it is 3.11
    script = machine.checkout / "tools" / "coverage"
    refused = machine.run(script)
    assert (refused.returncode, machine.told()) == (1, [])
    assert "fix: install Python 3.12 or newer" in refused.stderr
    machine.has("python3.13", "")
    machine.run(script)
    assert machine.told()[0].endswith("/python3.13 build/coverage-python")


# --- tools/browser, tools/postgres ---------------------------------------------------------------


def test_what_is_there_is_found_without_a_word(machine: Machine) -> None:
    machine.has("chromium", "")
    machine.has("fc-list", "echo 'VL Gothic'")
    assert machine.finds("browser") == (str(machine.bin / "chromium"), "")
    for version in ("9.6", "15", "17"):  # the newest one
        newest = machine.postgres / version / "bin"
        for name in ("initdb", "postgres", "psql"):
            machine.has(name, "", newest)
    assert machine.finds("postgres") == (str(newest), "")
    assert machine.installed == ""


def test_only_what_is_missing_is_installed_and_postgres_starts_no_server(machine: Machine) -> None:
    machine.has("google-chrome", "")
    assert machine.finds("browser")[0] == str(machine.bin / "google-chrome")
    assert "fonts-vlgothic" in machine.installed
    assert "chromium" not in machine.installed
    assert machine.finds("postgres")[0] == str(machine.postgres / "15" / "bin")
    told = machine.etc / "createcluster.d" / "phonemfa.conf"
    assert told.read_text(encoding="utf-8") == "create_main_cluster = false\n"


def test_an_old_package_list_is_brought_up_to_date_and_a_failure_says_why(machine: Machine) -> None:
    (machine.bin / "apt-get.update-first").touch()
    machine.finds("browser")
    assert "update" in machine.installed
    (machine.bin / "chromium").unlink()
    machine.has("apt-get", "echo 'E: no network' >&2\nexit 100")
    assert "E: no network" in machine.finds("browser", status=1)[1]


@pytest.mark.parametrize("options", [("--find",), ()])
@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("browser", "missing: chromium fonts-vlgothic"),
        ("browser", "fix: install Chromium and a Japanese font"),
        ("postgres", "fix: install PostgreSQL"),
    ],
)
def test_nothing_is_installed_where_nobody_asked_for_it(
    machine: Machine, script: str, says: str, options: tuple[str, ...]
) -> None:
    # --find never installs; without it there is nothing to install with.
    if not options:
        (machine.bin / "apt-get").unlink()
    assert says in machine.finds(script, *options, status=1)[1]
    assert machine.installed == ""
    assert not machine.etc.exists()


# --- make check ----------------------------------------------------------------------------------


def test_every_check_is_a_hook_and_every_hook_a_check() -> None:
    config = yaml.safe_load((PROJECT / "tools" / "pre-commit.yaml").read_text(encoding="utf-8"))
    hooks = [one["entry"] for repository in config["repos"] for one in repository["hooks"]]
    dry = run("make", "--no-print-directory", "--dry-run", "check", cwd=PROJECT).stdout
    prepared = {"tools/environment", "tools/node-packages"}
    assert [line for line in dry.splitlines() if line not in prepared] == hooks
