"""The pages of docs/reference/ that say again what stands in the code, each whole."""

import ast
import inspect
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import typer
from typer.cli import get_docs_for_click

from phonemfa.cli import app as phonemfa_app
from phonemfa.output.japanese import Language
from phonemfa.reasons import REASONS
from phonemfa.scopes import SCOPES
from sandbox.cli.main import app as sandbox_app
from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes
from sandbox.tenant.assumptions import Assumptions
from tools.reference.pages import page

_PROJECT: Final = Path(__file__).resolve().parents[2]


def scopes() -> str:
    """docs/reference/scopes.md: what an application may do, by what for, and each."""
    return page("scopes", scopes=SCOPES)


def reasons(language: Language) -> str:
    """docs/reference/reasons.md and reasons.ja.md: why a message was not sent, in one language."""
    return page("reasons" if language == "en" else f"reasons.{language}", reasons=REASONS)


def sandbox() -> str:
    """docs/reference/sandbox.md: every operation of the sandbox, and every switch."""
    return page(
        "sandbox",
        operations=routes.OPERATIONS,
        tenant=_switches(Assumptions),
        delivery=_switches(NotificationAssumptions),
        login=_switches(LoginAssumptions),
    )


def _switches(assumptions: type[Any]) -> list[dict[str, Any]]:
    """Of each: its default, the other answers, and why."""
    hints = get_type_hints(assumptions)
    why = field_docstrings(assumptions)
    return [
        {
            "name": one.name,
            "default": one.default,
            "others": _others(hints[one.name], one.default),
            "why": why[one.name],
        }
        for one in fields(assumptions)
    ]


def field_docstrings(switches: type[Any]) -> dict[str, str]:
    """The text below each field; Python itself does not keep it."""
    (found,) = ast.parse(inspect.getsource(switches)).body
    assert isinstance(found, ast.ClassDef)  # noqa: S101 - the source of a class
    texts: dict[str, str] = {}
    for pair in pairwise(found.body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=text)):
                texts[name] = " ".join(str(text).split())
    return texts


def _others(hint: Any, default: Any) -> list[Any]:
    choices = get_args(hint) or ((False, True) if hint is bool else ())
    return [one for one in choices if one != default]


def commands() -> str:
    """docs/reference/commands.md: the help of both command lines, as typer writes it."""
    return page(
        "commands",
        product=_of(phonemfa_app, "phonemfa"),
        sandbox=_of(sandbox_app, "python -m sandbox").rstrip() + "\n",
    )


def _of(app: typer.Typer, name: str) -> str:
    command = typer.main.get_command(app)
    with typer.Context(command, info_name=name) as ctx:
        # typer's own command line calls it with this context, too; its annotation is narrower.
        text = get_docs_for_click(obj=command, ctx=ctx, indent=1, name=name)  # type: ignore[arg-type]
    # Escaped are quotes too, which Markdown takes as they are. Folders are this checkout's.
    text = text.replace("&#x27;", "'").replace("&quot;", '"').replace(f"{_PROJECT}/", "")
    text = re.sub(rf"\[default: {re.escape(str(_PROJECT))}\]", "[default: .]", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
