"""The tables of docs/sandbox.md, made from the code that they are about.

`python -m sandbox.api.documentation` writes them; a test fails when that was forgotten.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes as table
from sandbox.tenant.assumptions import Assumptions

FILE = Path(__file__).resolve().parents[2] / "docs" / "sandbox.md"
_BEGIN, _END = "<!-- begin {} -->\n", "<!-- end {} -->"


def operations() -> str:
    """One row an operation."""
    rows = [
        (
            f"`{one.method} {one.path}`",
            f"`{one.scopes[0]}`",
            one.known.strength,
            one.known.note,
        )
        for one in table.OPERATIONS
    ]
    return _table(("Operation", "Scope", "Known by", "Note"), rows)


def assumptions(switches: type[Any]) -> str:
    """One row a switch: its default, the other answers, and why."""
    hints = get_type_hints(switches)
    why = field_docstrings(switches)
    rows = [
        (
            f"`{one.name}`",
            f"`{one.default!r}`",
            ", ".join(f"`{other!r}`" for other in _others(hints[one.name], one.default)),
            why[one.name],
        )
        for one in fields(switches)
    ]
    return _table(("Switch", "Default", "Other answers", "What and why"), rows)


def field_docstrings(switches: type[Any]) -> dict[str, str]:
    """The text below each field; Python itself does not keep it."""
    body = ast.parse(inspect.getsource(switches)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
    found: dict[str, str] = {}
    name = ""
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            found[name] = " ".join(str(node.value.value).split())
    return found


def _others(hint: Any, default: Any) -> list[Any]:
    choices = get_args(hint) or ((False, True) if hint is bool else ())
    return [one for one in choices if one != default]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        f"| {' | '.join(one.replace('|', chr(92) + '|') for one in line)} |\n" for line in lines
    )


def tables() -> dict[str, str]:
    """Every table, by the name of its place in the file."""
    return {
        "operations": operations(),
        "tenant assumptions": assumptions(Assumptions),
        "delivery assumptions": assumptions(NotificationAssumptions),
        "login assumptions": assumptions(LoginAssumptions),
    }


def updated(text: str) -> str:
    """The file's text with every table as the code has it.

    Raises:
        ValueError: when a place is missing.
    """
    for name, made in tables().items():
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            message = f"{FILE.name} has no place for the table {name!r}: {begin.strip()} ... {end}"
            raise ValueError(message)
        text = f"{before}{begin}{made}{end}{after}"
    return text


if __name__ == "__main__":
    FILE.write_text(updated(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{FILE} is up to date\n")
