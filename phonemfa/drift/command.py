"""`phonemfa drift`: what of a tenant is not as its stack declares it, and taking it back."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from phonemfa import options
from phonemfa.answered import NO_ANSWER
from phonemfa.audit import Record
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding, drifted
from phonemfa.drift.look import Sides, held, look
from phonemfa.drift.repair import repaired
from phonemfa.drift.report import Report, as_document, as_object, cases, keep_issue
from phonemfa.exits import Exit
from phonemfa.files import write_whole
from phonemfa.output.issues import HostError, issues_of_this_run, post_issues
from phonemfa.output.json_text import print_json
from phonemfa.output.junit import as_junit
from phonemfa.output.terminal import give_up, say, show, working
from phonemfa.pulumi.stack_file import read_stack_file


def drift(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json_: options.AsJson = False,
    junit: options.Junit = None,
    issue: Annotated[
        bool,
        typer.Option(
            "--issue",
            help="Keep an issue (GitHub, GitLab) about it, and one while nobody can look: opened, "
            "updated, closed.",
        ),
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Id of a finding to live with: a notice from now on. Repeatable."),
    ] = None,
    repairing: Annotated[
        bool, typer.Option("--repair", help="Show what would be done, ask, and do it.")
    ] = False,
    any_checkout: Annotated[
        bool,
        typer.Option(
            "--any-checkout",
            envvar="PHONEMFA_ANY_CHECKOUT",
            help="Repair from this checkout though it is not the commit that was deployed, or has "
            "changes.",
        ),
    ] = False,
    no_state: Annotated[
        bool,
        typer.Option(
            "--no-state",
            help="Compare repository and tenant alone: needs neither Pulumi's state nor what "
            "decrypts it.",
        ),
    ] = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Compare a live tenant with its stack. Reads only, unless --repair is given.

    Exit status: 0 no drift, 7 drift, 2 no answer.

    Example: python -m phonemfa drift --stack prod --junit drift.xml
    """
    record = Record.of(context, "drift --repair", audit_file)
    report = Report(stack=stack or "", domain="")
    try:
        if no_state and repairing:
            give_up("--repair runs pulumi up, which needs the state: leave --no-state out.")
        wanted = read_stack_file(project, stack, file=config_file)
        report = replace(report, stack=wanted.stack, domain=wanted.access.domain)
        if issue:
            issues_of_this_run()  # A missing variable is told before the work, not after.

        def once() -> tuple[Sides, list[Finding]]:
            at = look(wanted, wanted.access, working, with_state=not no_state)
            return at, check(at, accepted=accept or [])

        at, findings = once()
        if repairing and drifted(findings):
            record.before = [one.id for one in findings]
            if repaired(wanted, at, findings, record, yes=yes, any_checkout=any_checkout):
                at, findings = once()
                record.after = [one.id for one in findings]
        report = replace(report, findings=findings, compared=len(held(at.declared)))
    except (*NO_ANSWER, HostError) as error:
        report = replace(report, failure=str(error))
    _tell(report, as_json=as_json_, junit=junit, issue=issue)
    if drifted(report.findings):
        raise typer.Exit(Exit.DRIFTED)


def _tell(report: Report, *, as_json: bool, junit: Path | None, issue: bool) -> None:
    """Say it wherever asked for; a failure too, so that no earlier file or issue is believed."""
    failure = report.failure
    if junit:
        write_whole(junit, as_junit("drift", report.stack, cases(report)))
    if as_json and not failure:
        print_json(as_object(report))
    elif not failure:
        show(as_document(report))
    if issue:
        try:
            post_issues(lambda issues: keep_issue(issues, report))
        except HostError as error:
            if not failure:
                give_up(str(error))  # The result has been told.
            if str(error) != failure:
                say(str(error))
    if failure:
        give_up(failure)
