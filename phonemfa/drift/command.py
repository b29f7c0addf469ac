"""`phonemfa drift`: what of a tenant is not as its stack declares it, and taking it back.

Owns the arguments, which outputs are written, and the exit status. Refuses to find drift (`look`)
and to repair it (`repair`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pulumi import RunError
from rich.text import Text

from components.tenant.client import TenantUnreadableError, access_of
from phonemfa import options
from phonemfa.console import give_up, notes, results, working
from phonemfa.drift import repair
from phonemfa.drift.findings import Finding, is_drift
from phonemfa.drift.issue import keep_issue
from phonemfa.drift.junit import as_junit
from phonemfa.drift.look import Look, NothingAppliedError, Subject, look
from phonemfa.drift.report import Report, as_json, repair_of, show
from phonemfa.drift.sarif import as_sarif
from phonemfa.engine import EngineFailedError, PulumiCli
from phonemfa.exits import Exit
from phonemfa.files import write_whole
from phonemfa.github import GitHub, GitHubError
from phonemfa.stack_file import StackFileError, read_stack_file

_NO_ANSWER = (
    EngineFailedError,
    GitHubError,
    NothingAppliedError,
    RunError,  # a SettingsError, or an adopted Action's code that is not there
    StackFileError,
    TenantUnreadableError,
)


def drift(
    *,
    stack: options.Stack,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json_: options.AsJson = False,
    sarif: Annotated[
        Path | None, typer.Option(help="Write SARIF 2.1.0 to this file, for code scanning.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML to this file, for CI systems.")
    ] = None,
    issue: Annotated[
        bool,
        typer.Option("--issue", help="Keep one GitHub issue about it: opened, updated, closed."),
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Id of a finding to live with: a notice from now on. Repeatable."),
    ] = None,
    repairing: Annotated[
        bool, typer.Option("--repair", help="Show what would be done, ask, and do it.")
    ] = False,
    yes: options.Yes = False,
) -> None:
    """Compare a live tenant with its stack. Reads only, unless --repair is given.

    Exit status: 0 no drift, 7 drift, 2 no answer.

    Example: python -m phonemfa drift --stack prod --sarif drift.sarif
    """
    outputs = _Outputs(stack, config_file, as_json=as_json_, sarif=sarif, junit=junit, issue=issue)
    try:
        subject = _subject(stack, project, config_file, accept or [])
        outputs.domain = subject.access.domain
        if issue:
            with GitHub.of():  # A missing variable is told before the work, not after.
                pass
        seen = look(subject, working)
        if repairing and is_drift(seen.findings):
            seen = _repaired(subject, seen, yes=yes)
    except _NO_ANSWER as error:
        outputs.write_failure(str(error))
    outputs.write(seen)
    if is_drift(seen.findings):
        raise typer.Exit(Exit.DRIFTED)


def _subject(stack: str, project: Path, config_file: Path | None, accepted: list[str]) -> Subject:
    wanted = read_stack_file(project, stack, file=config_file)
    return Subject(
        stack=stack,
        settings=wanted.settings,
        access=access_of(wanted.auth0),
        cli=PulumiCli(project, stack, config_file=config_file),
        project=project,
        accepted=accepted,
    )


class _Outputs:
    """Where a result goes; a failure too, so that no file of an earlier run is taken for it."""

    def __init__(
        self,
        stack: str,
        config_file: Path | None,
        *,
        as_json: bool,
        sarif: Path | None,
        junit: Path | None,
        issue: bool,
    ) -> None:
        self.domain = ""
        self._stack = stack
        self._stack_file = config_file.name if config_file else f"Pulumi.{stack}.yaml"
        self._as_json, self._sarif, self._junit, self._issue = as_json, sarif, junit, issue

    def write(self, seen: Look) -> None:
        """Every output of a look that has an answer."""
        report = Report(
            stack=self._stack,
            domain=self.domain,
            stack_file=self._stack_file,
            findings=seen.findings,
            compared=seen.compared,
        )
        self._write_files(report)
        if self._as_json:
            typer.echo(as_json(report))
        else:
            show(report, results())
        if self._issue:
            _keep_issue(report)

    def write_failure(self, message: str) -> NoReturn:
        """Say in every asked-for file that there is no answer, and give up."""
        self._write_files(
            Report(
                stack=self._stack,
                domain=self.domain,
                stack_file=self._stack_file,
                failure=message,
            )
        )
        give_up(message)

    def _write_files(self, report: Report) -> None:
        for path, text in ((self._sarif, as_sarif), (self._junit, as_junit)):
            if path:
                write_whole(path, text(report))


def _keep_issue(report: Report) -> None:
    try:
        with working("GitHub issue"), GitHub.of() as github:
            posted = keep_issue(github, report)
    except GitHubError as error:
        # The result has been told; the files stay as they are.
        give_up(str(error))
    for one in posted:
        _say(f"issue {one.outcome}: {one.url}")


def _repaired(subject: Subject, seen: Look, *, yes: bool) -> Look:
    """The second look, after the repair; the first one when nothing was done."""
    plan = repair.Plan.of(seen.findings)
    _show_plan(plan)
    if plan.blockers or not plan.does_something:
        _say("Nothing was written: the rest is yours to do first.")
        return seen
    if plan.up:
        for line in repair.foreseen(subject, working):
            _say(f"  pulumi up --refresh will: {line}")
    if not (yes or _agreed()):
        _say("Nothing was written: nobody agreed (--yes agrees beforehand).")
        return seen
    try:
        _repair(subject, seen, plan)
    except (EngineFailedError, repair.RepairRefusedError) as error:
        _say(str(error))  # What is left is for the second look to say.
    return look(subject, working)


def _repair(subject: Subject, seen: Look, plan: repair.Plan) -> None:
    if plan.up:
        repair.up(subject, working)
        _say("pulumi up --refresh has run.")
    if plan.deploy:
        for line in repair.deploy_drafts(subject, seen, working):
            _say(f"{line}.")


def _show_plan(plan: repair.Plan) -> None:
    def tell(heading: str, findings: list[Finding]) -> None:
        if findings:
            _say(heading)
        for one in findings:
            _say(f"  {'BLOCKS ' if one.blocks else ''}{one.id}: {one.what} → {repair_of(one)}")

    tell("Repaired by pulumi up --refresh:", list(plan.up))
    tell("Repaired by deploying the Action's draft (needs create:actions):", list(plan.deploy))
    tell("Not repaired, yours to do:", list(plan.by_hand))


def _agreed() -> bool:
    return sys.stdin.isatty() and typer.confirm("Do it?", err=True)


def _say(line: str) -> None:
    notes().print(Text(line), soft_wrap=True)
