"""`phonemfa doctor`: what stands between a stack and its tenant.

Owns its arguments, table and JSON. Refuses to judge: that is `checks`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from components.faults import SettingsError
from phonemfa import options
from phonemfa.console import give_up, results, working
from phonemfa.doctor.checks import Finding, Level, check
from phonemfa.exits import Exit
from phonemfa.stack_file import StackFileError, read_stack_file
from phonemfa.tenant import Access, TenantUnreadableError, read_tenant

_MARKS = {
    Level.OK: "[green]ok[/]",
    Level.WARNING: "[yellow]warning[/]",
    Level.FAULT: "[red]fault[/]",
}


def doctor(
    *,
    stack: options.Stack,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
) -> None:
    """Compare a stack's config with the live tenant before `pulumi up`. Reads only.

    Example: AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… python -m phonemfa doctor --stack dev
    """
    try:
        wanted = read_stack_file(project, stack, file=config_file)
        access = Access.of(domain=wanted.domain)
        with working(f"reading the tenant {access.domain}"):
            tenant = read_tenant(access)
    except (SettingsError, StackFileError, TenantUnreadableError) as error:
        give_up(str(error))
    findings = check(tenant, wanted.settings)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=2))
    else:
        _show(access.domain, findings)
    if any(one.level is Level.FAULT for one in findings):
        raise typer.Exit(Exit.FAULTY)


def _show(domain: str, findings: list[Finding]) -> None:
    table = Table(title=f"tenant {domain}", title_justify="left", show_lines=False)
    for heading in ("", "looked at", "found", "fix"):
        table.add_column(heading, overflow="fold")
    for one in findings:
        # Names come from the tenant: as Text they cannot be taken for markup.
        table.add_row(_MARKS[one.level], one.subject, Text(one.what), Text(one.fix))
    results().print(table)
