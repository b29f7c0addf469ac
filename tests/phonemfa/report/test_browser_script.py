"""scripts/browser: silent work where it may install, clear words where it may not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract import PROJECT

NEEDED = ("bash", "cat", "chmod", "env", "mktemp", "rm", "tail")

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

Machine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


@pytest.fixture
def machine(bin_folder: Path) -> Machine:
    """Runs the script on a machine that has only what a test gives it."""

    def run(*options: str, has: dict[str, str], **environ: str) -> subprocess.CompletedProcess[str]:
        # Who is not root is let through by the same stand-in that asks nothing.
        sudo = '#!/usr/bin/env bash\nshift\n"$@"\n'
        for name, text in {"sudo": sudo, **has}.items():
            path = bin_folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        return subprocess.run(
            [PROJECT / "scripts" / "browser", *options],
            env={"PATH": str(bin_folder), "CI": "true", **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


FOUND = {"chromium": "#!/bin/sh\n", "fc-list": "#!/bin/sh\necho 'VL Gothic'\n"}


def test_what_is_there_is_found_without_a_word(machine: Machine, bin_folder: Path) -> None:
    found = machine(has={**FOUND, "apt-get": APT})
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.strip() == str(bin_folder / "chromium")
    assert not (bin_folder / "apt-get.log").exists()


def test_only_what_is_missing_is_installed(machine: Machine, bin_folder: Path) -> None:
    chrome = {"google-chrome": FOUND["chromium"], "apt-get": APT}
    found = machine(has=chrome)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(bin_folder / "google-chrome")
    log = (bin_folder / "apt-get.log").read_text(encoding="utf-8")
    assert "fonts-vlgothic" in log
    assert "chromium" not in log


def test_an_old_package_list_is_brought_up_to_date(machine: Machine, bin_folder: Path) -> None:
    (bin_folder / "apt-get.update-first").touch()
    found = machine(has={"apt-get": APT})
    assert found.returncode == 0, found.stderr
    assert "update" in (bin_folder / "apt-get.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [("--find",), ()])
def test_nothing_is_installed_where_nobody_asked_for_it(
    machine: Machine, bin_folder: Path, options: tuple[str, ...]
) -> None:
    # --find never installs; without it there is nothing to install with.
    has = {"apt-get": APT} if options else {}
    refused = machine(*options, has=has)
    assert refused.returncode == 1
    assert "missing: chromium fonts-vlgothic" in refused.stderr
    assert "fix: install Chromium and a Japanese font" in refused.stderr
    assert not (bin_folder / "apt-get.log").exists()


def test_a_failure_says_why(machine: Machine) -> None:
    broken = "#!/usr/bin/env bash\necho 'E: no network' >&2\nexit 100\n"
    refused = machine(has={"apt-get": broken})
    assert refused.returncode == 1
    assert "E: no network" in refused.stderr
