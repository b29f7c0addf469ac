"""`phonemfa fleet`: preview, apply or check many stacks in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from components.config_files import stack_names
from phonemfa import options
from phonemfa.asking import Target, agree, need_a_person
from phonemfa.audit import Record
from phonemfa.fleet.run import Outcome, Work, as_document, as_object, exit_of, left_of, run, shown
from phonemfa.fleet.selection import (
    Member,
    SelectionError,
    Shard,
    Wanted,
    listed,
    read_member,
    same_tenant,
    select,
    waves,
)
from phonemfa.output.document import Block, Code, Paragraph
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, notes, say, show
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.processes import Engines, stopped_by_signals

if TYPE_CHECKING:
    from phonemfa.fleet.work import Site

LOGS: Final = Path(".phonemfa") / "fleet"
STACK_TIMEOUT: Final = 900.0
PARALLEL: Final = 4
"""An engine with its program and plugin was seen to take 280 MiB, and to wait for its tenant most
of the time."""


class Command(StrEnum):
    """What is done at each stack."""

    PREVIEW = "preview"
    UP = "up"
    DRIFT = "drift"
    LIST = "list"


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Whose turn it is."""

    waves: list[list[Member]]
    left_out: dict[str, str]

    @property
    def members(self) -> list[Member]:
        return [one for wave in self.waves for one in wave]


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
    ] = STACK_TIMEOUT,
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
    if what is Command.UP:
        Record(command="fleet up", file=audit_file).prepare()
    try:
        _check(what, [name for name, value in given.items() if value], shard=shard)
        if env_dir and not env_dir.is_dir():
            give_up(f"--env-dir {env_dir} is no folder.")
        wanted = Wanted(
            patterns=stack or [],
            every=every,
            listed=listed(stacks_from) if stacks_from else (),
            excluded=exclude or [],
            include_protected=include_protected,
            writes=what is Command.UP,
        )
        chosen = select(
            stack_names(project), wanted, lambda one: read_member(project, one, env_dir=env_dir)
        )
        members = Shard.of(shard).part(chosen.members) if shard else chosen.members
        if what is Command.LIST:
            _list(members, chosen.left_out, shard, as_json=as_json)
            return
        plan = _Plan(waves=waves(members, canary or []), left_out=chosen.left_out)
        _warn(members, plan.left_out)
        # With pulumi.automation half a second: only when something runs.
        from phonemfa.fleet.engine import find_cli  # noqa: PLC0415
        from phonemfa.fleet.work import Site, Worker  # noqa: PLC0415

        site = Site(
            project=project.absolute(),
            command=what,
            engines=Engines(),
            cli=find_cli(),
            logs=_private(log_dir or project / LOGS),
            seconds=stack_timeout,
            refresh=refresh,
            policy_packs=tuple(str(Path(one).absolute()) for one in policy_pack or []),
        )

        def work_of(site: Site) -> Work:
            work = Worker(site).work
            return _recorded(work, audit_file) if site.command == Command.UP else work

        going = _Going(plan=plan, parallel=parallel, site=site, work_of=work_of)
        outcomes = going.go(yes=yes)
    except (EngineFailedError, SelectionError) as error:
        give_up(str(error))
    _tell(plan, what, shard, outcomes, site.logs, as_json=as_json)
    raise typer.Exit(exit_of(outcomes.values()))


def _recorded(work: Work, audit_file: Path | None) -> Work:
    """The same, with a record of each stack that an `up` begins at."""

    def recording(member: Member, tell: Callable[[str], None]) -> Outcome:
        with Record(command="fleet up", file=audit_file) as record:
            record.begin(
                "pulumi up",
                stack=member.stack,
                tenant=member.domain,
                credential=member.credential,
            )
            outcome = work(member, tell)
            record.after, record.exit = dict(outcome.changes), exit_of([outcome])
        return outcome

    return recording


def _check(what: Command, given: Sequence[str], *, shard: str) -> None:
    """See that the options go together."""
    runs = {"--refresh", "--policy-pack"}
    may = {Command.UP: given, Command.PREVIEW: [one for one in given if one in runs]}
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
    for domain, stacks in same_tenant(members).items():
        say(
            f"WARNING: {', '.join(stacks)} name the same tenant, {domain}: likely a mistake, as "
            "each would undo what the other declares. They run one after another."
        )
    for stack, reason in left_out.items():
        say(f"left out: {stack} ({reason})")


def _tell(
    plan: _Plan,
    what: Command,
    shard: str,
    outcomes: Mapping[str, Outcome],
    logs: Path,
    *,
    as_json: bool,
) -> None:
    if as_json:
        about = {"command": what.value, "shard": shard or None, "left_out": plan.left_out}
        print_json({**about, **as_object(plan.members, outcomes)})
        return
    left = left_of(plan.members, outcomes)
    after: list[Block] = [Paragraph(("Logs: ", Code(str(logs))))]
    after += [Paragraph((f"left out: {one} ({why})",)) for one, why in plan.left_out.items()]
    if left:
        told = f"Left: {', '.join(left)}. Run the same again: what is done costs no request."
        after.append(Paragraph((told,)))
    show(as_document(f"fleet {what}", plan.members, outcomes, after))


@dataclass(frozen=True, kw_only=True)
class _Going:
    """One run while it goes on."""

    plan: _Plan
    parallel: int
    site: Site
    work_of: Callable[[Site], Work]

    def go(self, *, yes: bool) -> dict[str, Outcome]:
        """Do it at every stack; for `up`, ask before."""
        known: dict[str, Outcome] = {}
        if self.site.command == Command.UP and not yes:
            need_a_person()
            known = self._agreed()
        number = len(self.plan.members) - len(known)
        if not number:
            return known
        title = f"fleet {self.site.command}: {number} stacks, {self.parallel} at once"
        return self._run(self.site, title, self.plan.waves, known)

    def _agreed(self) -> dict[str, Outcome]:
        """Ask, with what would change; what needs no `up`, or can have none, is answered now."""
        members = self.plan.members
        found = self._run(
            replace(self.site, command=Command.PREVIEW),
            f"what `up` would change: {len(members)} stacks, {self.parallel} at once",
            [members],
            {},
        )
        if self.site.engines.stopping:
            give_up("Stopped while it was previewed. Nothing was written.")
        show(as_document("what `up` would change", members, found), notes())
        changing = {one for one, end in found.items() if end.settled and end.changes}
        if changing:
            first = self.plan.waves[0] if len(self.plan.waves) > 1 else []
            canaries = f", first {', '.join(one.stack for one in first)}" if first else ""
            targets = [Target(one.stack, one.domain) for one in members if one.stack in changing]
            agree(f"apply what is shown above{canaries}", *targets, yes=False)
        return {stack: end for stack, end in found.items() if stack not in changing}

    def _run(
        self,
        site: Site,
        title: str,
        turns: Sequence[Sequence[Member]],
        known: Mapping[str, Outcome],
    ) -> dict[str, Outcome]:
        work = self.work_of(site)
        with (
            shown(title, self.plan.members, known) as board,
            stopped_by_signals(self.site.engines),
        ):
            run(
                turns,
                work,
                board,
                parallel=self.parallel,
                stopping=lambda: self.site.engines.stopping,
            )
        return board.outcomes


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        give_up(f"No log can be kept in {folder}: {error}. --log-dir names another folder.")
    return folder
