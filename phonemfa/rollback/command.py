"""`phonemfa rollback`: the Action's earlier version, in the tenant and in the code.

The repository is not touched: the command says what to do there.
"""

from contextlib import suppress
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from components.masking import code_mark, redacted_code
from components.tenant.action import Version
from components.tenant.client import TenantUnreadableError, ask, ask_to_write
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.audit import Record
from phonemfa.deploying import NotLiveError
from phonemfa.exits import Exit
from phonemfa.files import write_private
from phonemfa.output.document import Code, Document, Entries, Entry, Mark, Part
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, show, working
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.rollback.history import Commit, commit_of
from phonemfa.rollback.versions import (
    Installed,
    choose,
    code_of,
    deploy_code,
    deploy_version,
    older_secrets,
    read_installed,
)


class Secrets(StrEnum):
    """Whose secrets the code runs with after a rollback."""

    CURRENT = "current"
    VERSION = "version"


@answered
def rollback(
    context: typer.Context,
    *,
    stack: options.Stack = None,
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
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Go back to an earlier version of the Action, and say how the repository follows.

    Exit status: 0 the version runs, 1 it was asked for and does not run, 2 nothing was written.

    Example: python -m phonemfa rollback --stack prod --list
    """
    record = Record.of(context, "rollback", audit_file)
    wanted = read_stack_file(project, stack, file=config_file)
    access = wanted.access

    def look() -> Installed:
        with working(f"reading the Action's versions in {access.domain}") as heard:
            return ask(
                access,
                lambda read: read_installed(read, wanted.settings, wanted.project),
                heard=heard,
            )

    installed = look()
    answer = _as_object(installed)
    if not as_json:
        show_versions(installed)
    if only_list:
        if as_json:
            print_json(answer)
        return
    target = choose(installed, to)
    if write_code:
        write_private(write_code, code_of(target))
        say(
            f"The code of version {target.number} is in {write_code}, for you alone: it may "
            "hold a key. Look before you commit it."
        )
    if target.id == installed.running_id:
        if as_json:
            print_json(answer)
        say(f"Version {target.number} runs already: nothing was written.")
        return
    whose = _whose_secrets(installed.running, target, secrets)
    record.agree(_intent(installed, target, whose), stack=wanted.stack, access=access, yes=yes)
    record.before = _recorded(installed.running)
    way = deploy_version if whose is Secrets.VERSION else deploy_code
    try:
        with working("the tenant builds and deploys the Action") as heard:
            now = ask_to_write(
                access, lambda client: way(client, installed.id, target), heard=heard
            )
    except (NotLiveError, KeyboardInterrupt) as error:
        stopped = (
            f"Stopped as asked. Whether version {target.number} runs is not known: "
            "python -m phonemfa rollback --list says."
        )
        say(str(error) or stopped)
        with suppress(TenantUnreadableError):
            record.after = _recorded(look().running)
        raise typer.Exit(Exit.FAULTY) from None
    record.after = _recorded(now.running)
    declared = installed.is_declared(target)
    commit = None if declared else commit_of(code_of(target), wanted.project)
    deployed_as = now.running.number if now.running else 0
    if as_json:
        done = {
            "from": installed.running.number,
            "to": target.number,
            "deployed_as": deployed_as,
            "secrets": whose.value,
        }
        print_json({**answer, "rolled_back": done, "commit": commit and commit.id})
    say(
        f"Version {target.number}'s code runs, as version {deployed_as}: "
        f"{code_mark(code_of(target))}."
    )
    for line in next_steps(commit, declared=declared, stack=wanted.stack):
        say(line)


def next_steps(commit: Commit | None, *, declared: bool, stack: str) -> list[str]:
    """How the repository follows; until it does, Pulumi would undo the rollback."""
    settle = f"pulumi up --refresh --stack {stack}"
    if declared:
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
        f"Until the repository has this code again, `{settle}` and a `drift --repair`",
        "would deploy the repository's code once more: hold back merges that deploy.",
        "Bring the repository back:",
        *bring_back,
        "then review, merge, and let Pulumi's state follow:",
        f"  {settle}",
    ]


def show_versions(installed: Installed) -> None:
    """The versions, newest first."""
    entries = []
    for one in installed.versions:
        written = max(one.secrets.values(), default="")
        facts: list[Part] = [
            f"version {one.number}, code of ",
            Code(code_mark(code_of(one))),
            f", made {one.created_at}",
            *(["; running"] if one.id == installed.running_id else []),
            *(["; as in this repository"] if installed.is_declared(one) else []),
            *([f"; secrets written {written}"] if written else []),
        ]
        mark = Mark.GOOD if one.id == installed.running_id else Mark.NOTE
        entries.append(Entry(mark=mark, line=tuple(facts)))
    title = f"Action {redacted_code(installed.name)} on {installed.trigger}"
    show(Document(title, (Entries(tuple(entries)),)))


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


def _intent(installed: Installed, target: Version, whose: Secrets) -> str:
    which = "its own secrets" if whose is Secrets.VERSION else "the secrets of now"
    return (
        f"deploy version {target.number} (made {target.created_at}) of the Action "
        f"{redacted_code(installed.name)}, {code_mark(code_of(target))}, with {which}"
    )


def _recorded(running: Version | None) -> dict[str, Any] | None:
    if running is None:
        return None
    return {"version": running.number, "code": code_mark(code_of(running))}


def _as_object(installed: Installed) -> dict[str, Any]:
    return {
        "action": installed.name,
        "trigger": installed.trigger,
        "versions": [
            {
                "number": one.number,
                "created_at": one.created_at,
                "code": sha256(code_of(one).encode()).hexdigest(),
                "running": one.id == installed.running_id,
                "as_in_repository": installed.is_declared(one),
            }
            for one in installed.versions
        ],
        "rolled_back": None,
        "commit": None,
    }
