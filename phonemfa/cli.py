"""The commands of `python -m phonemfa`, and how a person sees their results.

Owns arguments, tables, JSON and exit statuses: 0 nothing wrong, 1 at least one fault, 2 the
question could not be answered (no access, no such stack, bad config). Refuses to judge: that is
`checks`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.faults import SettingsError
from phonemfa.checks import Finding, Level, check
from phonemfa.stack_file import StackFileError, read_stack_file
from phonemfa.tenant import Access, TenantUnreadableError, read_tenant

FAULTY, UNANSWERED = 1, 2
_MARKS = {
    Level.OK: "[green]ok[/]",
    Level.WARNING: "[yellow]warning[/]",
    Level.FAULT: "[red]fault[/]",
}

app = typer.Typer(
    name="phonemfa",
    help="Looks after an Auth0 tenant's phone MFA beside `pulumi up`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Looks after an Auth0 tenant's phone MFA beside `pulumi up`."""


@app.command()
def doctor(
    *,
    stack: Annotated[str, typer.Option(help="The stack whose config is compared.")],
    config_file: Annotated[
        Path | None, typer.Option(help="Its file, when it is not Pulumi.<stack>.yaml.")
    ] = None,
    project: Annotated[Path, typer.Option(help="The folder with the stack files.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON.")] = False,
) -> None:
    """Compare a stack's config with the live tenant before `pulumi up`. Reads only.

    Example: AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… python -m phonemfa doctor --stack dev
    """
    try:
        wanted = read_stack_file(project, stack, file=config_file)
        access = Access.of(domain=wanted.domain)
        findings = check(read_tenant(access), wanted.settings)
    except (SettingsError, StackFileError, TenantUnreadableError) as error:
        _give_up(str(error))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=2))
    else:
        _show(access.domain, findings)
    if any(one.level is Level.FAULT for one in findings):
        raise typer.Exit(FAULTY)


def _show(domain: str, findings: list[Finding]) -> None:
    table = Table(title=f"tenant {domain}", title_justify="left", show_lines=False)
    for heading in ("", "looked at", "found", "fix"):
        table.add_column(heading, overflow="fold")
    for one in findings:
        # Names come from the tenant: as Text they cannot be taken for markup.
        table.add_row(_MARKS[one.level], one.subject, Text(one.what), Text(one.fix))
    Console().print(table)


def _give_up(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(UNANSWERED)
