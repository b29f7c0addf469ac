"""`phonemfa fleet`: preview, apply or check many stacks in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from components.config_files import stack_names
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.asking import Target, agree, need_a_person
from phonemfa.audit import Record
from phonemfa.fleet.run import (
    Outcome,
    Outcomes,
    as_document,
    as_object,
    exit_of,
    left_of,
    run,
    shown,
)
from phonemfa.fleet.selection import Member, by_tenant, listed, part_of, read_member, select, waves
from phonemfa.fleet.work import Site, Tell, work
from phonemfa.output.document import Code, Paragraph
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, notes, say, show
from phonemfa.pulumi.engine import PulumiCli
from phonemfa.pulumi.processes import Engines, stopped_by_signals

LOGS: Final = Path(".phonemfa") / "fleet"
PARALLEL: Final = 4
"""An engine with its program and plugin was seen to take 280 MiB, and to wait for its tenant most
of the time."""

Command = Literal["preview", "up", "drift", "list"]


@answered
def fleet(
    *,
    what: Annotated[Command, typer.Argument(help="What to do at each stack.")],
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", help="A stack, or a glob in quotes; repeat it for several."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every stack with a file.")] = False,
    stacks_from: Annotated[
        Path | None, typer.Option("--stacks-from", help="A file with one stack name a line.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="A stack or glob to leave out. Repeatable.")
    ] = None,
    include_protected: Annotated[
        bool,
        typer.Option(
            "--include-protected",
            help="Let --all and globs take production and phonemfa:protect along, for `up`.",
        ),
    ] = False,
    shard: Annotated[
        str, typer.Option("--shard", help="Only part K of N, such as 3/8, for a machine each.")
    ] = "",
    canary: Annotated[
        list[str] | None,
        typer.Option(
            help="`up` these first (name or glob; repeat for more waves), and stop if one fails."
        ),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Stacks at once.")] = PARALLEL,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Compare with the tenant instead of with the state.")
    ] = False,
    policy_pack: Annotated[
        list[str] | None, typer.Option(help="A policy pack, as for pulumi. Repeatable.")
    ] = None,
    env_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder with <stack>.env: variables of single stacks, such as AUTH0_CLIENT_ID."
        ),
    ] = None,
    stack_timeout: Annotated[
        float, typer.Option("--stack-timeout", min=1, help="Seconds that one stack may take.")
    ] = 900.0,
    log_dir: Annotated[
        Path | None,
        typer.Option(help="Where the engines' logs go. Default: .phonemfa/fleet of the project."),
    ] = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """Preview, apply, check or list many stacks in one go. One that fails stops no other.

    `up` asks once, with what would change. Ctrl-C lets running engines end their step. Run it again
    for what is left: a stack that is applied costs its tenant no request.

    Exit status: 0 fine, 1 a stack failed, 2 a stack has no answer, 7 drift.

    Example: python -m phonemfa fleet up --stack 'tenant-*' --canary tenant-01
    """
    given: dict[str, object] = {
        "--canary": canary,
        "--yes": yes,
        "--include-protected": include_protected,
        "--refresh": refresh,
        "--policy-pack": policy_pack,
    }
    if what == "up":
        Record(command="fleet up", file=audit_file).prepare()
    _check(what, [name for name, value in given.items() if value], shard=shard)
    if env_dir and not env_dir.is_dir():
        give_up(f"--env-dir {env_dir} is no folder.")
    members, left_out = select(
        stack_names(project),
        lambda one: read_member(project, one, env_dir=env_dir),
        patterns=stack or [],
        every=every,
        listed=listed(stacks_from) if stacks_from else (),
        excluded=exclude or [],
        include_protected=include_protected,
        writes=what == "up",
    )
    if shard:
        members = part_of(members, shard)
    if what == "list":
        _list(members, left_out, shard, as_json=as_json)
        return
    turns = waves(members, canary or [])
    members = [one for wave in turns for one in wave]
    _warn(members, left_out)
    PulumiCli(project, None).run("version")  # Without a CLI nothing is begun.
    site = Site(
        project=project.absolute(),
        command=what,
        engines=Engines(),
        logs=_private(log_dir or project / LOGS),
        seconds=stack_timeout,
        refresh=refresh,
        policy_packs=tuple(str(Path(one).absolute()) for one in policy_pack or []),
        audit_file=audit_file,
    )
    outcomes: Outcomes = {}
    if what == "up" and not yes:
        need_a_person()
        outcomes = _agreed(site, turns, parallel)
    outcomes = _run(site, f"fleet {what}", turns, parallel, outcomes)
    if as_json:
        about = {"command": what, "shard": shard or None, "left_out": left_out}
        print_json({**about, **as_object(outcomes)})
    else:
        after = [Paragraph(("Logs: ", Code(str(site.logs))))]
        after += [Paragraph((f"left out: {one} ({why})",)) for one, why in left_out.items()]
        if left_over := ", ".join(left_of(outcomes)):
            again = "Run the same again: what is done costs no request."
            after.append(Paragraph((f"Left: {left_over}. {again}",)))
        show(as_document(f"fleet {what}", outcomes, after))
    raise typer.Exit(exit_of(outcomes.values()))


def _agreed(site: Site, turns: Sequence[Sequence[Member]], parallel: int) -> Outcomes:
    """Ask, with what would change; what needs no `up`, or can have none, is answered now."""
    title, together = "what `up` would change", [one for wave in turns for one in wave]
    found = _run(replace(site, command="preview"), title, [together], parallel, {})
    if site.engines.stopping:
        give_up("Stopped while it was previewed. Nothing was written.")
    show(as_document(title, found), notes())
    changing = [one for one, end in found.items() if end.settled and end.changes]
    if changing:
        first = turns[0] if len(turns) > 1 else []
        canaries = f", first {', '.join(one.stack for one in first)}" if first else ""
        targets = [Target(one.stack, one.domain) for one in changing]
        agree(f"apply what is shown above{canaries}", *targets, yes=False)
    return {one: end for one, end in found.items() if one not in changing}


def _run(
    site: Site, title: str, turns: Sequence[Sequence[Member]], parallel: int, known: Outcomes
) -> Outcomes:
    """The site's command at every stack whose outcome is not known."""
    members = [one for wave in turns for one in wave]
    left = len(members) - len(known)
    if not left:
        return known
    doing = partial(_recorded if site.command == "up" else work, site)
    title += f": {left} stacks, {parallel} at once"
    with shown(title, members, known) as board, stopped_by_signals(site.engines):
        run(turns, doing, board, parallel=parallel, stopping=lambda: site.engines.stopping)
    return board.outcomes


def _recorded(site: Site, member: Member, tell: Tell) -> Outcome:
    """An `up` at one stack, with a record of it."""
    with Record(command="fleet up", file=site.audit_file).kept() as record:
        who = member.credential
        record.begin("pulumi up", stack=member.stack, tenant=member.domain, credential=who)
        outcome = work(site, member, tell)
        record.after, record.exit = dict(outcome.changes), exit_of([outcome])
    return outcome


def _check(what: Command, given: Sequence[str], *, shard: str) -> None:
    """See that the options go together."""
    may = {"up": {*given}, "preview": {"--refresh", "--policy-pack"}}
    wrong = [f"{name} with {what}" for name in given if name not in may.get(what, ())]
    if "--canary" in given and shard:
        wrong.append(
            "--canary with --shard: one canary is for all shards; run it in a job before them"
        )
    if wrong:
        give_up("These do not go together: " + "; ".join(wrong) + ".")


def _list(
    members: Sequence[Member], left_out: Mapping[str, str], shard: str, *, as_json: bool
) -> None:
    """Whose turn it would be: one name a line, for a shell or a matrix."""
    if as_json:
        stacks = [
            {"stack": one.stack, "tenant": one.domain, "protected": one.protected}
            for one in members
        ]
        print_json({"shard": shard or None, "stacks": stacks, "left_out": left_out})
    else:
        for one in members:
            typer.echo(one.stack)
    _warn(members, left_out)


def _warn(members: Sequence[Member], left_out: Mapping[str, str]) -> None:
    for first, *others in by_tenant(members):
        if others:
            stacks = ", ".join(one.stack for one in (first, *others))
            say(
                f"WARNING: {stacks} name the same tenant, {first.domain}: likely a mistake, as "
                "each would undo what the other declares. They run one after another."
            )
    for stack, reason in left_out.items():
        say(f"left out: {stack} ({reason})")


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        give_up(f"No log can be kept in {folder}: {error}. --log-dir names another folder.")
    return folder
