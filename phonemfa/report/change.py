"""A previewed change as the report looks at it: its steps, its settings, the tenant on both sides.

`differences`, `risks` and `messages` compare the sides; whether a code can be delivered says
`snapshot.lacking`, as for every other command.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from components.tenant import snapshot
from components.tenant.action import KEY_SECRET, Action
from components.tenant.model import LEFT_ALONE, listed, seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot, Wanted, lacking
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import CHANNELS, TRIGGERS, DeliveryMethod, Experience, policy_word
from phonemfa.pulumi.preview import Operation, Preview, Step
from phonemfa.report.settings import Plain, Settings


@dataclass(frozen=True, kw_only=True)
class Side:
    """A tenant before or after the change, as far as the stack declares it.

    `settings` are by the keys of the stack's file; empty where the preview does not tell them.
    """

    tenant: Snapshot
    settings: Plain
    protected: bool

    @cached_property
    def experience(self) -> Experience | None:
        """The tenant's generation; None where nothing tells it."""
        switches, guardian = self.tenant.settings, self.tenant.guardian
        if isinstance(switches, TenantSettings) and switches.flagged:
            return switches.experience
        # Only a legacy tenant's factor has a provider, and only a unified tenant has one beside it.
        triggers = {one.trigger for one in seen(self.tenant.actions)}
        legacy = triggers == {TRIGGERS[Experience.LEGACY]}
        if isinstance(guardian.selected_provider, str) or legacy:
            return Experience.LEGACY
        declared = guardian.policy is not LEFT_ALONE or self.tenant.provider is not None
        return Experience.UNIFIED if declared else None

    @property
    def policy(self) -> str | None:
        """When a second factor is asked for, in the dashboard's words."""
        told = self.tenant.guardian.policy
        return policy_word([told]) if isinstance(told, str) else None

    @property
    def provider(self) -> PhoneProvider | None:
        return seen(self.tenant.provider)

    @property
    def action(self) -> Action | None:
        """The Action that sends: the one on the trigger of the tenant's own experience."""
        trigger = TRIGGERS[self.experience or Experience.UNIFIED]
        return next(iter(self.tenant.actions_on(trigger)), None)

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Channels by which a code can reach users, in the words of delivery methods."""
        offered, provider = self.tenant.guardian.message_types, self.provider
        if not isinstance(offered, tuple):
            return ()
        open_ = [one for one in DeliveryMethod if CHANNELS[one] in offered]
        if self.experience is not Experience.LEGACY and provider:
            methods = provider.delivery_methods
            open_ = [one for one in open_ if isinstance(methods, tuple) and one in methods]
        return tuple(one.value for one in open_)

    @property
    def texts(self) -> Mapping[str, PhoneTemplate]:
        """What the tenant's own experience sends, by message type."""
        if self.experience is Experience.LEGACY:
            own = self.tenant.guardian.texts
            return {kind.value: PhoneTemplate(text=one, voice=one) for kind, one in own.items()}
        return seen(self.tenant.templates)

    def listed(self, key: str) -> tuple[str, ...]:
        """The texts in a setting that is a list."""
        return tuple(one for one in listed(self.settings.get(key)) if isinstance(one, str))

    @cached_property
    def missing(self) -> str | None:
        """The first thing without which no code can be delivered; None when all is declared."""
        wanted = Wanted(experience=self.experience or Experience.UNIFIED)
        lacks = lacking(self.tenant, wanted)
        # Somebody else's Action, as a stack may adopt it, keeps the secrets that it has.
        ours = bool(self.settings) and not self.settings.get("adopted")
        if ours and self.action and not self.action.has_secrets:
            lacks.append(f"the Action has no secrets, and so no {KEY_SECRET}")
        if isinstance(self.tenant.guardian.message_types, tuple) and not self.channels:
            lacks.append("no channel is left")
        return next(iter(lacks), None)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a preview says that will happen, and what its two sides mean."""

    steps: tuple[Step, ...]
    settings: tuple[Settings, ...]
    before: Side
    after: Side

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """The change of a preview. It is one tenant's: of several components the first counts."""
        settings = tuple(map(Settings.of, preview.components))
        there = [one for one in preview.steps if one.before]
        staying = [one for one in preview.steps if one.new]
        first = settings[0] if settings else None
        return cls(
            steps=preview.steps,
            settings=settings,
            before=Side(
                tenant=snapshot.recorded((one.type, one.old, ()) for one in there),
                settings=(first and first.before) or {},
                protected=bool(there) and all(one.before and one.before.protect for one in there),
            ),
            after=Side(
                tenant=snapshot.recorded((one.type, one.new, one.left_alone) for one in staying),
                settings=(first and first.after) or {},
                protected=bool(staying) and all(one.after and one.after.protect for one in staying),
            ),
        )

    @property
    def changed_settings(self) -> frozenset[str]:
        """Keys of the settings that change."""
        return frozenset(each.key for one in self.settings for each in one.changed)

    @property
    def ends_transition(self) -> bool:
        """Whether a tenant has moved, and what served its other generation goes."""
        moved = self.before.tenant.in_transition and not self.after.tenant.in_transition
        return moved and self.after.action is not None

    def touched(self, model: Any, *operations: Operation) -> list[Step]:
        return [
            one for one in self.steps if one.type == model.TOKEN and one.operation in operations
        ]

    def actions(self) -> list[Step]:
        """Steps on Actions of the phone triggers."""
        return [
            one
            for one in self.steps
            if one.type == Action.TOKEN and (one.will or one.was).trigger in TRIGGERS.values()
        ]
