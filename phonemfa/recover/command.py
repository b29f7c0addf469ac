"""`phonemfa recover`: after a `pulumi` run that was killed, or whose requests got no answer.

Two things leave such objects behind. A run that was killed: the engine records a creation before
the request and its outcome after the answer; in between only the tenant knows. And an answer that
got lost: the engine takes the creation for failed and forgets it, a second one is refused (403 for
an Action, 409 for a template), and so is every further one. What the next `up` would create is in
a preview, so both are found by looking for that in the tenant. Guardian and the tenant's settings
are one a tenant, and simply declared again.

What the tenant has goes into the state first (`pulumi import`), and only then the marks of
unfinished creations go: killed in between, it can be run again. `pulumi refresh
--import-pending-creates` drops the mark and imports nothing (measured with 3.259), after which the
object is in the tenant and in nobody's state.
"""

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Self

import typer

from components.tenant import action, phone_provider, phone_template, snapshot, trigger
from components.tenant.action import Action
from components.tenant.client import ask
from components.tenant.model import differences, known
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import About, Snapshot
from components.tenant.trigger import Binding
from phonemfa import options
from phonemfa.answered import RefusedError, answered
from phonemfa.asking import on_terminal
from phonemfa.audit import Record
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import give_up, say, working
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli, to_import
from phonemfa.pulumi.locks import Lock, locks_in
from phonemfa.pulumi.preview import Operation, Step
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.pulumi.state import STACK, Pending, Resource, State

ABOUT: Final = frozenset({About.ACTIONS, About.BINDINGS, About.PROVIDER, About.TEMPLATES})
"""What is to be read of the tenant."""

_CREATING: Final = "creating"


@dataclass(frozen=True, kw_only=True)
class Found:
    """The tenant has the resource that was to be created, with this id for `pulumi import`.

    `called` is what it is, and `differs` the parts in which it is not as declared, in words.
    """

    resource: Resource
    id: str
    called: str
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is to settle."""

    found: Sequence[Found]
    """Goes into the state."""
    absent: Sequence[Resource]
    """Was begun and never made, or is declared again whatever the tenant has."""
    repeated: Sequence[Pending]
    """Updates and deletions; the next `up` does them once more by itself."""
    components: Sequence[Resource]
    """Those of the program that the state does not have yet."""

    @classmethod
    def of(cls, tenant: Snapshot, state: State, steps: Iterable[Step] = ()) -> Self:
        """Compare a state with its tenant; without a preview's steps, what was begun alone."""
        begun = {one.resource.urn: one.resource for one in state.pending if one.kind == _CREATING}
        created = (one.after for one in steps if one.operation is Operation.CREATE)
        to_come = {one.urn: one for one in created if one}
        found = list(_unrecorded(tenant, state, (begun | to_come).values()))
        made = {one.resource.urn for one in found}
        return cls(
            found=found,
            absent=[one for urn, one in begun.items() if urn not in made],
            repeated=[one for one in state.pending if one.kind != _CREATING],
            components=[
                one for one in to_come.values() if not one.type.startswith(("auth0:", "pulumi:"))
            ],
        )

    @property
    def empty(self) -> bool:
        """Whether state and tenant agree."""
        return not (self.found or self.absent or self.repeated)


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
            with working("settling the state"), tempfile.TemporaryDirectory() as folder:
                if plan.found:
                    path = Path(folder) / "import.json"
                    path.write_text(json.dumps(import_file(plan)), encoding="utf-8")
                    cli.import_resources(path)
                cli.touch("--clear-pending-creates")
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
        dead = ", and no process of this machine has that number" if lock.looks_dead else ""
        say(f"The stack is locked by {lock.holder}{dead}.")
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


def lines_of(plan: Plan) -> Iterator[str]:
    """What is in the tenant or was begun, and what becomes of it."""
    for one in plan.found:
        compared = "It is what the stack declares."
        if one.differs:
            compared = f"Not as declared: {', '.join(one.differs)}; the next up writes that."
        yield (
            f"{one.resource.name}: in the tenant ({one.called}, {one.id}), not in the state; goes "
            f"into it. {compared}"
        )
    for resource in plan.absent:
        yield f"{resource.name}: its creation was begun; the next up makes it"
    for each in plan.repeated:
        yield f"{each.resource.name}: cut short while {each.kind}; the next up repeats it"


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


def import_file(plan: Plan) -> dict[str, Any]:
    """What `pulumi import --file` reads.

    A parent that is in the state is told by its URN; one that is not is declared in the file.
    """
    missing = {one.urn: one for one in plan.components}
    components: dict[str, Resource] = {}
    known: dict[str, str] = {}
    for one in plan.found:
        parent = one.resource.parent
        while parent in missing:
            components[parent] = missing[parent]
            parent = missing[parent].parent
        if _parent(parent):
            known[_parent(parent)] = parent
    declared = [*reversed(components.values()), *(one.resource for one in plan.found)]
    ids = {one.resource.urn: one.id for one in plan.found}
    resources = [
        to_import(one.type, one.name, ids.get(one.urn, ""), _parent(one.parent)) for one in declared
    ]
    return {"nameTable": known, "resources": resources}


def _parent(urn: str) -> str:
    """The name of a parent; the stack itself needs none."""
    kind, _, name = urn.rpartition("::")
    return "" if kind.endswith(f"::{STACK}") else name


def _unrecorded(tenant: Snapshot, state: State, creations: Iterable[Resource]) -> Iterator[Found]:
    """What the tenant has of what a killed run had begun, or the next `up` would do."""
    # By type and id: a tenant may call objects of two types alike.
    there = {(one.type, one.id) for one in state.resources if one.id}
    # A binding is of an Action that is in the state, or goes into it: it comes last.
    for one in sorted(creations, key=lambda one: one.type == trigger.TOKEN):
        actions = {identifier for kind, identifier in there if kind == action.TOKEN}
        candidates = _candidates(tenant, one, actions)
        new = [found for found in candidates if (one.type, found.id) not in there]
        if len(new) > 1:
            raise RefusedError(
                f"The tenant has {len(new)} objects that can be {one.name}: "
                f"{', '.join(f'{found.called} ({found.id})' for found in new)}. Delete "
                "those that nobody needs, in the Dashboard, and run the command again."
            )
        there.update((one.type, found.id) for found in new)
        yield from new


def _candidates(tenant: Snapshot, one: Resource, actions: Collection[str]) -> Iterator[Found]:
    """What of a tenant can be a resource; `actions` are the ids that a binding may be of."""

    def found(wanted: Any, there: Any, identifier: str, called: str) -> Found:
        differs = tuple(one.part.field.replace("_", " ") for one in differences(wanted, there))
        return Found(resource=one, id=identifier, called=called, differs=differs)

    match one.type:
        case action.TOKEN:
            wanted = Action.recorded(one.inputs)
            for there in tenant.actions_on(wanted.trigger):
                if there.name == wanted.name:
                    yield found(wanted, there, there.id, f"Action {there.name}")
        case trigger.TOKEN:
            for binding in Binding.recorded(one.inputs):
                for bound in tenant.bindings_of(binding.trigger):
                    if bound.action_id in actions:
                        called = f"binding of {bound.action_name or bound.display_name}"
                        yield found(binding, bound, bound.pulumi_id, called)
        case phone_provider.TOKEN:
            if provider := known(tenant.provider, None):
                declared = PhoneProvider.recorded(one.inputs)
                yield found(declared, provider, provider.id, f"phone provider {provider.name}")
        case phone_template.TOKEN:
            kind = str(one.inputs["type"])
            if template := known(tenant.templates, {}).get(kind):
                text = PhoneTemplate.recorded(one.inputs)
                yield found(text, template, template.id, f"template {kind}")
