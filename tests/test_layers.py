"""What may import what: the product never imports the sandbox, rules never import HTTP."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import PROJECT

HTTP = {"starlette", "uvicorn", "httpx", "sandbox.api", "sandbox.server"}
FORBIDDEN = {
    "__main__.py": {"sandbox", "phonemfa", "bench", "tests"},
    "components": {"sandbox", "phonemfa", "bench", "tests"},
    "policy": {"sandbox", "phonemfa", "bench", "tests"},
    "phonemfa": {"sandbox", "bench", "tests"},
    "sandbox": {"bench", "tests"},
    # Only what a person types may use what an operator types.
    **{
        f"sandbox/{part}": {"phonemfa"} | (HTTP if part == "tenant" else set())
        for part in sorted(path.parent.name for path in (PROJECT / "sandbox").glob("*/__init__.py"))
        if part != "cli"
    },
}


def modules_of(place: str) -> list[Path]:
    path = PROJECT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("place", FORBIDDEN)
def test_nobody_imports_from_a_layer_above(place: str) -> None:
    modules = modules_of(place)
    assert modules
    wrong = {
        f"{module.relative_to(PROJECT)} imports {name}"
        for module in modules
        for name in imports_of(module)
        for layer in FORBIDDEN[place]
        if name == layer or name.startswith(f"{layer}.")
    }
    assert wrong == set()


def test_the_program_is_a_table_of_contents() -> None:
    assert len((PROJECT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 40
