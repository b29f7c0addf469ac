"""What Pulumi's state recorded of the tenant, and what a refresh would change in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.tenant.action import Action
from phonemfa.applied import Applied
from phonemfa.pulumi.engine import Refreshed, is_change


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of the state; `outputs` as recorded.

    `unfinished`: its last write failed half-way. A refresh makes Pulumi forget that.
    """

    type: str
    urn: str
    id: str
    outputs: Mapping[str, Any]
    unfinished: bool = False

    @property
    def action(self) -> Action:
        """An Action, as the model has it."""
        return Action.recorded(self.outputs, identifier=self.id)


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
    def of(cls, refreshed: Refreshed) -> Recorded:
        """The auth0 resources and changes among the steps of a refresh."""
        steps = [step for step in refreshed.steps if _is_auth0(step)]
        return cls(
            resources=tuple(_resource(step) for step in steps),
            changes=tuple(_change(step) for step in steps if is_change(step)),
            applied=Applied.of(step.get("oldState") or {} for step in refreshed.steps),
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


def _is_auth0(step: Mapping[str, Any]) -> bool:
    state = step.get("oldState") or {}
    return str(state.get("type", "")).startswith("auth0:") and not state.get("delete")


def _resource(step: Mapping[str, Any]) -> Resource:
    state = step["oldState"]
    return Resource(
        type=state["type"],
        urn=step["urn"],
        id=state.get("id", ""),
        outputs=state.get("outputs") or {},
        unfinished=bool(state.get("initErrors")),
    )


def _change(step: Mapping[str, Any]) -> Change:
    new = step.get("newState") or {}
    return Change(
        resource=_resource(step),
        gone=step["op"] == "delete",
        paths=tuple(sorted(step.get("detailedDiff") or step.get("diffReasons") or ())),
        after=new.get("outputs") or {},
    )
