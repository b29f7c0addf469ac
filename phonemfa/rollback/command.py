"""`phonemfa rollback`: the Action's earlier version, in the tenant and in the code.

A version has its secrets inside: one from before a rotation would bring back the key of then. The
repository is not touched: the command says what to do there.
"""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from components.masking import code_mark, redacted_code
from components.tenant.action import (
    Version,
    declared,
    find,
    name_of,
    read,
    read_one,
    read_versions,
)
from components.tenant.client import TenantUnreadableError, ask, ask_to_write
from components.tenant.model import Client, known, seen
from components.vocabulary import TRIGGERS
from phonemfa import options
from phonemfa.answered import RefusedError, answered
from phonemfa.audit import Record
from phonemfa.deploying import NotLiveError, deploy_draft, until_it_runs
from phonemfa.exits import Exit
from phonemfa.files import write_private
from phonemfa.output.document import Code, Document, Entries, Entry, Mark, Part
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, show, working
from phonemfa.pulumi.stack_file import StackFile, read_stack_file
from phonemfa.rollback.history import Commit, commit_of

Secrets = Literal["current", "version"]
"""Whose secrets the code runs with after a rollback."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The stack's Action in the tenant, its versions newest first; one of them runs, or none.

    `declared` is the code that this repository assembles; None for a stack without an Action.
    """

    id: str
    name: str
    trigger: str
    versions: tuple[Version, ...]
    running_id: str
    declared: str | None

    @property
    def running(self) -> Version:
        """The version that runs, or `RefusedError`."""
        for one in self.versions:
            if one.id == self.running_id:
                return one
        raise RefusedError(f"No version of the Action {self.name!r} is deployed.")

    def is_declared(self, version: Version) -> bool:
        return code_of(version) == self.declared


async def read_installed(client: Client, stack: StackFile) -> Installed:
    """The Action that a stack deploys on its own generation's trigger, or `RefusedError`."""
    settings = stack.settings
    trigger = TRIGGERS[settings.experience]
    name = name_of(settings, settings.experience)
    if name is None:
        raise RefusedError("The stack adopts a tenant without an Action: none to take back.")
    ours = find(declared(settings, stack.project), name, trigger)
    action = find(await read(client, [trigger]), name)
    if action is None:
        raise RefusedError(f"The tenant has no Action {name!r} on the trigger {trigger}.")
    return Installed(
        id=action.id,
        name=name,
        trigger=trigger,
        versions=await read_versions(client, action.id),
        running_id=action.running.id if action.running else "",
        declared=seen(ours.code) if ours else None,
    )


def choose(installed: Installed, wanted: int | None) -> Version:
    """The version to go back to: `wanted`, or the last one before with other code.

    Versions that differ in secrets alone are passed over: a rotation makes one too.
    `RefusedError` where there is none.
    """
    running = installed.running
    if wanted is not None:
        for one in installed.versions:
            if one.number == wanted:
                return one
        kept = ", ".join(str(one.number) for one in installed.versions)
        raise RefusedError(f"There is no version {wanted}. The tenant keeps {kept}.")
    for one in installed.versions:
        if one.number < running.number and code_of(one) != code_of(running):
            return one
    raise RefusedError(
        f"No version before {running.number} has other code. What is wrong with it is not its "
        "code: look at its secrets (python -m phonemfa drift) and at what the tenant's log says."
    )


def code_of(version: Version) -> str:
    """The code of a version."""
    return known(version.code, "")


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
            return ask(access, lambda client: read_installed(client, wanted), heard=heard)

    def answer(**done: Any) -> None:
        if as_json:
            print_json({**_as_object(installed), "rolled_back": None, "commit": None, **done})

    installed = look()
    if not as_json:
        show_versions(installed)
    if only_list:
        answer()
        return
    target = choose(installed, to)
    code = code_of(target)
    if write_code:
        write_private(write_code, code)
        say(
            f"The code of version {target.number} is in {write_code}, for you alone: it may "
            "hold a key. Look before you commit it."
        )
    if target.id == installed.running_id:
        answer()
        say(f"Version {target.number} runs already: nothing was written.")
        return
    whose = _whose_secrets(installed.running, target, secrets)
    which = "its own secrets" if whose == "version" else "the secrets of now"
    what = (
        f"deploy version {target.number} (made {target.created_at}) of the Action "
        f"{redacted_code(installed.name)}, {code_mark(code)}, with {which}"
    )
    record.agree(what, stack=wanted.stack, access=access, yes=yes)
    record.before = _recorded(installed.running)
    try:
        with working("the tenant builds and deploys the Action") as heard:
            now = ask_to_write(
                access, lambda client: deploy(client, installed.id, target, whose), heard=heard
            )
    except (NotLiveError, KeyboardInterrupt) as error:
        stopped = (
            f"Stopped as asked. Whether version {target.number} runs is not known: "
            "python -m phonemfa rollback --list says."
        )
        say(str(error) or stopped)
        with suppress(RefusedError, TenantUnreadableError):  # nothing may run any more
            record.after = _recorded(look().running)
        raise typer.Exit(Exit.FAULTY) from None
    record.after = _recorded(now)
    is_declared = installed.is_declared(target)
    commit = None if is_declared else commit_of(code, wanted.project)
    answer(
        rolled_back={
            "from": installed.running.number,
            "to": target.number,
            "deployed_as": now.number,
            "secrets": whose,
        },
        commit=commit and commit.id,
    )
    say(f"Version {target.number}'s code runs, as version {now.number}: {code_mark(code)}.")
    say(next_steps(commit, declared=is_declared, stack=wanted.stack))


def next_steps(commit: Commit | None, *, declared: bool, stack: str) -> str:
    """How the repository follows; until it does, Pulumi would undo the rollback."""
    settle = f"pulumi up --refresh --stack {stack}"
    if declared:
        return f"The repository has this very code. Let Pulumi's state follow:\n  {settle}"
    bring_back = (
        "  No commit here has its parts. --write-code FILE gives the whole text; the headings\n"
        "  in it name the file of each part under actions/src."
    )
    if commit:
        found = f"{commit.id[:12]} ({commit.date}, {commit.subject!r})"
        bring_back = f"  git: its parts are those of {found}\n  {commit.restore}"
    return (
        f"Until the repository has this code again, `{settle}` and a `drift --repair`\n"
        "would deploy the repository's code once more: hold back merges that deploy.\n"
        f"Bring the repository back:\n{bring_back}\n"
        f"then review, merge, and let Pulumi's state follow:\n  {settle}"
    )


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
    names = running.secrets.keys() | target.secrets.keys()
    differing = sorted(one for one in names if running.secrets.get(one) != target.secrets.get(one))
    if differing and given is None:
        give_up(
            f"Nothing was written: version {target.number} has other secrets than what runs "
            f"({', '.join(differing)}), and may hold a CPAAS_API_KEY that has been revoked.\n"
            "  --secrets current   that version's code with the secrets of now (a rotation stays)\n"
            "  --secrets version   the version as it was, secrets and all"
        )
    return given or "version"


def _recorded(running: Version) -> dict[str, Any]:
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
    }


async def deploy(client: Client, action_id: str, target: Version, whose: Secrets) -> Version:
    """Deploy a version as it is, or its code with the secrets that the Action has now.

    The draft becomes it too: what runs and what is edited are one, and `pulumi preview --refresh`
    sees the difference from the repository. Of a version alone it sees none. `NotLiveError` where
    it does not come to run, or other code does.
    """
    if whose == "version":
        draft_too = {"update_draft": True}
        made = await client.actions.versions.deploy(action_id, target.id, request=draft_too)
        now = await until_it_runs(client, action_id, str(made.id))
    else:
        before = await read_one(client, action_id, "")
        if before.secrets != (before.running.secrets if before.running else {}):
            raise NotLiveError(
                "Nothing was written: the Action's draft has other secrets than what runs, and "
                "deploying would bring them in. Deploy or undo them first (python -m phonemfa "
                "drift)."
            )
        packages = (one.rpartition("@") for one in known(target.dependencies, ()))
        await client.actions.update(
            action_id,
            code=code_of(target),
            runtime=target.api_runtime,
            # The SDK's types name optional keys only; a version has no others that are sent.
            dependencies=[{"name": name, "version": version} for name, _, version in packages],  # type: ignore[misc]
        )
        now = await deploy_draft(client, action_id)
    if now.running is None or code_of(now.running) != code_of(target):
        raise NotLiveError("The tenant runs other code than that of the version asked for.")
    return now.running
