"""The command line and the library: a command loads what it needs, and a name what it is.

What somebody else's program imports costs nothing until it is used; a shell completes commands.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import phonemfa
from phonemfa import library
from phonemfa.__main__ import main
from phonemfa.cli import COMMANDS, app
from tests.contract import PROJECT

TELLING = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
SCRIPT = PROJECT / "tools" / "phonemfa"


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


def test_every_name_of_the_library_is_the_packages_own() -> None:
    tree = ast.parse(Path(phonemfa.__file__).read_text(encoding="utf-8"))
    declared = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "phonemfa.library"
        for alias in node.names
    }
    assert {*declared, "__version__"} == set(phonemfa.__all__), "what a type checker sees"
    for name in declared:
        assert getattr(phonemfa, name) is getattr(library, name)
    assert set(phonemfa.__all__) <= set(dir(phonemfa)), "for completion in an editor"


def test_a_name_that_there_is_not_is_refused_like_any_modules() -> None:
    with pytest.raises(AttributeError, match=r"module 'phonemfa' has no attribute 'Phone'"):
        phonemfa.Phone  # type: ignore[attr-defined]  # noqa: B018


def test_without_its_packages_the_command_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "phonemfa.cli", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit, match=r"needs typer: pip install 'phonemfa\[cli\]'"):
        main()


def test_a_module_of_its_own_that_is_missing_is_no_missing_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "phonemfa.cli", None)
    with pytest.raises(ModuleNotFoundError):
        main()


def test_importing_the_package_loads_no_pulumi() -> None:
    code = "import sys, phonemfa; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("phonemfa ro", ["rollback", "rotate"]),
        ("phonemfa rollback --secrets ", ["current", "version"]),
    ],
)
def test_bash_is_offered_what_fits(words: str, offered: list[str], tmp_path: Path) -> None:
    asked = {
        "_PHONEMFA_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    ran = subprocess.run(
        [SCRIPT],
        cwd=tmp_path,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.split() == offered, ran.stderr


def test_the_script_for_a_shell_is_for_that_name() -> None:
    asked = os.environ | {"_PHONEMFA_COMPLETE": "source_bash"}
    ran = subprocess.run(
        [SCRIPT], env=asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout.rstrip().endswith("-F _phonemfa_completion phonemfa"), ran.stderr
