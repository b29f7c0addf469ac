"""tools/postgres: finds the server's programs, installs them without starting anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines import Machine

PROGRAMS = ("initdb", "postgres", "psql")

APT = """#!/usr/bin/env bash
echo "$*" >> "$0.log"
[[ $* == *install* ]] || exit 0
mkdir -p "$DEBIAN_POSTGRESQL/15/bin"
for name in initdb postgres psql; do
    printf '#!/bin/sh\\n' > "$DEBIAN_POSTGRESQL/15/bin/$name"
    chmod +x "$DEBIAN_POSTGRESQL/15/bin/$name"
done
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine.at(tmp_path)


@pytest.fixture
def debian(tmp_path: Path) -> dict[str, str]:
    """Folders that the script takes for Debian's."""
    return {
        "DEBIAN_POSTGRESQL": str(tmp_path / "postgresql"),
        "POSTGRESQL_COMMON_SYSCONFDIR": str(tmp_path / "etc"),
    }


def have(folder: Path) -> str:
    folder.mkdir(parents=True)
    for name in PROGRAMS:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_the_newest_version_is_found_without_a_word(
    machine: Machine, debian: dict[str, str]
) -> None:
    for version in ("9.6", "15", "17"):
        newest = have(Path(debian["DEBIAN_POSTGRESQL"]) / version / "bin")
    found = machine.run("postgres", has={"apt-get": APT}, **debian)
    assert (found.returncode, found.stdout.strip(), found.stderr) == (0, newest, "")
    assert machine.log_of("apt-get") == ""


def test_an_installation_is_told_not_to_start_a_server(
    machine: Machine, debian: dict[str, str]
) -> None:
    found = machine.run("postgres", has={"apt-get": APT}, **debian)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(Path(debian["DEBIAN_POSTGRESQL"]) / "15" / "bin")
    assert "install" in machine.log_of("apt-get")
    told = Path(debian["POSTGRESQL_COMMON_SYSCONFDIR"]) / "createcluster.d" / "phonemfa.conf"
    assert told.read_text(encoding="utf-8") == "create_main_cluster = false\n"


@pytest.mark.parametrize("options", [("--find",), ()])
def test_nothing_is_installed_where_nobody_asked_for_it(
    machine: Machine, debian: dict[str, str], options: tuple[str, ...]
) -> None:
    refused = machine.run("postgres", *options, has={"apt-get": APT} if options else {}, **debian)
    assert refused.returncode == 1
    assert "fix: install PostgreSQL" in refused.stderr
    assert machine.log_of("apt-get") == ""
    assert not Path(debian["POSTGRESQL_COMMON_SYSCONFDIR"]).exists()
