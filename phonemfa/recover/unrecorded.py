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
from typing import Any, Final, Self

from components.tenant import action, phone_provider, phone_template, trigger
from components.tenant.action import Action
from components.tenant.model import differences, known
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import About, Snapshot
from components.tenant.trigger import Binding

ABOUT: Final = frozenset({About.ACTIONS, About.BINDINGS, About.PROVIDER, About.TEMPLATES})
"""What is to be read of the tenant."""
CREATING: Final = "creating"


class AmbiguousError(Exception):
    """More than one object of the tenant can be what a stack declares."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation on a resource that was begun and not seen to end, or that the next `up` does.

    `kind` is "creating", "updating", "deleting" and so on; `inputs` are as the state or the
    preview has them, secrets hidden.
    """

    kind: str
    urn: str
    type: str
    parent: str
    inputs: Mapping[str, Any]

    @classmethod
    def pending(cls, deployment: Mapping[str, Any]) -> list[Self]:
        """Those of a state (the `deployment` of `pulumi stack export`), each resource once."""
        found = [
            cls._of(str(one["type"]), one["resource"])
            for one in deployment.get("pending_operations") or []
        ]
        return list({one.urn: one for one in found}.values())

    @classmethod
    def to_come(cls, steps: Iterable[Mapping[str, Any]]) -> list[Self]:
        """The creations among the steps of a preview, components among them."""
        return [cls._of(CREATING, one["newState"]) for one in steps if one["op"] == "create"]

    @classmethod
    def _of(cls, kind: str, resource: Mapping[str, Any]) -> Self:
        return cls(
            kind=kind,
            urn=str(resource["urn"]),
            type=str(resource["type"]),
            parent=str(resource.get("parent", "")),
            inputs=resource.get("inputs") or {},
        )

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Found:
    """The tenant has what `operation` creates.

    Attributes:
        operation: the creation.
        id: as `pulumi import` takes it.
        called: what it is, in words.
        differs: the parts in which it is not what the stack declares, in words.
    """

    operation: Operation
    id: str
    called: str
    differs: tuple[str, ...] = ()


def unrecorded(
    tenant: Snapshot, deployment: Mapping[str, Any], creations: Iterable[Operation]
) -> Iterator[Found]:
    """What the tenant has of these creations.

    Args:
        tenant: with what is in `ABOUT`.
        deployment: of `pulumi stack export`.
        creations: of either source.

    Raises:
        AmbiguousError: naming the candidates; only a person can tell them apart.
    """
    ids = {str(one["id"]) for one in deployment.get("resources") or [] if one.get("id")}
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


def _found(operation: Operation, wanted: Any, there: Any, identifier: str, called: str) -> Found:
    differs = tuple(one.part.field.replace("_", " ") for one in differences(wanted, there))
    return Found(operation=operation, id=identifier, called=called, differs=differs)


def _actions(tenant: Snapshot, one: Operation, _ids: Collection[str]) -> Iterator[Found]:
    wanted = Action.recorded(one.inputs)
    for there in tenant.actions_on(wanted.trigger):
        if there.name == wanted.name:
            yield _found(one, wanted, there, there.id, f"Action {there.name}")


def _bindings(tenant: Snapshot, one: Operation, ids: Collection[str]) -> Iterator[Found]:
    # Of an Action that is in the state, or goes into it.
    for wanted in Binding.recorded(one.inputs):
        for there in tenant.bindings_of(wanted.trigger):
            if there.action_id in ids:
                called = f"binding of {there.action_name or there.display_name}"
                yield _found(one, wanted, there, there.pulumi_id, called)


def _providers(tenant: Snapshot, one: Operation, _ids: Collection[str]) -> Iterator[Found]:
    there = known(tenant.provider, None)
    if there:
        called = f"phone provider {there.name}"
        yield _found(one, PhoneProvider.recorded(one.inputs), there, there.id, called)


def _templates(tenant: Snapshot, one: Operation, _ids: Collection[str]) -> Iterator[Found]:
    kind = str(one.inputs["type"])
    there = known(tenant.templates, {}).get(kind)
    if there:
        wanted = PhoneTemplate.recorded(one.inputs)
        yield _found(one, wanted, there, there.id, f"template {kind}")


_LOOKED_UP: Final[
    Mapping[str, Callable[[Snapshot, Operation, Collection[str]], Iterator[Found]]]
] = {
    action.TOKEN: _actions,
    trigger.TOKEN: _bindings,
    phone_provider.TOKEN: _providers,
    phone_template.TOKEN: _templates,
}
