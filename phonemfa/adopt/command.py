"""`phonemfa adopt`: a tenant that was configured by hand becomes a stack."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import typer

from components.config_files import read_config
from components.tenant.client import access_of, ask
from components.tenant.tenants_file import read_tenants_file
from phonemfa import options
from phonemfa.adopt.plan import Fate, Plan, plan_of, read_found
from phonemfa.adopt.writing import Changes, changes_of, import_path, write
from phonemfa.answered import answered
from phonemfa.audit import Record
from phonemfa.output.document import (
    Document,
    Entries,
    Entry,
    Mark,
    Paragraph,
    Strong,
    Verbatim,
)
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import show, working
from phonemfa.pulumi.stack_file import name_of, refuse_turned

_MARKS: Final = {
    Fate.ADOPTED: Mark.GOOD,
    Fate.ABSENT: Mark.NOTE,
    Fate.LEFT: Mark.NOTE,
    Fate.UNREADABLE: Mark.UNKNOWN,
    Fate.WARNING: Mark.WARNING,
}


@answered
def adopt(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    audit_file: options.AuditFile = None,
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
    record = Record.of(context, "adopt", audit_file)
    config = read_config(project, name_of(project, stack), file=config_file)
    refuse_turned(config)
    access = access_of(config.of("auth0"))
    read_tenants_file(config.folder).check(config.stack, domain=access.domain)
    with working(f"reading the tenant {access.domain}") as heard:
        found = ask(access, read_found, heard=heard)
    plan = plan_of(found, config.stack, access.domain)
    changes = changes_of(plan, config)
    commands = next_commands(config.stack)
    if as_json:
        print_json(_as_object(plan, changes, config.folder, commands))
    else:
        _show(access.domain, plan, changes)
    record.agree(
        f"write {len(changes.files)} files in {config.folder.resolve().name}, which take over the "
        "tenant as it is; the tenant is not written to",
        stack=config.stack,
        access=access,
        yes=yes,
    )
    record.before = _hashes(changes)
    write(changes)
    record.after = _hashes(changes)
    if not as_json:
        _show_next(commands)


def _hashes(changes: Changes) -> dict[str, str | None]:
    return {
        str(path): sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        for path in changes.files
    }


def next_commands(stack: str) -> list[str]:
    """What brings the tenant into the stack."""
    return [
        f"pulumi stack init {stack}",
        f"pulumi import --stack {stack} --file {import_path(stack)} --generate-code=false",
        f"pulumi preview --stack {stack}",
    ]


def _show(domain: str, plan: Plan, changes: Changes) -> None:
    entries = [
        Entry(
            mark=_MARKS[one.fate],
            line=(Strong(one.part), f", {one.fate}: {one.found}"),
            facts=(("becomes", (one.becomes,)),) if one.becomes else (),
        )
        for one in plan.rows
    ]
    for other in changes.replacements:
        line = f"replaced: {other.what} is {other.was} and would become {other.becomes}"
        entries.append(Entry(mark=Mark.WARNING, line=(line,)))
    show(Document(f"tenant {domain}", (Entries(tuple(entries)),)))


def _show_next(commands: list[str]) -> None:
    told = (
        "The import warns that a phone provider's credentials fail to validate: no API answers "
        "them. The preview may update the component phone-mfa, which records the settings in "
        "the state, and nothing else: the tenant stays as it is. Taking over is a later "
        "change: docs/guides/adopt.md."
    )
    next_ones = Verbatim("\n".join(f"  {one}" for one in commands), "sh")
    show(Document("Written. Next:", (next_ones, Paragraph((told,)))))


def _as_object(plan: Plan, changes: Changes, project: Path, commands: list[str]) -> dict[str, Any]:
    return {
        "rows": [asdict(one) for one in plan.rows],
        "files": sorted(
            str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
            for path in changes.files
        ),
        "replacements": [asdict(one) for one in changes.replacements],
        "next": commands,
    }
