"""The pages of docs/reference/ that are tables of what stands in the code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import fields
from itertools import pairwise
from typing import Any, Final, get_args, get_type_hints

from phonemfa.drift.kinds import KINDS
from phonemfa.reasons import REASONS, Language, Reason
from phonemfa.scopes import SCOPES
from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes
from sandbox.tenant.assumptions import Assumptions


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        f"| {' | '.join(one.replace('|', chr(92) + '|') for one in line)} |\n" for line in lines
    )


_DRIFT: Final = """# Kinds of drift

Made from `phonemfa/drift/kinds.py` by `make reference`. A finding's id is its kind and, where there
can be several, the subject (`template:otp_verify`). "Only this command" means `phonemfa drift`:
Pulumi does not see it. How to look and repair: [drift.md](../guides/drift.md).

"""


def drift() -> str:
    """docs/reference/drift.md: every kind of drift, who sees it and what repairs it."""
    rows = [(f"`{one.id}`", one.title, one.seen_by, one.repaired_by) for one in KINDS.values()]
    return _DRIFT + table(("Kind", "What", "Seen by", "Repaired by"), rows)


_SCOPES: Final = """# Scopes

What the application in Auth0 (Machine to Machine, authorised for the Management API) needs. Made
from `phonemfa/scopes.py` by `make reference`; `phonemfa doctor` says which of them a stack lacks,
and what it has too many of.

"""
_EACH_SCOPE: Final = """
A client that only looks (`drift`, `report` in a pull request) needs the `read:` scopes; `read:logs`
is for `health`, `smoke` and `gate: smoke` alone.

"""


def scopes() -> str:
    """docs/reference/scopes.md: what an application may do, by what for, and each."""
    groups: dict[str, list[str]] = {}
    for one in SCOPES:
        groups.setdefault(one.group, []).append(f"`{one.name}`")
    by_group = table(
        ("for", "scopes"), [(group, " ".join(names)) for group, names in groups.items()]
    )
    each = table(("scope", "it is needed to"), [(f"`{one.name}`", one.what_for) for one in SCOPES])
    return f"{_SCOPES}{by_group}{_EACH_SCOPE}{each}"


_REASONS: Final[dict[Language, str]] = {
    "en": """# Reasons

Why a message was not sent ([in Japanese](reasons.ja.md)). Made from `phonemfa/reasons.py` by
`make reference`. They stand in the tenant's log as the Action said them; an ellipsis (…) stands
for what varies. **Alarm**: it concerns every message. *Wanted*: the stack's own settings refuse
such a message, so that `phonemfa health` does not count it as a failure.

""",
    "ja": """# 送信されなかった理由

Actionがメッセージを送信しなかった理由の一覧です（[英語](reasons.md)）。`phonemfa/reasons.py`から`make
reference`で作られます。テナントのログに、Actionが記したとおりに残ります（…は変わる部分）。

- **警報**: すべてのメッセージに影響します。
- *想定内*: スタックの設定どおりに送信しなかったもので、`phonemfa health`は失敗に数えません。
- 再試行: Auth0が最大5回やり直します。中止: やり直しません。

""",
}
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
    return _REASONS[language] + table(_REASON_COLUMNS[language], rows)


def _reason(one: Reason, language: Language) -> tuple[str, ...]:
    retry, drop, alarm, wanted = _OUTCOMES[language]
    outcome = (retry if one.retried else drop) + (
        alarm if one.alarm else wanted if one.wanted else ""
    )
    return f"`{one.text}`", outcome, one.meaning_in(language), one.action_in(language)


_SANDBOX: Final = """# The sandbox: operations and assumptions

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


def sandbox() -> str:
    """docs/reference/sandbox.md: every operation of the sandbox, and every switch."""
    operations = [
        (f"`{one.method} {one.path}`", f"`{one.scopes[0]}`", one.known.strength, one.known.note)
        for one in routes.OPERATIONS
    ]
    return (
        f"{_SANDBOX}{table(('Operation', 'Scope', 'Known by', 'Note'), operations)}"
        f"{_TENANT}{_assumptions(Assumptions)}{_DELIVERY}{_assumptions(NotificationAssumptions)}"
        f"{_LOGIN}{_assumptions(LoginAssumptions)}"
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
