"""What the engine keeps of a stack: its resources, what a run left unfinished, its last update.

A resource has one form, in a state (`pulumi stack export`) and on both sides of a preview's step.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from components.tenant.action import Action
from components.tenant.model import sealed

STACK: Final = "pulumi:pulumi:Stack"
"""The type of the stack itself, which is a resource too and at the root of all others."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource; `UNSEEN` stands for secrets and for what only the apply will tell.

    Attributes:
        id: the provider's; empty for a component, and for what is not made yet.
        is_custom: a provider has it, as it has no component.
        left_alone: properties whose changes the program ignores (`ignore_changes`).
        unfinished: its last write failed half-way. A refresh makes Pulumi forget that.
        is_replaced: another has taken its place already, and it waits to be deleted.
    """

    type: str
    urn: str
    id: str = ""
    parent: str = ""
    is_custom: bool = True
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    left_alone: Collection[str] = frozenset()
    unfinished: bool = False
    is_replaced: bool = False

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """One of a state, or one side of a step, as the engine prints it.

        Raises:
            KeyError, TypeError: it is in no known form; a preview may come from anywhere.
        """
        kind = told.get("type", "")
        if not isinstance(kind, str):
            raise TypeError("a type that is no text")
        return cls(
            type=kind,
            urn=str(told["urn"]),
            id=str(told.get("id") or ""),
            parent=str(told.get("parent") or ""),
            is_custom=bool(told.get("custom")),
            inputs=_object(told.get("inputs")),
            outputs=_object(told.get("outputs")),
            protect=bool(told.get("protect")),
            left_alone=frozenset(told.get("ignoreChanges") or ()),
            unfinished=bool(told.get("initErrors")),
            is_replaced=bool(told.get("delete")),
        )

    @property
    def name(self) -> str:
        return name_in(self.urn)

    @property
    def known(self) -> Mapping[str, Any]:
        """What the tenant is known to have: outputs, and inputs where there is no output."""
        return {**self.inputs, **self.outputs}

    @property
    def action(self) -> Action:
        return Action.recorded(self.outputs, identifier=self.id)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What was begun at a resource ("creating", "updating", "deleting") and not seen to end."""

    kind: str
    resource: Resource


@dataclass(frozen=True, kw_only=True)
class State:
    """A stack's state; of several unfinished operations at one resource the last counts."""

    resources: Sequence[Resource] = ()
    pending: Sequence[Pending] = ()

    @classmethod
    def of(cls, deployment: Mapping[str, Any]) -> Self:
        """From the `deployment` that `pulumi stack export` prints."""
        begun = [
            Pending(kind=str(one["type"]), resource=Resource.of(one["resource"]))
            for one in deployment.get("pending_operations") or ()
        ]
        return cls(
            resources=[Resource.of(one) for one in deployment.get("resources") or ()],
            pending=[*{one.resource.urn: one for one in begun}.values()],
        )

    def all(self, kind: str) -> list[Resource]:
        """The resources of a type that are to stay."""
        return [one for one in self.resources if one.type == kind and not one.is_replaced]


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What an update of a stack was run from: a commit, empty where there was none."""

    commit: str = ""
    is_changed: bool = True

    @classmethod
    def of(cls, history: Sequence[Mapping[str, Any]]) -> Self:
        """That of the newest `pulumi up` in what `pulumi stack history --json` prints."""
        updates = [one.get("environment") or {} for one in history if one["kind"] == "update"]
        told = updates[0] if updates else {}
        return cls(commit=told.get("git.head", ""), is_changed=told.get("git.dirty") != "false")


def name_in(urn: str) -> str:
    """The name of a resource in the program."""
    return urn.rpartition("::")[2]


def _object(value: Any) -> Mapping[str, Any]:
    found = sealed(value)
    return found if isinstance(found, Mapping) else {}
