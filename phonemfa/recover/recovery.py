"""What a tenant has of a stack that its state does not know, and putting it there.

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
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from components.tenant import action, phone_provider, phone_template, trigger
from components.tenant.action import Action
from components.tenant.model import differences, known
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import About, Snapshot
from components.tenant.trigger import Binding
from phonemfa.answered import RefusedError
from phonemfa.pulumi.engine import PulumiCli, to_import
from phonemfa.pulumi.preview import Operation, Step
from phonemfa.pulumi.state import STACK, Pending, Resource, State

ABOUT: Final = frozenset({About.ACTIONS, About.BINDINGS, About.PROVIDER, About.TEMPLATES})
"""What is to be read of the tenant."""

_CREATING: Final = "creating"


class AmbiguousError(RefusedError):
    """More than one object of the tenant can be what a stack declares."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The tenant has what was to be created.

    Attributes:
        resource: what the state lacks.
        id: as `pulumi import` takes it.
        called: what it is, in words.
        differs: the parts in which it is not what the stack declares, in words.
    """

    resource: Resource
    id: str
    called: str
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is to settle.

    Attributes:
        found: is in the tenant, and goes into the state.
        absent: was begun and never made, or is declared again whatever the tenant has.
        repeated: updates and deletions; the next `up` does them once more by itself.
        components: those of the program that the state does not have yet.
    """

    found: Sequence[Found]
    absent: Sequence[Resource]
    repeated: Sequence[Pending]
    components: Sequence[Resource]

    @classmethod
    def of(cls, tenant: Snapshot, state: State, steps: Iterable[Step] = ()) -> Self:
        """Compare a state with its tenant.

        Args:
            tenant: as it is.
            state: of the stack.
            steps: of a preview; without them, only what a killed run had begun is looked for.

        Raises:
            AmbiguousError: several objects can be what the stack declares.
        """
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


def settle(cli: PulumiCli, plan: Plan) -> None:
    """Carry a plan out on the state.

    Raises:
        EngineFailedError: the engine refused; the state is as it was, or a part of it is settled.
    """
    if plan.found:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "import.json"
            path.write_text(json.dumps(import_file(plan)), encoding="utf-8")
            cli.import_resources(path)
    cli.forget_pending_creates()


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
    ids = {one.id for one in state.resources if one.id}
    # A binding is of an Action that is in the state, or goes into it: it comes last.
    for one in sorted(creations, key=lambda one: one.type == trigger.TOKEN):
        candidates = [found for found in _candidates(tenant, one, ids) if found.id not in ids]
        if len(candidates) > 1:
            raise AmbiguousError(
                f"The tenant has {len(candidates)} objects that can be {one.name}: "
                f"{', '.join(f'{found.called} ({found.id})' for found in candidates)}. Delete "
                "those that nobody needs, in the Dashboard, and run the command again."
            )
        for found in candidates:
            ids.add(found.id)
            yield found


def _candidates(tenant: Snapshot, one: Resource, ids: Collection[str]) -> Iterator[Found]:
    match one.type:
        case action.TOKEN:
            wanted = Action.recorded(one.inputs)
            for there in tenant.actions_on(wanted.trigger):
                if there.name == wanted.name:
                    yield _found(one, wanted, there, there.id, f"Action {there.name}")
        case trigger.TOKEN:
            for binding in Binding.recorded(one.inputs):
                for bound in tenant.bindings_of(binding.trigger):
                    if bound.action_id in ids:
                        called = f"binding of {bound.action_name or bound.display_name}"
                        yield _found(one, binding, bound, bound.pulumi_id, called)
        case phone_provider.TOKEN:
            provider = known(tenant.provider, None)
            if provider:
                declared = PhoneProvider.recorded(one.inputs)
                called = f"phone provider {provider.name}"
                yield _found(one, declared, provider, provider.id, called)
        case phone_template.TOKEN:
            kind = str(one.inputs["type"])
            template = known(tenant.templates, {}).get(kind)
            if template:
                text = PhoneTemplate.recorded(one.inputs)
                yield _found(one, text, template, template.id, f"template {kind}")


def _found(resource: Resource, wanted: Any, there: Any, identifier: str, called: str) -> Found:
    differs = tuple(one.part.field.replace("_", " ") for one in differences(wanted, there))
    return Found(resource=resource, id=identifier, called=called, differs=differs)
