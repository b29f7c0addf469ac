"""An Auth0 tenant's phone MFA as one component, for both generations of tenants.

Which parts a tenant of which generation has, and what waits for what.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from components.guards.creation import CreationGuard
from components.guards.finish_failed_writes import FinishFailedWrites
from components.guards.first_write import EntitlementGuard, GenerationGuard, by_plan, check_sdk
from components.guards.hooks import WriteHooks
from components.guards.policy_last import PolicyLast
from components.guards.same_addresses import SameAddresses
from components.guards.test_message import Messages
from components.resources.delivery import Delivery
from components.resources.factor import Factor
from components.resources.sender import Sender
from components.resources.tenant_switch import TenantSwitch
from components.settings.stack_config import Loaded
from components.tenant import snapshot
from components.tenant.model import seen
from components.tenant.snapshot import Snapshot
from components.tenant.stack_access import TenantAccess
from components.tenant.tenants_file import read_tenants_file
from components.vocabulary import COMPONENT, TRIGGERS, DeliveryMethod, Experience, policy_word


@dataclass(frozen=True, kw_only=True)
class PhoneMfaArgs:
    """Everything one tenant's phone MFA is made of.

    `declared` is the tenant as it is to be: of a stack's own, or as it was found, until the stack
    has taken over what was adopted. While the stack moves its tenant it has an Action of both
    generations. `guards` are transformations around every write: without them a failed write may
    leave the tenant asking for codes that nobody sends. `protect` refuses deletion and
    replacement. `asked` is what the stack's file asks for, without any secret, and the tenant it
    is for: the component's own inputs, so that a preview and the state show it to everybody.
    """

    declared: Snapshot
    cpaas_api_key: pulumi.Input[str]
    asked: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict)
    guards: Sequence[pulumi.ResourceTransformation] = ()
    tenant: TenantAccess | None = None
    """How it is reached, to say what is wrong with credentials that are not taken."""
    protect: bool = False

    @classmethod
    def of(cls, loaded: Loaded) -> Self:
        """The arguments that a stack's settings ask for."""
        settings = loaded.settings
        check_sdk(settings)
        return cls(
            declared=snapshot.declared(settings, loaded.project),
            cpaas_api_key=loaded.cpaas_api_key,
            asked={"settings": settings.plain(), "tenant": loaded.tenant.access.domain},
            guards=list(_guards(loaded)),
            tenant=loaded.tenant,
            protect=settings.protect,
        )


def _guards(loaded: Loaded) -> Iterator[WriteHooks]:
    settings = loaded.settings
    if read_tenants_file(loaded.project).named is None:
        yield SameAddresses(loaded.tenant)
    # While a tenant moves, either generation is right.
    yield GenerationGuard(loaded.tenant, None if settings.transition else settings.experience)
    if parts := by_plan(settings):
        yield EntitlementGuard(loaded.tenant, parts)
    yield CreationGuard(loaded.tenant)
    yield FinishFailedWrites(loaded.tenant)
    methods = [one for one in DeliveryMethod if one in settings.delivery_methods]
    yield PolicyLast(
        loaded.tenant,
        experience=settings.experience,
        gate=settings.gate,
        trial=Messages(to=next(iter(settings.test_numbers), ""), methods=methods),
    )


class PhoneMfa(pulumi.ComponentResource):
    """Phone MFA of one tenant.

    Order, whatever the generation: what sends, what delivers, the tenant's switches, and only
    then the factor with its policy. In transition the parts of both generations exist before the
    tenant is switched, so that a login finds a working sender at every moment.
    """

    senders: dict[Experience, Sender]
    delivery: Delivery | None
    factor: Factor

    def __init__(
        self, name: str, args: PhoneMfaArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        ours = pulumi.ResourceOptions(
            protect=args.protect or None, transformations=list(args.guards)
        )
        super().__init__(
            COMPONENT, name, dict(args.asked), pulumi.ResourceOptions.merge(ours, opts)
        )
        self._name, self._args = name, args
        self.senders = self._senders()
        self.delivery = self._delivery()
        ready = [sender.ready for sender in self.senders.values()]
        ready += self.delivery.ready if self.delivery else []
        ready += self._tenant_switch(ready)
        self.factor = Factor(
            f"{name}-factor", args.declared.guardian, after=ready, opts=self._child()
        )
        # Last of all, as the factor waits for every other part: a run that failed on the way
        # leaves a component without outputs, and so says that what it asked for is not applied.
        asked = dict(args.asked)
        applied = self.factor.policy.apply(lambda _: asked)
        self.register_outputs(
            {
                "applied": applied,
                "action_id": self.sender and self.sender.action_id,
                "policy": self.factor.policy,
            }
        )

    @property
    def policy(self) -> pulumi.Output[str]:
        """When users are asked for a code, in the words of the stack's file."""
        return self.factor.policy.apply(lambda one: policy_word([one]))

    @property
    def sender(self) -> Sender | None:
        """The sender of the tenant's own generation; None when there was none to adopt."""
        return self.senders.get(self._args.declared.experience)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _senders(self) -> dict[Experience, Sender]:
        declared = self._args.declared
        senders = {}
        for experience, trigger in TRIGGERS.items():
            for action in declared.actions_on(trigger):
                legacy = experience is Experience.LEGACY
                senders[experience] = Sender(
                    f"{self._name}-legacy-sender" if legacy else f"{self._name}-sender",
                    action,
                    next(iter(declared.bindings_of(trigger)), None),
                    self._args.cpaas_api_key,
                    self._child(),
                )
        return senders

    def _delivery(self) -> Delivery | None:
        declared, sender = self._args.declared, self.senders.get(Experience.UNIFIED)
        provider, templates = seen(declared.provider), seen(declared.templates)
        if provider is None and not templates:
            return None
        return Delivery(
            f"{self._name}-delivery", provider, templates, sender and sender.ready, self._child()
        )

    def _tenant_switch(self, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        declared = self._args.declared
        settings = seen(declared.settings)
        # A unified tenant that does not move is what it is, and so is one that was found.
        if not (declared.in_transition or settings.mfa_in_actions is True):
            return []
        name, access = f"{self._name}-tenant", self._args.tenant
        return [TenantSwitch(name, settings, after, access, self._child()).ready]
