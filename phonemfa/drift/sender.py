"""One declared Action beside what the state and the tenant have of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from components.settings.model import StackSettings
from components.tenant.action import (
    KEY_SECRET,
    Action,
    Version,
    configuration,
    moment,
    settings_behind,
)
from components.tenant.model import differences, known, seen
from components.tenant.snapshot import Snapshot
from components.tenant.trigger import Binding
from phonemfa.applied import Applied
from phonemfa.drift.live import Live
from phonemfa.drift.recorded import Recorded
from phonemfa.pulumi.state import Resource


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One declared Action beside what the state and the tenant have of it."""

    declared: Action
    binding: Binding | None
    recorded: Resource | None
    ours: Action | None
    foreign: tuple[Action, ...]
    bindings: tuple[Binding, ...]
    deployed_by_us: Version | None
    applied: Applied

    @property
    def name(self) -> str:
        """What the stack calls the Action."""
        return seen(self.declared.name)

    @property
    def secret_names(self) -> frozenset[str] | None:
        """Declared names of all its secrets, the key among them; None for an adopted Action."""
        names = self.declared.secret_names
        return frozenset(names) if isinstance(names, tuple) else None

    @property
    def draft_names(self) -> frozenset[str]:
        """Names of the secrets of the draft."""
        return frozenset(known(self.ours.secret_names, ())) if self.ours else frozenset()

    @property
    def draft_secrets(self) -> dict[str, datetime]:
        """When each secret of the draft was written, by name, as far as the tenant tells."""
        return secret_times(self.ours)

    @property
    def undeclared(self) -> list[str]:
        """Secrets of the draft that neither the stack nor what it applied last knows of."""
        if self.secret_names is None:
            return []
        return sorted(self.draft_names - self.secret_names - self._applied_names)

    @property
    def missing(self) -> list[str]:
        """Declared secrets that the draft does not have, and that are not only to be applied."""
        if self.secret_names is None:
            return []
        lacking = self.secret_names - self.draft_names
        settled = self.applied.settings is not None
        return sorted(lacking & self._applied_names if settled else filter(self._is_known, lacking))

    @property
    def unapplied(self) -> dict[str, tuple[str | None, str | None]]:
        """Configuration that the stack declares otherwise than it was applied: both, by name.

        Of what is unknown, only what is new with this version.
        """
        declared, settings = self.declared.configuration, self.applied.settings
        if not isinstance(declared, Mapping):
            return {}
        before = _configuration(settings) if settings else declared
        return {
            name: (declared.get(name), None if name in self.new_names else before.get(name))
            for name in sorted(declared.keys() | before.keys())
            if name in self.new_names
            or (declared.get(name) != before.get(name) and self._is_known(name))
        }

    @property
    def new_names(self) -> frozenset[str]:
        """Declared configuration that the version which ran last had no setting for."""
        declared = self.declared.configuration
        if self.ours is None or not isinstance(declared, Mapping):
            return frozenset()
        lacking = declared.keys() - self.draft_names
        return frozenset(name for name in lacking if not self._is_known(name))

    def _is_known(self, name: str) -> bool:
        """Whether the version that ran last knew this secret."""
        if self.applied.is_of_another_version:
            return self.deployed_by_us is not None and name in self.deployed_by_us.secrets
        return settings_behind(name).isdisjoint(self.applied.unrecorded)

    @property
    def up_sends_all(self) -> bool:
        """Whether the next `pulumi up` writes every secret of the Action and deploys it."""
        return bool(self.unapplied) and not self.undeclared

    @property
    def is_unfinished(self) -> bool:
        """Whether Pulumi knows that its last write of the Action failed half-way."""
        return self.recorded is not None and self.recorded.unfinished

    @property
    def _applied_names(self) -> frozenset[str]:
        settings = self.applied.settings
        if settings is None or settings.adopted:
            return frozenset()
        return frozenset(filter(self._is_known, {KEY_SECRET, *_configuration(settings)}))

    @property
    def deployed(self) -> Version | None:
        """The version that runs."""
        return self.ours.running if self.ours else None

    @property
    def draft_is_declared(self) -> bool:
        """Whether the draft's code, runtime and dependencies are what the stack declares."""
        differing = {one.part.field for one in differences(self.declared, self.ours)}
        return not differing & {"code", "runtime", "dependencies"}

    @property
    def secrets_after_deploy(self) -> list[str]:
        """Names of declared secrets that were written after the stack's own last deploy."""
        names = self.secret_names
        if not self.deployed_by_us or names is None:
            return []
        # Both times are the tenant's own: no other clock takes part.
        ours = moment(self.deployed_by_us.created_at)
        return sorted(
            name for name, written in self.draft_secrets.items() if written > ours and name in names
        )

    @property
    def foreign_secrets_wait(self) -> bool:
        """Whether the draft has secrets that somebody wrote and nobody deployed."""
        if self.secret_names is None:
            return False
        theirs = self.undeclared or self.missing or self.secrets_after_deploy
        return bool(theirs) and secret_times(self.deployed) != self.draft_secrets


def senders(declared: Snapshot, recorded: Recorded, live: Live) -> list[Sender]:
    """Each declared Action with what belongs to it."""
    return [_sender(one, declared, recorded, live) for one in seen(declared.actions)]


def _sender(action: Action, declared: Snapshot, recorded: Recorded, live: Live) -> Sender:
    resource = recorded.action(action.trigger)
    there = live.tenant.actions_on(action.trigger)
    # By id where the state has one: a renamed Action is still ours.
    ours = next((one for one in there if resource and one.id == resource.id), None) or next(
        (one for one in there if not resource and one.name == action.name), None
    )
    return Sender(
        declared=action,
        binding=next(iter(declared.bindings_of(action.trigger)), None),
        recorded=resource,
        ours=ours,
        foreign=tuple(one for one in there if one is not ours),
        bindings=live.tenant.bindings_of(action.trigger),
        deployed_by_us=live.deployed_by_us.get(ours.id) if ours else None,
        applied=recorded.applied,
    )


def _configuration(settings: StackSettings) -> dict[str, str]:
    return {} if settings.adopted else configuration(settings)


def secret_times(holder: Action | Version | None) -> dict[str, datetime]:
    """When each secret of an Action or a version was written, by name, as far as it is told."""
    told = holder.secrets if holder else {}
    return {name: moment(written) for name, written in told.items() if written}
