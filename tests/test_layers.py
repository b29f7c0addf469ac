"""What import-linter does not see of the layers, and how long a file may be (pyproject.toml)."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

from tests.contract import PROJECT

LONGEST = 420
"""Lines of a file of code: about 400 are what one person reads in one sitting."""

TABLES = {"tests/faults/table.py"}
"""Nothing but rows of data, which nobody reads from end to end."""

CODE = ("*.py", "*.js", "*.mjs", "*.cjs", "*.ts")


def test_the_program_imports_nothing_but_pulumi_and_what_is_declared() -> None:
    # It is no module of a package, so import-linter does not see it.
    text = (PROJECT / "__main__.py").read_text(encoding="utf-8")
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"pulumi", "components"}
    assert len(text.splitlines()) <= 40, "a table of contents"


def test_every_package_of_the_checkout_is_in_the_contracts() -> None:
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert set(config["tool"]["importlinter"]["root_packages"]) == packages


def test_no_file_of_code_is_longer_than_a_person_reads_at_once() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *CODE],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert len(listed) > 300
    sizes = {
        file: len((PROJECT / file).read_text(encoding="utf-8").splitlines())
        for file in listed
        if Path(PROJECT, file).exists()
    }
    assert {
        file: size for file, size in sizes.items() if size > LONGEST and file not in TABLES
    } == {}
