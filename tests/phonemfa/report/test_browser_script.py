"""tools/browser: silent work where it may install, clear words where it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machines import Machine

APT = """#!/usr/bin/env bash
echo "$*" >> "$0.log"
[[ $* == *install* ]] || exit 0
[[ -f $0.update-first && $(cat "$0.log") != *update* ]] && { echo "no such package" >&2; exit 100; }
for name in "$@"; do
    case $name in
    chromium) made=chromium ;;
    fonts-vlgothic) made=fc-list ;;
    *) continue ;;
    esac
    printf '#!/bin/sh\\necho VL\\n' > "${0%/*}/$made"
    chmod +x "${0%/*}/$made"
done
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine.at(tmp_path)


FOUND = {"chromium": "#!/bin/sh\n", "fc-list": "#!/bin/sh\necho 'VL Gothic'\n"}


def test_what_is_there_is_found_without_a_word(machine: Machine) -> None:
    found = machine.run("browser", has={**FOUND, "apt-get": APT})
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.strip() == str(machine.bin / "chromium")
    assert machine.log_of("apt-get") == ""


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    chrome = {"google-chrome": FOUND["chromium"], "apt-get": APT}
    found = machine.run("browser", has=chrome)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(machine.bin / "google-chrome")
    log = machine.log_of("apt-get")
    assert "fonts-vlgothic" in log
    assert "chromium" not in log


def test_an_old_package_list_is_brought_up_to_date(machine: Machine) -> None:
    (machine.bin / "apt-get.update-first").touch()
    found = machine.run("browser", has={"apt-get": APT})
    assert found.returncode == 0, found.stderr
    assert "update" in machine.log_of("apt-get")


@pytest.mark.parametrize("options", [("--find",), ()])
def test_nothing_is_installed_where_nobody_asked_for_it(
    machine: Machine, options: tuple[str, ...]
) -> None:
    # --find never installs; without it there is nothing to install with.
    has = {"apt-get": APT} if options else {}
    refused = machine.run("browser", *options, has=has)
    assert refused.returncode == 1
    assert "missing: chromium fonts-vlgothic" in refused.stderr
    assert "fix: install Chromium and a Japanese font" in refused.stderr
    assert machine.log_of("apt-get") == ""


def test_a_failure_says_why(machine: Machine) -> None:
    broken = "#!/usr/bin/env bash\necho 'E: no network' >&2\nexit 100\n"
    refused = machine.run("browser", has={"apt-get": broken})
    assert refused.returncode == 1
    assert "E: no network" in refused.stderr
