"""tools/browser and tools/postgres: silent work where they may install, clear words elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contract import PROJECT

NEEDED = ("bash", "cat", "chmod", "env", "mkdir", "mktemp", "rm", "sort", "tail", "tee")
# Who is not root is let through by the same stand-in that asks nothing.
SUDO = '#!/usr/bin/env bash\nshift\n"$@"\n'
APT = """#!/usr/bin/env bash
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
CHROMIUM = {"chromium": "#!/bin/sh\n", "fc_list": "#!/bin/sh\necho 'VL Gothic'\n"}


class Machine:
    """A machine that has only what a test puts on its PATH; `postgres` and `etc` are Debian's."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.postgres, self.etc = (folder / one for one in ("bin", "pg", "etc"))
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(str(shutil.which(name)))

    def has(self, **programs: str) -> None:
        for name, text in programs.items():
            path = self.bin / name.replace("_", "-")
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)

    def run(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": str(self.bin), "CI": "true", "DEBIAN_POSTGRESQL": str(self.postgres)}
        environ["POSTGRESQL_COMMON_SYSCONFDIR"] = str(self.etc)
        command = [str(PROJECT / "tools" / script), *options]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    @property
    def installed(self) -> str:
        """What apt-get was called with; empty when it never was."""
        log = self.bin / "apt-get.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.has(sudo=SUDO, apt_get=APT)
    return made


def test_a_browser_that_is_there_is_found_without_a_word(machine: Machine) -> None:
    machine.has(**CHROMIUM)
    found = machine.run("browser")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.strip() == str(machine.bin / "chromium")
    assert machine.installed == ""


def test_the_newest_postgres_that_is_there_is_found_without_a_word(machine: Machine) -> None:
    for version in ("9.6", "15", "17"):
        newest = machine.postgres / version / "bin"
        newest.mkdir(parents=True)
        for name in ("initdb", "postgres", "psql"):
            (newest / name).write_text("#!/bin/sh\n")
            (newest / name).chmod(0o755)
    found = machine.run("postgres")
    assert (found.returncode, found.stdout.strip(), found.stderr) == (0, str(newest), "")
    assert machine.installed == ""


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    machine.has(google_chrome=CHROMIUM["chromium"])
    found = machine.run("browser")
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(machine.bin / "google-chrome")
    assert "fonts-vlgothic" in machine.installed
    assert "chromium" not in machine.installed


def test_an_installation_of_postgres_is_told_not_to_start_a_server(machine: Machine) -> None:
    found = machine.run("postgres")
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(machine.postgres / "15" / "bin")
    told = machine.etc / "createcluster.d" / "phonemfa.conf"
    assert told.read_text(encoding="utf-8") == "create_main_cluster = false\n"


def test_an_old_package_list_is_brought_up_to_date(machine: Machine) -> None:
    (machine.bin / "apt-get.update-first").touch()
    found = machine.run("browser")
    assert found.returncode == 0, found.stderr
    assert "update" in machine.installed


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
    refused = machine.run(script, *options)
    assert refused.returncode == 1
    assert says in refused.stderr
    assert machine.installed == ""
    assert not machine.etc.exists()


def test_a_failure_says_why(machine: Machine) -> None:
    machine.has(apt_get="#!/usr/bin/env bash\necho 'E: no network' >&2\nexit 100\n")
    refused = machine.run("browser")
    assert refused.returncode == 1
    assert "E: no network" in refused.stderr
