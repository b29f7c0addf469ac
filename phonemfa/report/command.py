"""`phonemfa report`: what a change does, for whoever reviews it."""

import json
import os
from collections.abc import Callable
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
from phonemfa.report.summary import Environment, as_objects, environment, failed, faulty
from policy.levels import LevelsError

Stacks = Annotated[
    list[str] | None,
    typer.Option(
        "--stack",
        help="A stack; repeat it for several. The selected one when it is left out.",
        envvar="PHONEMFA_STACK",
        show_default=False,
    ),
]
Previews = Annotated[
    list[Path] | None,
    typer.Option(
        "--preview-json",
        help="What `pulumi preview --json --show-sames` printed, instead of running it; repeat it.",
    ),
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", help="Write the comment here, not to the terminal.")
]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write the page with phones here.")]
Comment = Annotated[
    bool, typer.Option("--comment", help="Post the one comment of the pull request, or update it.")
]
Pull = Annotated[
    int | None, typer.Option(min=1, help="The pull request, when the workflow does not name it.")
]
Preface = Annotated[str, typer.Option(help="What the report says before all else.")]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="Exit with 1 when somebody may be locked out, or a secret go astray."
    ),
]
Base = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="The project without the change, as a checkout: to name the rules that it relaxes.",
    ),
]


def report(
    *,
    stack: Stacks = None,
    preview_json: Previews = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    base: Base = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    comment: Comment = False,
    pull: Pull = None,
    preface: Preface = "",
    strict: Strict = False,
    as_json_: options.AsJson = False,
) -> None:
    """Tell reviewers what a change does to each environment, from a real preview. Reads only.

    Example: python -m phonemfa report --stack dev --stack prod --html report.html

    Exit status: 0, 1 when a mandatory rule is broken (or somebody may be locked out or a secret
    go astray, with --strict), 2 when a preview could not be had or the report not be delivered.
    """
    if preview_json:
        environments = [
            _reported(path.stem, partial(_from_file, path, project), base) for path in preview_json
        ]
    else:
        if config_file and len(stack or []) > 1:
            give_up("--config-file is one stack's: give one --stack with it.")
        try:
            names = stack or [name_of(project, None)]
        except StackFileError as error:
            give_up(f"{error}\nOr --preview-json FILE.")
        environments = [
            _reported(one, partial(_from_engine, one, project, config_file), base) for one in names
        ]
    text = as_comment(environments, whole=whole_report(os.environ), preface=preface)
    if markdown:
        write_whole(markdown, text)
    if html:
        write_whole(html, as_page(as_document(environments, preface=preface)))
    if as_json_:
        print_json(as_objects(environments))
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
        answer = json_in(written.decode(json.detect_encoding(written)))
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
