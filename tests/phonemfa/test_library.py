"""What somebody else's program imports is there, and costs nothing until it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import phonemfa
from phonemfa.__main__ import main
from tests.contract import PROJECT


def test_every_name_of_the_library_is_the_packages_own() -> None:
    tree = ast.parse(Path(phonemfa.__file__).read_text(encoding="utf-8"))
    declared = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("components.")
        for alias in node.names
    }
    assert {*declared, "__version__"} == set(phonemfa.__all__), "what a type checker sees"
    for name, module in declared.items():
        assert getattr(phonemfa, name) is getattr(import_module(f"{module}"), name)
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
