"""What Pulumi's state recorded of the tenant, and what a refresh would change in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.tenant.action import Action
from phonemfa.applied import Applied
from phonemfa.pulumi.preview import Operation, Step
from phonemfa.pulumi.state import Resource


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a refresh would change in one resource.

    `paths` are the properties that differ, as the engine writes them (`phone.messageTypes[1]`);
    none when the resource is gone from the tenant.
    """

    resource: Resource
    gone: bool
    paths: tuple[str, ...]
    after: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The state of a stack beside what a refresh would make of it.

    `applied` is what the last run applied of the stack's settings. `is_seen` is false where no
    state was read: then no resource is known, which does not mean that there is none.
    """

    resources: tuple[Resource, ...]
    changes: tuple[Change, ...]
    applied: Applied
    is_seen: bool = True

    @classmethod
    def unseen(cls) -> Recorded:
        """Where nobody looked: a nightly job has neither the state nor what decrypts it."""
        return cls(resources=(), changes=(), applied=Applied.not_read(), is_seen=False)

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Recorded:
        """The auth0 resources and changes among the steps of a refresh."""
        there = [(one, one.before) for one in steps if one.before and not one.before.is_replaced]
        ours = [(step, one) for step, one in there if one.type.startswith("auth0:")]
        return cls(
            resources=tuple(one for _, one in ours),
            changes=tuple(_change(step, one) for step, one in ours if step.is_change),
            applied=Applied.of(one for _, one in there),
        )

    def all(self, type_: str) -> list[Resource]:
        """The resources of one type."""
        return [one for one in self.resources if one.type == type_]

    def one(self, type_: str, **outputs: Any) -> Resource | None:
        """The resource of one type whose outputs have these values."""
        for found in self.all(type_):
            if all(found.outputs.get(name) == value for name, value in outputs.items()):
                return found
        return None

    def action(self, trigger: str) -> Resource | None:
        """The Action of one trigger."""
        actions = self.all(Action.TOKEN)
        return next((one for one in actions if one.action.trigger == trigger), None)


def _change(step: Step, resource: Resource) -> Change:
    return Change(
        resource=resource,
        gone=step.operation is Operation.DELETE,
        paths=tuple(sorted(step.paths)),
        after=step.after.outputs if step.after else {},
    )
