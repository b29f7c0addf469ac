"""The pages of docs/reference/ that say again what stands in the code, each whole."""

from __future__ import annotations

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
from phonemfa.drift.kinds import KINDS
from phonemfa.reasons import REASONS, Language, Reason
from phonemfa.scopes import SCOPES
from sandbox.cli.main import app as sandbox_app
from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes
from sandbox.tenant.assumptions import Assumptions
from tools.reference.pages import page, table

_PROJECT: Final = Path(__file__).resolve().parents[2]


def drift() -> str:
    """docs/reference/drift.md: every kind of drift, who sees it and what repairs it."""
    rows = [(f"`{one.id}`", one.title, one.seen_by, one.repaired_by) for one in KINDS.values()]
    heads = ("Kind", "What", "Seen by", "Repaired by")
    return page("drift", table=table(heads, rows))


def scopes() -> str:
    """docs/reference/scopes.md: what an application may do, by what for, and each."""
    groups: dict[str, list[str]] = {}
    for one in SCOPES:
        groups.setdefault(one.group, []).append(f"`{one.name}`")
    by_group = table(
        ("for", "scopes"), [(group, " ".join(names)) for group, names in groups.items()]
    )
    each = table(("scope", "it is needed to"), [(f"`{one.name}`", one.what_for) for one in SCOPES])
    return page("scopes", by_group=by_group, each=each)


_OUTCOMES: Final[dict[Language, tuple[str, str, str, str]]] = {
    "en": ("retry", "drop", ", **alarm**", ", *wanted*"),
    "ja": ("再試行", "中止", "、**警報**", "、*想定内*"),
}
_REASON_COLUMNS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("Reason", "Outcome", "Meaning", "What to do"),
    "ja": ("理由", "結果", "意味", "対応"),
}


def reasons(language: Language) -> str:
    """docs/reference/reasons.md and reasons.ja.md: why a message was not sent, in one language."""
    rows = (_reason(one, language) for one in REASONS)
    name = "reasons" if language == "en" else f"reasons.{language}"
    return page(name, table=table(_REASON_COLUMNS[language], rows))


def _reason(one: Reason, language: Language) -> tuple[str, ...]:
    retry, drop, alarm, wanted = _OUTCOMES[language]
    outcome = (retry if one.retried else drop) + (
        alarm if one.alarm else wanted if one.wanted else ""
    )
    return f"`{one.text}`", outcome, one.meaning_in(language), one.action_in(language)


def sandbox() -> str:
    """docs/reference/sandbox.md: every operation of the sandbox, and every switch."""
    operations = [
        (f"`{one.method} {one.path}`", f"`{one.scopes[0]}`", one.known.strength, one.known.note)
        for one in routes.OPERATIONS
    ]
    return page(
        "sandbox",
        operations=table(("Operation", "Scope", "Known by", "Note"), operations),
        tenant=_assumptions(Assumptions),
        delivery=_assumptions(NotificationAssumptions),
        login=_assumptions(LoginAssumptions),
    )


def _assumptions(switches: type[Any]) -> str:
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
    return table(("Switch", "Default", "Other answers", "What and why"), rows)


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
