"""One declared Action beside what the state and the tenant have of it.

Owns finding our Action among a tenant's, and comparing when things were written. Refuses to judge:
the rules are in `actions` and `action_secrets`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from components.phone_mfa import settings_behind
from phonemfa.applied import Applied
from phonemfa.drift.declared import DeclaredAction, configuration_of, secret_names
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
    applied: Applied

    @property
    def draft_names(self) -> frozenset[str]:
        """Names of the secrets of the draft."""
        return frozenset(one["name"] for one in (self.ours or {}).get("secrets") or [])

    @property
    def draft_secrets(self) -> dict[str, datetime]:
        """When each secret of the draft was written, by name, as far as the tenant tells."""
        return secret_times(self.ours or {})

    @property
    def undeclared(self) -> list[str]:
        """Secrets of the draft that neither the stack nor what it applied last knows of."""
        if self.declared.secret_names is None:
            return []
        return sorted(self.draft_names - self.declared.secret_names - self._applied_names)

    @property
    def missing(self) -> list[str]:
        """Declared secrets that the draft does not have, and that are not only to be applied."""
        if self.declared.secret_names is None:
            return []
        lacking = self.declared.secret_names - self.draft_names
        settled = self.applied.settings is not None
        return sorted(lacking & self._applied_names if settled else filter(self._is_known, lacking))

    @property
    def unapplied(self) -> dict[str, tuple[str | None, str | None]]:
        """Configuration that the stack declares otherwise than it was applied: both, by name.

        Of what is unknown, only what is new with this version.
        """
        declared, settings = self.declared.configuration, self.applied.settings
        if declared is None:
            return {}
        before = (configuration_of(settings) or {}) if settings else declared
        return {
            name: (declared.get(name), None if name in self.new_names else before.get(name))
            for name in sorted(declared.keys() | before.keys())
            if name in self.new_names
            or (declared.get(name) != before.get(name) and self._is_known(name))
        }

    @property
    def new_names(self) -> frozenset[str]:
        """Declared configuration that the version which ran last had no setting for."""
        declared = self.declared.configuration if self.ours else None
        lacking = (declared or {}).keys() - self.draft_names
        return frozenset(name for name in lacking if not self._is_known(name))

    def _is_known(self, name: str) -> bool:
        """Whether the version that ran last knew this secret."""
        if self.applied.is_of_another_version:
            return any(
                one["name"] == name for one in (self.deployed_by_us or {}).get("secrets") or ()
            )
        return settings_behind(name).isdisjoint(self.applied.unrecorded)

    @property
    def up_sends_all(self) -> bool:
        """Whether the next `pulumi up` writes every secret of the Action and deploys it."""
        return bool(self.unapplied) and not self.undeclared

    @property
    def _applied_names(self) -> frozenset[str]:
        settings = self.applied.settings
        names = secret_names(configuration_of(settings)) if settings else None
        return frozenset(filter(self._is_known, names or ()))

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
        theirs = self.undeclared or self.missing or self.secrets_after_deploy
        return bool(theirs) and secret_times(self.deployed or {}) != self.draft_secrets


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
        applied=recorded.applied,
    )


def secret_times(holder: Json) -> dict[str, datetime]:
    """When each secret of an Action or a version was written, by name, as far as it is told."""
    return {
        one["name"]: _time(one["updated_at"])
        for one in holder.get("secrets") or []
        if one.get("updated_at")
    }


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
