"""What import-linter does not see of the layers (pyproject.toml)."""

from __future__ import annotations

import ast
import tomllib

from tests.contract import PROJECT


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
