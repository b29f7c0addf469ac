"""`phonemfa fleet`: preview, apply or check many stacks in one go.

Owns the order: what is meant, one question, the run, its summary and exit status. Refuses the
steps themselves: each has a module.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from phonemfa import options as shared
from phonemfa.asking import agree, need_a_person
from phonemfa.engine import EngineFailedError
from phonemfa.fleet import options
from phonemfa.fleet.capacity import default_parallel
from phonemfa.fleet.conductor import PATIENCE, Conductor, Pace
from phonemfa.fleet.members import Member, read_member, same_tenant, stack_names
from phonemfa.fleet.options import Asked, Command, OptionsError
from phonemfa.fleet.outcome import Outcome, exit_of
from phonemfa.fleet.progress import shown
from phonemfa.fleet.record import (
    FOLDER,
    Options,
    Run,
    RunFileError,
    RunFolder,
    latest,
    refuse_stale,
)
from phonemfa.fleet.report import as_json, show_outcomes, show_summary
from phonemfa.fleet.selection import SelectionError, Shard, Wanted, listed, select, waves
from phonemfa.output.terminal import give_up, notes, results

if TYPE_CHECKING:
    from phonemfa.fleet.work import Site

STACK_TIMEOUT = 900.0


def fleet(
    *,
    what: options.What,
    stack: options.Stacks = None,
    every: options.Every = False,
    stacks_from: options.StacksFrom = None,
    exclude: options.Exclude = None,
    include_protected: options.IncludeProtected = False,
    shard: options.ShardText = "",
    canary: options.Canary = None,
    parallel: options.Parallel = None,
    refresh: options.Refresh = False,
    policy_pack: options.PolicyPack = None,
    env_dir: options.EnvDir = None,
    stack_timeout: options.Timeout = STACK_TIMEOUT,
    patience: options.Patience = PATIENCE,
    ignore_rate_limit: options.NoAsking = False,
    resume: options.Resume = False,
    run: options.RunId = None,
    run_dir: options.RunDir = None,
    project: shared.Project = Path(),
    as_json_: shared.AsJson = False,
    yes: shared.Yes = False,
) -> None:
    """Preview, apply, check or list many stacks in one go. One that fails stops no other.

    `up` asks once, with a table of what would change. Ctrl-C lets running engines end their step.
    What was interrupted or failed is done by --resume, and nothing else.

    Exit status: 0 fine, 1 a stack failed, 2 a stack has no answer, 7 drift.

    Example: python -m phonemfa fleet up --stack 'tenant-*' --canary tenant-01
    """
    asked = Asked(
        command=what,
        stacks=stack or [],
        every=every,
        stacks_from=stacks_from,
        exclude=exclude or [],
        include_protected=include_protected,
        shard=shard,
        canary=canary or [],
        refresh=refresh,
        policy_packs=policy_pack or [],
        env_dir=env_dir,
        resume=resume,
        run=run,
        yes=yes,
    )
    try:
        asked.check()
        if what is Command.LIST:
            _list(asked, project, as_json_=as_json_)
            return
        plan = _plan(asked, project, run_dir or project / FOLDER)
        pace = Pace.of(what, parallel or default_parallel(), asking=not ignore_rate_limit)
        pace = replace(pace, patience=patience)
        with plan.folder.held():
            _warn(plan.members, plan.left_out)
            _Going(plan, project, pace, stack_timeout).go(yes=yes)
    except (EngineFailedError, OptionsError, RunFileError, SelectionError) as error:
        give_up(str(error))
    if as_json_:
        typer.echo(as_json(plan.run, plan.members, plan.left_out))
    else:
        show_summary(plan.run, plan.members, plan.folder.path, plan.left_out, results())
    raise typer.Exit(exit_of(plan.run.outcome(one) for one in plan.run.stacks))


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Whose turn it is."""

    run: Run
    folder: RunFolder
    members: list[Member]
    left_out: dict[str, str]

    @property
    def waves(self) -> list[list[Member]]:
        by_name = {one.stack: one for one in self.members}
        return [[by_name[stack] for stack in wave] for wave in self.run.waves]


def _plan(asked: Asked, project: Path, root: Path) -> _Plan:
    if asked.resume:
        run = latest(root, asked.command, asked.run)
        env_dir = Path(run.options.env_dir) if run.options.env_dir else None
        members = [read_member(project, one, env_dir=env_dir) for one in run.stacks]
        refuse_stale(run, members, project)
        return _Plan(run=run, folder=RunFolder(root, run), members=members, left_out={})
    ours, left_out = _selected(asked, project)
    run = Run.new(
        asked.command,
        waves(ours, asked.canary),
        project,
        shard=asked.shard,
        options=Options(
            refresh=asked.refresh,
            policy_packs=tuple(str(Path(one).absolute()) for one in asked.policy_packs),
            env_dir=str(asked.env_dir.absolute()) if asked.env_dir else "",
        ),
    )
    by_name = {one.stack: one for one in ours}
    members = [by_name[one] for one in run.stacks]
    return _Plan(run=run, folder=RunFolder(root, run), members=members, left_out=left_out)


def _list(asked: Asked, project: Path, *, as_json_: bool) -> None:
    """Whose turn it would be: one name a line, for a shell or a matrix."""
    ours, left_out = _selected(asked, project)
    if as_json_:
        stacks = [
            {"stack": one.stack, "tenant": one.domain, "protected": one.protected} for one in ours
        ]
        answer = {"shard": asked.shard or None, "stacks": stacks, "left_out": left_out}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        for one in ours:
            typer.echo(one.stack)
    _warn(ours, left_out)


def _selected(asked: Asked, project: Path) -> tuple[list[Member], dict[str, str]]:
    """The stacks of this shard, and who was left out of a wildcard."""
    wanted = Wanted(
        patterns=asked.stacks,
        every=asked.every,
        listed=listed(asked.stacks_from) if asked.stacks_from else (),
        excluded=asked.exclude,
        include_protected=asked.include_protected,
        writes=asked.command is Command.UP,
    )
    shard = Shard.of(asked.shard) if asked.shard else None
    chosen = select(
        stack_names(project),
        wanted,
        lambda stack: read_member(project, stack, env_dir=asked.env_dir),
    )
    return shard.part(chosen.members) if shard else chosen.members, chosen.left_out


def _warn(members: list[Member], left_out: Mapping[str, str]) -> None:
    for domain, stacks in same_tenant(members).items():
        _say(
            f"WARNING: {', '.join(stacks)} name the same tenant, {domain}: likely a mistake, as "
            "each would undo what the other declares. They run one after another."
        )
    for stack, reason in left_out.items():
        _say(f"left out: {stack} ({reason})")


class _Going:
    """One run while it goes on."""

    def __init__(self, plan: _Plan, project: Path, pace: Pace, seconds: float) -> None:
        # With pulumi.automation half a second: only when something runs.
        from phonemfa.fleet.engine import Engines, find_cli  # noqa: PLC0415
        from phonemfa.fleet.work import Site, Worker  # noqa: PLC0415

        self._plan = plan
        self._pace = pace
        self._engines = Engines()
        self._site = Site(
            project=project.absolute(),
            command=plan.run.command,
            options=plan.run.options,
            engines=self._engines,
            cli=find_cli(),
            log=plan.folder.log,
            seconds=seconds,
        )
        self._worker_of = Worker

    def go(self, *, yes: bool) -> None:
        """Do what is left; the run file has it all in the end."""
        run, folder = self._plan.run, self._plan.folder
        settled = {one: run.outcomes[one] for one in run.stacks if run.outcome(one).settled}
        if len(settled) == len(run.stacks):
            _say(f"Run {run.id}: nothing is left to do.")
            return
        if run.command == Command.UP and not yes:
            need_a_person()
            settled |= self._agreed(settled)
        run.outcomes = dict(settled)
        folder.begin()
        number = len(run.stacks) - len(settled)
        title = f"fleet {run.command}: {number} stacks, {self._pace.parallel} at once"
        run.outcomes = self._conduct(self._site, title, settled, folder.settle)
        if folder.failure:
            _say(
                f"WARNING: the run file is behind ({folder.failure}): --resume would repeat stacks "
                "that are done, which changes nothing in them."
            )

    def _agreed(self, settled: Mapping[str, Outcome]) -> dict[str, Outcome]:
        """Ask, with what would change; what needs no `up`, or can have none, is answered now."""
        left = [one for one in self._plan.members if one.stack not in settled]
        found = self._conduct(
            replace(self._site, command=Command.PREVIEW),
            f"what `up` would change: {len(left)} stacks, {self._pace.parallel} at once",
            dict(settled),
            lambda _stack, _outcome: None,
            in_waves=False,
        )
        if self._engines.stopping:
            give_up("Stopped while it was previewed. Nothing was written.")
        show_outcomes("what `up` would change", left, found, notes())
        changing = [one for one in left if found[one.stack].settled and found[one.stack].changes]
        foreseen = {
            one.stack: found[one.stack]
            for one in left
            if not (found[one.stack].settled and found[one.stack].changes)
        }
        if changing:
            first = self._plan.run.waves[0] if len(self._plan.run.waves) > 1 else []
            canaries = f", first {', '.join(first)}" if first else ""
            agree(f"Apply this to {len(changing)} tenants{canaries}?", yes=False)
        return foreseen

    def _conduct(
        self,
        site: Site,
        title: str,
        settled: dict[str, Outcome],
        keep: Callable[[str, Outcome], None],
        *,
        in_waves: bool = True,
    ) -> dict[str, Outcome]:
        turns: Sequence[Sequence[Member]] = self._plan.waves if in_waves else [self._plan.members]
        with shown(title, self._plan.members, settled, keep) as board:

            async def run() -> dict[str, Outcome]:
                conductor = Conductor(self._worker_of(site), self._pace, board)
                with _stopping_by_signal(conductor, self._engines.stop, board.say):
                    return await conductor.run(turns, settled)

            return asyncio.run(run())


@contextmanager
def _stopping_by_signal(
    conductor: Conductor, stop_engines: Callable[[], None], say: Callable[[str], None]
) -> Iterator[None]:
    """Ctrl-C and what a CI system sends end a run in order; twice, at once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        say("Stopping: running engines end the step they are at. Once more ends them at once.")
        conductor.stop()
        stop_engines()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for one in signals:
        loop.add_signal_handler(one, stop)
    try:
        yield
    finally:
        for one in signals:
            loop.remove_signal_handler(one)


def _say(line: str) -> None:
    notes().print(Text(line), soft_wrap=True)
