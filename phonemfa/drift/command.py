"""`phonemfa drift`: what of a tenant is not as its stack declares it, and taking it back."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from phonemfa import options
from phonemfa.answered import NO_ANSWER, RefusedError
from phonemfa.asking import Target, agreed
from phonemfa.audit import Record
from phonemfa.drift import repair
from phonemfa.drift.check import check
from phonemfa.drift.findings import Finding, Repair, is_drift
from phonemfa.drift.look import Sides, held, look
from phonemfa.drift.report import Report, as_document, as_entry, as_object, cases, keep_issue
from phonemfa.exits import Exit
from phonemfa.files import write_whole
from phonemfa.output.document import Document, Entries, Section
from phonemfa.output.issues import HostError, issues_of_this_run, post_issues
from phonemfa.output.json_text import print_json
from phonemfa.output.junit import as_junit
from phonemfa.output.terminal import give_up, notes, say, show, working
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.preview import Operation
from phonemfa.pulumi.stack_file import StackFile, read_stack_file

_STEPS: Final = {
    Repair.UP: "run pulumi up --refresh",
    Repair.DEPLOY: "deploy the Action's draft",
}
_HEADINGS: Final = {
    Repair.UP: "Repaired by pulumi up --refresh",
    Repair.DEPLOY: "Repaired by deploying the Action's draft (needs create:actions)",
    Repair.BY_HAND: "Not repaired, yours to do",
}


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
        if repairing and is_drift(findings):
            plan = repair.plan_of(findings)
            record.before = [one.id for one in findings]
            if _repaired(wanted, at, plan, record, yes=yes, any_checkout=any_checkout):
                at, findings = once()
                record.after = [one.id for one in findings]
        report = replace(report, findings=findings, compared=len(held(at.declared)))
    except (*NO_ANSWER, HostError) as error:
        report = replace(report, failure=str(error))
    _tell(report, as_json=as_json_, junit=junit, issue=issue)
    if report.drifted:
        raise typer.Exit(Exit.DRIFTED)


def _tell(report: Report, *, as_json: bool, junit: Path | None, issue: bool) -> None:
    """Say it wherever asked for; a failure too, so that no earlier file or issue is believed."""
    failure = report.failure
    if junit:
        suite = f"phonemfa drift {report.stack}"
        write_whole(junit, as_junit(suite, cases(report), classname=f"drift.{report.stack}"))
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


def _repaired(
    wanted: StackFile,
    at: Sides,
    plan: repair.Plan,
    record: Record,
    *,
    yes: bool,
    any_checkout: bool,
) -> bool:
    """Whether anything was done, all of it or not: then a second look says what is left."""
    _show_plan(plan)
    if not repair.is_possible(plan):
        say("Nothing was written: the rest is yours to do first.")
        return False
    other = "" if any_checkout else repair.why_another(wanted.project, wanted.cli.last_update())
    if other:
        say(
            f"Nothing was written: a repair applies this checkout, and {other}. Check out what "
            "was deployed; or, if this is what the tenant is to have, --any-checkout."
        )
        return False
    if plan[Repair.UP]:
        with working("pulumi preview --refresh"):
            changes = wanted.cli.preview(refresh=True).changes
        for one in changes:
            if one.operation is not Operation.SAME:
                say(f"pulumi up --refresh will: {one.line}")
    what = " and ".join(said for way, said in _STEPS.items() if plan[way])
    access = wanted.access
    record.prepare()
    if not agreed(what, Target(wanted.stack, access.domain), yes=yes):
        return False
    record.begin(what, stack=wanted.stack, tenant=access.domain, credential=access.who)
    try:
        if plan[Repair.UP]:
            with working("pulumi up --refresh"):
                wanted.cli.up()
            say("pulumi up --refresh has run.")
        if plan[Repair.DEPLOY]:
            for line in repair.deploy_drafts(wanted, at, plan[Repair.DEPLOY]):
                say(f"{line}.")
    except KeyboardInterrupt:
        give_up(
            "Stopped as asked: what was repaired so far stays. "
            "python -m phonemfa drift says what is left."
        )
    except (EngineFailedError, RefusedError) as error:
        say(str(error))
    return True


def _show_plan(plan: repair.Plan) -> None:
    told = tuple(
        Section(heading, (Entries(tuple(map(as_entry, plan[way]))),))
        for way, heading in _HEADINGS.items()
        if plan[way]
    )
    show(Document("", told), notes())
