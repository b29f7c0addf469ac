"""A command loads what it needs: its own package, and nothing of the others."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import typer

from phonemfa.cli import COMMANDS, app
from tests.contract import PROJECT

TELLING = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"


def started(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; {before}; from phonemfa.__main__ import main; sys.argv = {['', *arguments]}"
    )
    return subprocess.run(
        [sys.executable, "-c", f"{code}; main()"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def loaded_by(*arguments: str) -> set[str]:
    ended = started(TELLING, *arguments)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.split())


def packages(loaded: set[str]) -> set[str]:
    names = {name.replace("-", "_") for name in COMMANDS}
    return {found[1] for one in loaded if (found := re.match(r"phonemfa\.(\w+)", one))} & names


def test_a_command_imports_no_other_commands_package() -> None:
    assert packages(loaded_by("doctor", "--help")) == {"doctor"}


def test_breaking_the_glass_waits_neither_for_other_commands_nor_for_pulumi() -> None:
    loaded = loaded_by("break-glass", "--help")
    assert packages(loaded) == {"break_glass"}
    assert "pulumi" not in loaded


def test_a_completion_imports_what_it_offers_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("_PHONEMFA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "phonemfa br")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert packages(loaded_by()) == {"break_glass"}


def test_every_command_has_the_name_under_which_it_is_found() -> None:
    commands = typer.main.get_group(app).commands
    assert [one.name for one in commands.values()] == list(COMMANDS)
    assert "Did you mean 'drift'?" in started("pass", "driftt").stderr


def test_a_command_whose_packages_are_missing_says_what_to_install() -> None:
    ended = started("sys.modules['yaml'] = None", "report", "--help")
    assert ended.returncode == 1
    assert ended.stderr == "The command line needs yaml: pip install 'phonemfa[cli]'\n"
