"""docs/reference/sandbox.md: each operation of the sandbox and each assumption, from its code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, get_args, get_type_hints

from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes as table
from sandbox.tenant.assumptions import Assumptions

_HEAD: Final = """# The sandbox: operations and assumptions

Made from `sandbox/tenant/routes.py` and the three files of assumptions by `make reference`. How
the sandbox is checked, and what it lacks: [sandbox.md](../sandbox.md). "§" is a section of the
contract's `management-api.md`, or of `cpaas-and-actions.md` where the text is about delivery.

## Operations

Everything else under `/api/v2` answers 404 and is counted as an unknown route. `POST
/oauth/token` knows the client credentials grant, as a form or JSON, with HTTP Basic or with
credentials in the body.

"""
_TENANT: Final = """
## Assumptions about the tenant

In `sandbox/tenant/assumptions.py`; thrown while the sandbox runs
([how](../sandbox.md#assumptions)).

"""
_DELIVERY: Final = """
## Assumptions about delivery

In `sandbox/notifications/assumptions.py`; chosen when the sandbox is started
(`ServerConfig.notification_assumptions`).

"""
_LOGIN: Final = """
## Assumptions about a login

In `sandbox/login/assumptions.py`; chosen when the sandbox is started
(`ServerConfig.login_assumptions`). They are about the [login page](../guides/try-a-login.md).

"""


def page() -> str:
    """Every operation, and every switch of the sandbox."""
    return (
        f"{_HEAD}{operations()}{_TENANT}{assumptions(Assumptions)}"
        f"{_DELIVERY}{assumptions(NotificationAssumptions)}{_LOGIN}{assumptions(LoginAssumptions)}"
    )


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
