"""`phonemfa report`: what a change does, for whoever reviews it."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pulumi import RunError

from components.config_files import StackFileError, read_config
from phonemfa import options
from phonemfa.exits import Exit
from phonemfa.files import write_whole
from phonemfa.output.json_text import print_json
from phonemfa.output.page import as_page
from phonemfa.output.terminal import give_up, say, working
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.preview import Preview, PreviewError, json_in, read_preview
from phonemfa.pulumi.stack_file import name_of, refuse_turned
from phonemfa.report.document import as_comment, as_document
from phonemfa.report.pull_request import post_comment, whole_report
from phonemfa.report.summary import Environment, environment, failed, faulty
from policy.levels import LevelsError


def report(
    *,
    stack: Annotated[
        list[str] | None,
        typer.Option(
            help="A stack; repeat it for several. The selected one when it is left out.",
            envvar="PHONEMFA_STACK",
            show_default=False,
        ),
    ] = None,
    preview_json: Annotated[
        list[Path] | None,
        typer.Option(
            help="What `pulumi preview --json --show-sames` printed, instead of running it; repeat "
            "it.",
        ),
    ] = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    base: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="The project without the change, as a checkout: to name the rules that it "
            "relaxes.",
        ),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the comment here, not to the terminal.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the page with phones here.")] = None,
    comment: Annotated[
        bool,
        typer.Option("--comment", help="Post the one comment of the pull request, or update it."),
    ] = False,
    pull: Annotated[
        int | None,
        typer.Option(min=1, help="The pull request, when the workflow does not name it."),
    ] = None,
    preface: Annotated[str, typer.Option(help="What the report says before all else.")] = "",
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 1 when somebody may be locked out, or a secret go astray."
        ),
    ] = False,
    as_json_: options.AsJson = False,
) -> None:
    """Tell reviewers what a change does to each environment, from a real preview. Reads only.

    Example: python -m phonemfa report --stack dev --stack prod --html report.html

    Exit status: 0, 1 when a mandatory rule is broken (or somebody may be locked out or a secret
    go astray, with --strict), 2 when a preview could not be had or the report not be delivered.
    """
    previews: list[tuple[str, Callable[[], tuple[Preview, Path]]]]
    if preview_json:
        previews = [(path.stem, partial(_from_file, path, project)) for path in preview_json]
    else:
        if config_file and len(stack or []) > 1:
            give_up("--config-file is one stack's: give one --stack with it.")
        try:
            names = stack or [name_of(project, None)]
        except StackFileError as error:
            give_up(f"{error}\nOr --preview-json FILE.")
        previews = [(one, partial(_from_engine, one, project, config_file)) for one in names]
    environments = [_reported(name, previewed, base) for name, previewed in previews]
    text = as_comment(environments, whole=whole_report(os.environ), preface=preface)
    if markdown:
        write_whole(markdown, text)
    if html:
        write_whole(html, as_page(as_document(environments, preface=preface)))
    if as_json_:
        print_json([asdict(one) for one in environments])
    elif not (markdown or html or comment):
        typer.echo(text, nl=False)
    if comment:
        post_comment(text, pull)
    if any(one.failure for one in environments):
        raise typer.Exit(Exit.UNANSWERED)
    if faulty(environments, strict=strict):
        raise typer.Exit(Exit.FAULTY)


def _from_engine(stack: str, project: Path, config_file: Path | None) -> tuple[Preview, Path]:
    with working(f"previewing {stack}"):
        # The program is not told of the file, and could not refuse what is in it.
        config = read_config(project, stack, file=config_file)
        refuse_turned(config)
        preview = PulumiCli(config.folder, stack, config_file=config_file).preview()
    return preview, config.folder


def _from_file(path: Path, project: Path) -> tuple[Preview, Path]:
    try:
        written = path.read_bytes()  # as a shell wrote it: UTF-8 or UTF-16
        answer = json_in(written.decode(json.detect_encoding(written), "surrogatepass"))
    except (OSError, ValueError, RecursionError) as error:
        give_up(f"{path} cannot be read as a preview: {error}")
    return read_preview(answer), project


def _reported(
    name: str, previewed: Callable[[], tuple[Preview, Path]], base: Path | None
) -> Environment:
    try:
        preview, project = previewed()
        return environment(preview, project, base=base)
    except (EngineFailedError, LevelsError, PreviewError, RunError, StackFileError) as error:
        # Told in the report too: reviewers of the other environments need theirs all the same,
        # and a comment of an earlier push must not stand.
        say(f"{name}: no preview. {error}")
        return failed(name, str(error))
