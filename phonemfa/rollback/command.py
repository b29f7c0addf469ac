"""`phonemfa rollback`: the Action's earlier version, in the tenant and in the code.

Owns the arguments, the question and the output. Refuses to choose (`versions`), to deploy
(`deploy`), and to touch the repository: it says what to do there.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pulumi import RunError
from rich.table import Table
from rich.text import Text

from components.tenant.client import (
    TenantUnreadableError,
    WriteFailedError,
    access_of,
    ask,
    ask_to_write,
)
from phonemfa import options
from phonemfa.asking import agree
from phonemfa.console import give_up, notes, results, working
from phonemfa.exits import Exit
from phonemfa.files import write_whole
from phonemfa.rollback.deploy import NotLiveError, deploy_code, deploy_version
from phonemfa.rollback.history import Commit, commit_of
from phonemfa.rollback.versions import (
    Installed,
    NoSuchVersionError,
    Version,
    choose,
    older_secrets,
    read_installed,
)
from phonemfa.stack_file import StackFileError, read_stack_file


class Secrets(StrEnum):
    """Whose secrets the code runs with after a rollback."""

    CURRENT = "current"
    VERSION = "version"


def rollback(
    *,
    stack: options.Stack,
    to: Annotated[
        int | None,
        typer.Option(help="The version's number; default: the last one before with other code."),
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Only list the versions.")] = False,
    secrets: Annotated[
        Secrets | None,
        typer.Option(
            help="The Action's secrets afterwards: those of now, or those that the version had. "
            "Must be named when they differ."
        ),
    ] = None,
    write_code: Annotated[
        Path | None, typer.Option(help="Write the version's code to this file.")
    ] = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    yes: options.Yes = False,
) -> None:
    """Go back to an earlier version of the Action, and say how the repository follows.

    Exit status: 0 the version runs, 1 it was asked for and does not run, 2 nothing was written.

    Example: python -m phonemfa rollback --stack prod --list
    """
    try:
        wanted = read_stack_file(project, stack, file=config_file)
        access = access_of(wanted.auth0)
        with working(f"reading the Action's versions in {access.domain}"):
            installed = ask(access, lambda read: read_installed(read, wanted.settings, project))
        if not as_json:
            show_versions(installed)
        if only_list:
            _print_json(as_json, installed)
            return
        target = choose(installed, to)
        if write_code:
            write_whole(write_code, target.code)
            notes().print(Text(f"The code of version {target.number} is in {write_code}."))
        if target.running:
            _nothing_to_do(installed, as_json=as_json)
            return
        whose = _whose_secrets(installed.running, target, secrets)
        agree(_question(access.domain, installed, target, whose), yes=yes)
        way = deploy_version if whose is Secrets.VERSION else deploy_code
        now = ask_to_write(access, lambda client: way(client, installed.id, target))
    except NotLiveError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.FAULTY) from None
    except (
        NoSuchVersionError,
        RunError,  # a SettingsError, or an adopted Action's code that is not there
        StackFileError,
        TenantUnreadableError,
        WriteFailedError,
    ) as error:
        give_up(str(error))
    commit = None if target.declared else commit_of(target.code, project)
    done = {
        "from": installed.running.number,
        "to": target.number,
        "deployed_as": now.running.number if now.running else 0,
        "secrets": whose.value,
    }
    _print_json(as_json, installed, done=done, commit=commit)
    notes().print(
        Text(
            f"Version {target.number}'s code {target.digest} runs, as version "
            f"{done['deployed_as']}."
        )
    )
    for line in next_steps(target, commit, stack=stack):
        notes().print(Text(line), soft_wrap=True)


def next_steps(target: Version, commit: Commit | None, *, stack: str) -> list[str]:
    """How the repository follows; until it does, Pulumi would undo the rollback."""
    settle = f"pulumi up --refresh --stack {stack}"
    if target.declared:
        return [
            "The repository has this very code. Let Pulumi's state follow:",
            f"  {settle}",
        ]
    if commit:
        bring_back = [
            f"  git: its parts are those of {commit.id[:12]} ({commit.date}, {commit.subject!r})",
            f"  {commit.restore}",
        ]
    else:
        bring_back = [
            "  No commit here has its parts. --write-code FILE gives the whole text; the headings",
            "  in it name the file of each part under actions/src.",
        ]
    return [
        f"Until the repository has this code again, `{settle}` and `phonemfa drift --repair`",
        "would deploy the repository's code once more: hold back merges that deploy.",
        "Bring the repository back:",
        *bring_back,
        "then review, merge, and let Pulumi's state follow:",
        f"  {settle}",
    ]


def show_versions(installed: Installed) -> None:
    """The versions as a table, newest first."""
    table = Table(title=f"Action {installed.name} on {installed.trigger}", title_justify="left")
    for heading in ("version", "made", "code", "is", "secrets written"):
        table.add_column(heading, overflow="fold")
    for one in installed.versions:
        marks = [
            *(["running"] if one.running else []),
            *(["as in this repository"] if one.declared else []),
        ]
        table.add_row(
            str(one.number),
            one.created_at,
            one.digest,
            ", ".join(marks),
            max(one.secrets.values(), default=""),
        )
    results().print(table)


def _whose_secrets(running: Version, target: Version, given: Secrets | None) -> Secrets:
    differing = older_secrets(running, target)
    if differing and given is None:
        give_up(
            f"Nothing was written: version {target.number} has other secrets than what runs "
            f"({', '.join(differing)}), and may hold a CPAAS_API_KEY that has been revoked.\n"
            "  --secrets current   that version's code with the secrets of now (a rotation stays)\n"
            "  --secrets version   the version as it was, secrets and all"
        )
    return given or Secrets.VERSION


def _question(domain: str, installed: Installed, target: Version, whose: Secrets) -> str:
    which = "its own secrets" if whose is Secrets.VERSION else "the secrets of now"
    return (
        f"Deploy version {target.number} (code {target.digest}, made {target.created_at}) of "
        f"{installed.name} in {domain}, with {which}?"
    )


def _nothing_to_do(installed: Installed, *, as_json: bool) -> None:
    _print_json(as_json, installed)
    notes().print(f"Version {installed.running.number} runs already: nothing was written.")


def _print_json(
    as_json: bool,
    installed: Installed,
    *,
    done: dict[str, Any] | None = None,
    commit: Commit | None = None,
) -> None:
    if not as_json:
        return
    versions = [
        {
            "number": one.number,
            "created_at": one.created_at,
            "code": one.digest,
            "running": one.running,
            "as_in_repository": one.declared,
        }
        for one in installed.versions
    ]
    answer = {
        "action": installed.name,
        "trigger": installed.trigger,
        "versions": versions,
        "rolled_back": done,
        "commit": commit.id if commit else None,
    }
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
