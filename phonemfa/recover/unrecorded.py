"""What a tenant has of a stack that its state does not know, and whether it is as declared.

Two things leave such objects behind. A run that was killed: the engine records a creation before
the request and its outcome after the answer; in between only the tenant knows. And an answer that
got lost: the engine takes the creation for failed and forgets it, a second one is refused (403 for
an Action, 409 for a template), and so is every further one. What the next `up` would create is in
a preview, so both are found by looking for that in the tenant.

Guardian and the tenant's settings are one a tenant, and simply declared again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.tenant import action, phone_provider, phone_template, trigger
from components.tenant.action import Action
from components.tenant.model import differences, known
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import About, Snapshot
from components.tenant.trigger import Binding
from phonemfa.answered import RefusedError
from phonemfa.pulumi.state import Resource, State

ABOUT: Final = frozenset({About.ACTIONS, About.BINDINGS, About.PROVIDER, About.TEMPLATES})
"""What is to be read of the tenant."""


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


def unrecorded(tenant: Snapshot, state: State, creations: Iterable[Resource]) -> Iterator[Found]:
    """What the tenant has of these creations.

    Args:
        tenant: with what is in `ABOUT`.
        state: of the stack.
        creations: those that a killed run had begun, or that the next `up` would do.

    Raises:
        AmbiguousError: naming the candidates; only a person can tell them apart.
    """
    ids = {one.id for one in state.resources if one.id}
    for one in sorted(creations, key=lambda one: one.type == trigger.TOKEN):
        looked = _LOOKED_UP.get(one.type)
        candidates = [
            found for found in (looked(tenant, one, ids) if looked else ()) if found.id not in ids
        ]
        if len(candidates) > 1:
            raise AmbiguousError(
                f"The tenant has {len(candidates)} objects that can be {one.name}: "
                f"{', '.join(f'{found.called} ({found.id})' for found in candidates)}. Delete "
                "those that nobody needs, in the Dashboard, and run the command again."
            )
        for found in candidates:
            ids.add(found.id)
            yield found


def _found(resource: Resource, wanted: Any, there: Any, identifier: str, called: str) -> Found:
    differs = tuple(one.part.field.replace("_", " ") for one in differences(wanted, there))
    return Found(resource=resource, id=identifier, called=called, differs=differs)


def _actions(tenant: Snapshot, one: Resource, _ids: Collection[str]) -> Iterator[Found]:
    wanted = Action.recorded(one.inputs)
    for there in tenant.actions_on(wanted.trigger):
        if there.name == wanted.name:
            yield _found(one, wanted, there, there.id, f"Action {there.name}")


def _bindings(tenant: Snapshot, one: Resource, ids: Collection[str]) -> Iterator[Found]:
    # Of an Action that is in the state, or goes into it.
    for wanted in Binding.recorded(one.inputs):
        for there in tenant.bindings_of(wanted.trigger):
            if there.action_id in ids:
                called = f"binding of {there.action_name or there.display_name}"
                yield _found(one, wanted, there, there.pulumi_id, called)


def _providers(tenant: Snapshot, one: Resource, _ids: Collection[str]) -> Iterator[Found]:
    there = known(tenant.provider, None)
    if there:
        called = f"phone provider {there.name}"
        yield _found(one, PhoneProvider.recorded(one.inputs), there, there.id, called)


def _templates(tenant: Snapshot, one: Resource, _ids: Collection[str]) -> Iterator[Found]:
    kind = str(one.inputs["type"])
    there = known(tenant.templates, {}).get(kind)
    if there:
        wanted = PhoneTemplate.recorded(one.inputs)
        yield _found(one, wanted, there, there.id, f"template {kind}")


_LOOKED_UP: Final[
    Mapping[str, Callable[[Snapshot, Resource, Collection[str]], Iterator[Found]]]
] = {
    action.TOKEN: _actions,
    trigger.TOKEN: _bindings,
    phone_provider.TOKEN: _providers,
    phone_template.TOKEN: _templates,
}
