"""One declared Action beside what the state and the tenant have of it.

Owns finding our Action among a tenant's, and comparing when things were written. Refuses to judge:
the rules are in `actions` and `action_secrets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from phonemfa.drift.declared import DeclaredAction
from phonemfa.drift.live import Json, Live
from phonemfa.drift.recorded import Recorded, Resource


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One declared Action beside what the state and the tenant have of it."""

    declared: DeclaredAction
    recorded: Resource | None
    ours: Json | None
    foreign: tuple[Json, ...]
    bindings: tuple[Json, ...]
    deployed_by_us: Json | None

    @property
    def draft_secrets(self) -> dict[str, datetime]:
        """When each secret of the draft was written, by name."""
        return secret_times(self.ours or {})

    @property
    def deployed(self) -> Json | None:
        """The version that runs."""
        version: Json | None = (self.ours or {}).get("deployed_version")
        return version

    @property
    def draft_is_declared(self) -> bool:
        """Whether the draft's code, runtime and dependencies are what the stack declares."""
        ours = self.ours or {}
        return (
            ours.get("code") == self.declared.code
            and runtime_of(ours) == self.declared.runtime
            and dependencies_of(ours) == self.declared.dependencies
        )

    @property
    def secrets_after_deploy(self) -> list[str]:
        """Names of declared secrets that were written after the stack's own last deploy."""
        names = self.declared.secret_names
        if not self.deployed_by_us or names is None:
            return []
        # Both times are the tenant's own: no other clock takes part.
        ours = _time(self.deployed_by_us["created_at"])
        return sorted(
            name for name, written in self.draft_secrets.items() if written > ours and name in names
        )

    @property
    def foreign_secrets_wait(self) -> bool:
        """Whether the draft has secrets that somebody wrote and nobody deployed."""
        if self.declared.secret_names is None:
            return False
        wrong_names = self.draft_secrets.keys() != self.declared.secret_names
        deployed = secret_times(self.deployed or {})
        return (wrong_names or bool(self.secrets_after_deploy)) and deployed != self.draft_secrets


def senders(declared: Sequence[DeclaredAction], recorded: Recorded, live: Live) -> list[Sender]:
    """Each declared Action with what belongs to it."""
    return [_sender(one, recorded, live) for one in declared]


def _sender(declared: DeclaredAction, recorded: Recorded, live: Live) -> Sender:
    resource = recorded.action(declared.trigger)
    there = live.actions.get(declared.trigger, ())
    # By id where the state has one: a renamed Action is still ours.
    ours = next((one for one in there if resource and one["id"] == resource.id), None) or next(
        (one for one in there if not resource and one["name"] == declared.name), None
    )
    return Sender(
        declared=declared,
        recorded=resource,
        ours=ours,
        foreign=tuple(one for one in there if one is not ours),
        bindings=live.bindings.get(declared.trigger, ()),
        deployed_by_us=live.deployed_by_us.get(ours["id"]) if ours else None,
    )


def recorded_names(resource: Resource | None) -> frozenset[str]:
    """Names of the secrets that the state has of an Action."""
    secrets: Any = resource.inputs.get("secrets") if resource else None
    return frozenset(one["name"] for one in secrets or [])


def secret_times(holder: Json) -> dict[str, datetime]:
    """When each secret of an Action or a version was written, by name."""
    return {one["name"]: _time(one["updated_at"]) for one in holder.get("secrets") or []}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def runtime_of(holder: Json) -> str:
    """The runtime of an Action or a version, as everybody calls it."""
    # The API's name of Node.js 18 differs from everybody else's (management-api.md §4.11).
    return str(holder.get("runtime", "")).removesuffix("-actions")


def dependencies_of(holder: Json) -> frozenset[str]:
    """The npm packages of an Action or a version, each as name@version."""
    return frozenset(
        f"{one.get('name')}@{one.get('version')}" for one in holder.get("dependencies") or []
    )
