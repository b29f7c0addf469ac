"""`phonemfa adopt`: a tenant that was configured by hand becomes a stack."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import typer
from rich.table import Table
from rich.text import Text

from components.settings.faults import SettingsError
from components.tenant.client import TenantUnreadableError, access_of, ask
from phonemfa import options
from phonemfa.adopt.plan import Fate, Plan, plan_of, read_found
from phonemfa.adopt.writing import Changes, auth0_in, changes_of, import_path, write
from phonemfa.asking import agree
from phonemfa.console import give_up, results, working
from phonemfa.stack_file import StackFileError

_MARKS: Final = {
    Fate.ADOPTED: "[green]adopted[/]",
    Fate.ABSENT: "not there",
    Fate.LEFT: "left alone",
    Fate.UNREADABLE: "[yellow]could not be read[/]",
    Fate.WARNING: "[yellow]look at this[/]",
}


def adopt(
    *,
    stack: options.Stack,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Write config, import file and code for a tenant that was configured by hand.

    Reads the tenant; writes files of this project only, after asking. `pulumi import` with the
    printed arguments then brings the tenant into the stack, and `pulumi preview` finds nothing
    to change.

    Example: AUTH0_DOMAIN=… AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… python -m phonemfa adopt
    --stack prod
    """
    try:
        access = access_of(auth0_in(config_file or project / f"Pulumi.{stack}.yaml"))
        with working(f"reading the tenant {access.domain}"):
            found = ask(access, read_found)
        plan = plan_of(found, stack, access.domain)
        changes = changes_of(plan, project, stack, file=config_file)
    except (SettingsError, StackFileError, TenantUnreadableError) as error:
        give_up(str(error))
    commands = next_commands(stack)
    if as_json:
        typer.echo(_as_json(plan, changes, project, commands))
    else:
        _show(access.domain, plan, changes)
    agree(f"Write {len(changes.files)} files in {project.resolve().name}?", yes=yes)
    write(changes)
    if not as_json:
        _show_next(commands)


def next_commands(stack: str) -> list[str]:
    """What brings the tenant into the stack."""
    return [
        f"pulumi stack init {stack}",
        f"pulumi import --stack {stack} --file {import_path(stack)} --generate-code=false",
        f"pulumi preview --stack {stack}",
    ]


def _show(domain: str, plan: Plan, changes: Changes) -> None:
    table = Table(title=f"tenant {domain}", title_justify="left", show_lines=False)
    for heading in ("", "looked at", "found", "becomes"):
        table.add_column(heading, overflow="fold")
    for one in plan.rows:
        # Names come from the tenant: as Text they cannot be taken for markup.
        table.add_row(_MARKS[one.fate], one.part, Text(one.found), Text(one.becomes))
    results().print(table)
    for other in changes.replacements:
        line = f"{other.what} is {other.was} and would become {other.becomes}"
        results().print(Text(f"replaced: {line}", style="yellow"), soft_wrap=True)


def _show_next(commands: list[str]) -> None:
    results().print("Written. Next:")
    for command in commands:
        results().print(Text(f"  {command}"), soft_wrap=True)
    results().print(
        Text(
            "The import warns that a phone provider's credentials fail to validate: no API answers "
            "them. The preview may update the component phone-mfa, which records the settings in "
            "the state, and nothing else: the tenant stays as it is. Taking over is a later "
            "change: docs/guides/adopt.md."
        )
    )


def _as_json(plan: Plan, changes: Changes, project: Path, commands: list[str]) -> str:
    answer = {
        "rows": [asdict(one) for one in plan.rows],
        "files": sorted(
            str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
            for path in changes.files
        ),
        "replacements": [asdict(one) for one in changes.replacements],
        "next": commands,
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)
