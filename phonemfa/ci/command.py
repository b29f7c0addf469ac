"""`phonemfa ci`: what the workflows of a company's repository call.

People use the other commands; these are for the scripts in `ci/` that `phonemfa new` writes.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from phonemfa import options
from phonemfa.answered import answered
from phonemfa.ci import in_sandbox
from phonemfa.ci.change import Kind, change_of
from phonemfa.ci.change import take as taken
from phonemfa.exits import Exit
from phonemfa.output.github import GitHub
from phonemfa.output.issues import HostError
from phonemfa.output.terminal import give_up, say
from phonemfa.report.pull_request import post_comment

ci = typer.Typer(
    name="ci",
    help="What the workflows of your repository call (`phonemfa new` writes them).",
    no_args_is_help=True,
    add_completion=False,
)

ChangeFolder = Annotated[
    Path, typer.Argument(help="A checkout of the pull request, merged into its base.")
]


@ci.command()
def kind(change: ChangeFolder, *, project: options.Project = Path()) -> None:
    """Print "data" when a change is stack files and texts alone, else "program"."""
    found = change_of(project, change)
    for path in found.program:
        say(f"more than data: {path}")
    typer.echo(found.kind)


@ci.command()
@answered
def take(
    change: ChangeFolder,
    *,
    whatever_else: Annotated[
        bool,
        typer.Option(
            "--whatever-else", help="Also of a change that is more than data; its rest stays out."
        ),
    ] = False,
    project: options.Project = Path(),
) -> None:
    """Put a change's stack files and texts into this checkout, and nothing else of it."""
    for path in taken(project, change, whatever_else=whatever_else):
        say(f"taken: {path}")


@ci.command(name="without-secrets")
@answered
def without_secrets(file: Annotated[Path, typer.Argument(help="A stack's file.")]) -> None:
    """Print a stack's file without its encrypted values and what decrypts them."""
    typer.echo(in_sandbox.without_secrets(file), nl=False)


@ci.command(name="in-sandbox")
@answered
def move_into_sandbox(
    stack: Annotated[str, typer.Argument(help="A stack.")],
    *,
    domain: Annotated[str, typer.Option(help="Where the sandbox's tenant is: host:port.")],
    project: options.Project = Path(),
) -> None:
    """Have a stack be one of the sandbox's: its file and tenants.toml, in this checkout."""
    in_sandbox.move_into_sandbox(project, stack, domain)


@ci.command()
def comment(
    *,
    commit: Annotated[str, typer.Option(help="The pull request's newest commit.")],
    folder: Annotated[
        Path | None, typer.Option(help="Has STACK.md for each stack (`ci/preview`).")
    ] = None,
    stack: Annotated[list[str] | None, typer.Option(help="A stack; repeat it.")] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Before the previews: what the change is.")
    ] = None,
    change: Annotated[Path | None, typer.Option(help="A checkout of the pull request.")] = None,
    project: options.Project = Path(),
) -> None:
    """Write the one comment of a pull request: what is under way, or the stacks' reports."""
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit):
        give_up("--commit is no commit: give its SHA.")
    if folder is None:
        program = change_of(project, change).program if change else ()
        post_comment(_under_way(commit[:10], kind, program))
        return
    reports = {one: folder / f"{one}.md" for one in stack or ()}
    parts = [f"Commit `{commit[:10]}`."]
    parts += [
        file.read_text(encoding="utf-8").strip()
        if file.is_file()
        else f"**`{one}`**: no report. Its preview was not run to its end."
        for one, file in reports.items()
    ]
    post_comment("\n\n".join(parts) + "\n")
    if not all(file.is_file() for file in reports.values()):
        raise typer.Exit(Exit.FAULTY)


def _under_way(commit: str, kind: Kind | None, program: Sequence[str]) -> str:
    text = f"Commit `{commit}` is being previewed. What stood here was about an earlier one.\n"
    if kind is Kind.OUTSIDE:
        return (
            f"{text}\nIt comes from a fork or from Dependabot, so it gets no credentials: this "
            "repository does not know who wrote it, and what a preview runs could pass them on. "
            "Its stack files and texts are previewed in a sandbox.\n"
        )
    if kind is Kind.PROGRAM:
        listed = "".join(f"- `{path.replace('`', chr(39))}`\n" for path in program[:20])
        more = f"- and {len(program) - 20} more\n" if len(program) > 20 else ""  # noqa: PLR2004
        text += (
            "\nIt changes more than stack files and texts, so it gets no credentials before an "
            f"owner has looked at these and approved the run:\n\n{listed}{more}"
        )
    return text


@ci.command()
def propose(
    *,
    branch: Annotated[str, typer.Option(help="A branch that was pushed.")],
    title: Annotated[str, typer.Option(help="Of the pull request.")],
    base: Annotated[str, typer.Option(help="Where it goes.")] = "main",
) -> None:
    """Open a pull request for what an operation changed in a stack's file."""
    text = (
        "The tenant has this already. Until it is merged, a deploy of this stack would take it "
        "back.\n"
    )
    try:
        url = GitHub().open_pull(branch, base=base, title=title, body=text)
    except HostError as error:
        give_up(str(error))
    say(f"pull request: {url}")
