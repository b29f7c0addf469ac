"""`phonemfa health`: do codes arrive? By the tenant's own log, read with read:logs alone."""

from pathlib import Path
from typing import Annotated, Final

import typer

from phonemfa import options
from phonemfa.answered import NO_ANSWER
from phonemfa.exits import Exit
from phonemfa.files import write_whole
from phonemfa.health import document
from phonemfa.health.period import hours_of
from phonemfa.health.plots import as_svg, need_plots
from phonemfa.health.reading import log_of
from phonemfa.health.result import Health, look
from phonemfa.output.issues import HostError, Issues, Posted, issues_of_this_run, post_issues
from phonemfa.output.japanese import Language
from phonemfa.output.json_text import print_json
from phonemfa.output.junit import Case, as_junit
from phonemfa.output.markdown import shortened
from phonemfa.output.page import as_page
from phonemfa.output.terminal import give_up, show, working
from phonemfa.pulumi.stack_file import read_stack_file

LABEL: Final = "phone-mfa-health"


def health(
    *,
    stack: options.Stack = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    since: Annotated[
        str, typer.Option(help="How much to look at, up to now: hours or days, at most 31d.")
    ] = "24h",
    requests_per_minute: Annotated[
        int,
        typer.Option(
            min=1,
            max=100_000,
            help="At most so many requests: a login's backend shares the tenant's limit.",
        ),
    ] = 60,
    within: Annotated[
        float, typer.Option(min=0.1, max=600, help="Minutes that reading may take.")
    ] = 10.0,
    as_json_: options.AsJson = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots to this file; it prints on one.")
    ] = None,
    junit: options.Junit = None,
    issue: Annotated[
        bool,
        typer.Option(
            "--issue", help="Keep one issue (GitHub, GitLab) about it: opened, updated, closed."
        ),
    ] = False,
    language: Annotated[
        Language, typer.Option(help="Of the reasons' meanings in the terminal.")
    ] = "en",
) -> None:
    """Say whether codes arrive, by the tenant's log. Reads only (scope read:logs).

    Exit status: 0 well, 8 a level of the stack was passed, 2 no answer, or not a whole one.

    Example: python -m phonemfa health --stack prod --html build/health.html
    """

    def write_junit(cases: list[Case]) -> None:
        if junit:
            write_whole(junit, as_junit("health", stack or "", cases))

    try:
        hours = hours_of(since)
        if html:
            need_plots()
        if issue:
            issues_of_this_run()  # A missing variable is told before the work, not after.
        wanted = read_stack_file(project, stack, file=config_file)
        stack, access = wanted.stack, wanted.access
        with (
            working(f"reading the log of {access.domain}") as heard,
            log_of(access, heard, per_minute=requests_per_minute, seconds=within * 60) as reader,
        ):
            found = look(reader, stack=stack, levels=wanted.settings.health, hours=hours)
    except (*NO_ANSWER, HostError) as error:
        # So that no file of an earlier run is taken for this one's.
        write_junit([document.read_case(error=str(error))])
        give_up(str(error))
    write_junit(document.junit_cases(found))
    if html:
        write_whole(html, as_page(document.as_sheet(found, as_svg(found))))
    if as_json_:
        print_json(document.as_object(found))
    else:
        show(document.as_document(found, language=language))
    if issue:
        try:
            post_issues(lambda issues: _keep_issue(issues, found))
        except HostError as error:
            give_up(str(error))
    if found.findings:
        raise typer.Exit(Exit.UNHEALTHY)
    if not found.is_known:
        raise typer.Exit(Exit.UNANSWERED)


def _keep_issue(issues: Issues, found: Health) -> list[Posted]:
    marker = f"health:{found.stack}"
    if found.findings:
        title = f"Health: codes of stack {found.stack} may not arrive"
        all_of_it = (f"Shortened: python -m phonemfa health --stack {found.stack} shows all.",)
        body = shortened([document.as_issue(found)], note=all_of_it)
        return [issues.upsert_issue(marker, label=LABEL, title=title, body=body)]
    if found.is_known:
        return issues.close_issue(marker, label=LABEL, comment=f"Over: {found.summary}.")
    return []  # Nobody knows whether it is over.
