"""`phonemfa recover`: after a `pulumi` run that was killed, or whose requests got no answer."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from components.tenant import snapshot
from components.tenant.client import ask
from phonemfa import options
from phonemfa.answered import answered
from phonemfa.asking import on_terminal
from phonemfa.audit import Record
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, working
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.locks import Lock, locks_in
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.recover.recovery import ABOUT, Found, Plan, settle


@answered
def recover(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    unlock: Annotated[
        bool,
        typer.Option(
            "--unlock",
            help="Remove the stack's lock: the run that holds it is known to have ended.",
        ),
    ] = False,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    as_json: options.AsJson = False,
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
) -> None:
    """After a killed `pulumi up`, or a lost answer: make the next plain `pulumi up` go on.

    Removes a dead run's lock, compares state and tenant resource by resource, and puts into the
    state what was made in the tenant and not recorded. Only the state is written.

    Exit status: 0 settled, or nothing to settle; 2 nothing was written.

    Example: python -m phonemfa recover --stack prod
    """
    record = Record.of(context, "recover", audit_file)
    wanted = read_stack_file(project, stack, file=config_file)
    cli, name, access = wanted.cli, wanted.stack, wanted.access
    agree = partial(record.agree, stack=name, access=access)
    try:
        locks = _unlocked(cli, asked_to=unlock, agree=agree)
        with working(f"comparing the state with {access.domain}") as heard:
            steps = cli.preview().everything
            experiences = wanted.settings.experiences
            tenant = ask(
                access,
                lambda client: snapshot.read(client, ABOUT, experiences=experiences),
                heard=heard,
            )
            plan = Plan.of(tenant, cli.state(), steps)
        if not plan.empty:
            for line in lines_of(plan):
                say(line)
            agree("settle that in the state; the tenant is not written to", yes=yes)
            with working("settling the state"):
                settle(cli, plan)
            record.after = as_dict(plan, locks)
    except KeyboardInterrupt:
        give_up("Stopped as asked. What is settled stays so; run this again for the rest.")
    if as_json:
        print_json(as_dict(plan, locks))
    if plan.empty and not locks:
        nothing = (
            "no lock, no unfinished operation, and the tenant has nothing that up would create"
        )
        say(f"Nothing to recover: {nothing}.")
    else:
        say(f"Now finish the work: pulumi up --stack {name}")


def _unlocked(cli: PulumiCli, *, asked_to: bool, agree: Callable[..., None]) -> list[Lock]:
    """The locks that were in the way and are gone now."""
    try:
        with working("looking whether the stack is locked"):
            cli.touch()
    except EngineFailedError as error:
        locks = locks_in(str(error))
        if not locks:
            raise
    else:
        return []
    for lock in locks:
        say(f"The stack is locked by {lock.holder}{_seen_from_here(lock)}.")
    if not asked_to and not on_terminal():
        give_up(
            "Nothing was written: taking the lock of a run that still works would let two runs "
            "write at once. Make sure that it has ended (its CI job, its terminal, its "
            "machine), then run this again with --unlock."
        )
    holders = ", ".join(lock.holder for lock in locks)
    agree(f"remove the lock of {holders}, whose run has ended for certain", yes=asked_to)
    cli.cancel()
    say("The lock is removed.")
    return locks


def _seen_from_here(lock: Lock) -> str:
    return ", and no process of this machine has that number" if lock.looks_dead else ""


def lines_of(plan: Plan) -> list[str]:
    """What is in the tenant or was begun, and what becomes of it."""
    return [
        *(
            f"{one.resource.name}: in the tenant ({one.called}, {one.id}), not in the state; goes "
            f"into it. {_compared(one)}"
            for one in plan.found
        ),
        *(f"{one.name}: its creation was begun; the next up makes it" for one in plan.absent),
        *(
            f"{one.resource.name}: cut short while {one.kind}; the next up repeats it"
            for one in plan.repeated
        ),
    ]


def _compared(found: Found) -> str:
    if not found.differs:
        return "It is what the stack declares."
    return f"Not as declared: {', '.join(found.differs)}; the next up writes that."


def as_dict(plan: Plan, locks: Sequence[Lock]) -> dict[str, Any]:
    """The result for machines."""
    return {
        "removed_locks": [one.holder for one in locks],
        "imported": [
            {"name": one.resource.name, "id": one.id, "differs": list(one.differs)}
            for one in plan.found
        ],
        "made_by_the_next_up": [one.name for one in plan.absent],
        "repeated_by_the_next_up": [
            {"name": one.resource.name, "was": one.kind} for one in plan.repeated
        ],
    }
