"""An Auth0 tenant's phone MFA as one component, for both generations of tenants.

Which parts a tenant of which generation has, and what waits for what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from components.action_code import assemble
from components.guards.entitlement import EntitlementGuard, by_plan, check_sdk
from components.guards.finish_failed_writes import FinishFailedWrites
from components.guards.generation import GenerationGuard
from components.guards.hooks import WriteHooks
from components.guards.keep_sender import KeepSender
from components.guards.name_recover import NameRecover
from components.guards.policy_last import PolicyLast
from components.guards.same_addresses import SameAddresses
from components.resources.delivery import Delivery, DeliveryArgs
from components.resources.factor import Factor, FactorArgs
from components.resources.sender import Sender, SenderArgs
from components.resources.tenant_switch import TenantSwitch, TenantSwitchArgs
from components.settings.stack_config import Loaded
from components.settings.texts import Texts
from components.tenant import guardian, snapshot
from components.tenant.action import KEY_SECRET, TRIGGER_VERSIONS, configuration
from components.tenant.guardian import Guardian
from components.tenant.model import seen
from components.tenant.phone_provider import PhoneProvider
from components.tenant.phone_template import PhoneTemplate
from components.tenant.snapshot import Snapshot
from components.tenant.stack_access import TenantAccess
from components.tenant.tenants_file import read_tenants_file
from components.vocabulary import (
    COMPONENT,
    TRIGGERS,
    DeliveryMethod,
    Experience,
    MessageType,
    action_name,
    policy_word,
)


@dataclass(frozen=True, kw_only=True)
class PhoneMfaArgs:
    """Everything one tenant's phone MFA is made of.

    `action_code` has the code of each experience that is declared: the stack's own, and both
    while the stack is in transition from one to the other. `found` is declared instead of all
    that, `policy` and `guardian` excepted, until the stack has taken over what was adopted.
    `policy` may be a promise, and goes before that of `guardian`.
    `guards` are transformations around every write: without them a failed write may leave the
    tenant asking for codes that nobody sends. `protect` refuses deletion and replacement.
    `asked` is what the stack's file asks for, without any secret, and the tenant it is for: the
    component's own inputs, so that a preview and the state show it to everybody.
    """

    asked: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict)
    experience: Experience
    in_transition: bool = False
    action_name: str
    action_code: Mapping[Experience, pulumi.Input[str]]
    action_secrets: dict[str, pulumi.Input[str]]
    bind_action: bool = False
    delivery_methods: Sequence[DeliveryMethod]
    texts: Mapping[MessageType, Texts]
    policy: pulumi.Input[str]
    guardian: Guardian
    found: Snapshot | None = None
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
            asked={"settings": settings.plain(), "tenant": loaded.tenant.domain},
            experience=settings.experience,
            in_transition=settings.transition,
            action_name=settings.action_name,
            action_code={
                experience: assemble(TRIGGERS[experience]) for experience in settings.experiences
            },
            action_secrets=_action_secrets(loaded),
            bind_action=bool(settings.bind_action),
            delivery_methods=[one for one in DeliveryMethod if one in settings.delivery_methods],
            texts=loaded.texts,
            policy=settings.policy.guardian_policy,
            guardian=guardian.declared(settings),
            found=snapshot.declared(settings, loaded.project) if settings.adopted else None,
            guards=list(_guards(loaded)),
            tenant=loaded.tenant,
            protect=settings.protect,
        )


def _action_secrets(loaded: Loaded) -> dict[str, pulumi.Input[str]]:
    # Secrets are an Action's only configuration, so what is no secret travels in them too.
    return {KEY_SECRET: loaded.cpaas_api_key, **configuration(loaded.settings)}


def _guards(loaded: Loaded) -> Iterator[WriteHooks]:
    settings = loaded.settings
    if read_tenants_file(loaded.project).named is None:
        yield SameAddresses()
    # While a tenant moves, either generation is right.
    yield GenerationGuard(loaded.tenant, None if settings.transition else settings.experience)
    if parts := by_plan(settings):
        yield EntitlementGuard(loaded.tenant, parts)
    yield KeepSender(loaded.tenant)
    yield FinishFailedWrites(loaded.tenant)
    yield NameRecover(loaded.tenant)
    yield PolicyLast.of(loaded)


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
            COMPONENT,
            name,
            dict(args.asked),
            pulumi.ResourceOptions.merge(ours, opts),
        )
        self._name, self._args = name, args
        self.senders = self._senders()
        self.delivery = self._delivery()
        ready = [sender.ready for sender in self.senders.values()]
        ready += self.delivery.ready if self.delivery else []
        if self._switches_tenant():
            ready.append(self._tenant_switch(ready).ready)
        self.factor = self._factor(ready)
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
        return self.senders.get(self._args.experience)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _senders(self) -> dict[Experience, Sender]:
        found, experience = self._args.found, self._args.experience
        if found:
            trigger = TRIGGERS[experience]
            action = next(iter(found.actions_on(trigger)), None)
            binding = next(iter(found.bindings_of(trigger)), None)
            declared = {experience: SenderArgs.as_found(action, binding)} if action else {}
        else:
            declared = {one: self._sender(one) for one in self._args.action_code}
        return {
            one: Sender(
                f"{self._name}-legacy-sender"
                if one is Experience.LEGACY
                else f"{self._name}-sender",
                args,
                self._child(),
            )
            for one, args in declared.items()
        }

    def _sender(self, experience: Experience) -> SenderArgs:
        legacy = experience is Experience.LEGACY
        return SenderArgs(
            action_name=action_name(self._args.action_name, experience),
            trigger=TRIGGERS[experience],
            trigger_version=TRIGGER_VERSIONS[experience],
            code=self._args.action_code[experience],
            secrets=self._args.action_secrets,
            bind=legacy or self._args.bind_action,
        )

    def _delivery(self) -> Delivery | None:
        found, sender = self._args.found, self.senders.get(Experience.UNIFIED)
        if found:
            provider, templates = seen(found.provider), seen(found.templates)
            if provider is None and not templates:
                return None
        elif sender is None:
            return None
        else:
            methods = tuple(method.value for method in self._args.delivery_methods)
            provider = PhoneProvider(delivery_methods=methods)
            templates = {
                kind.value: PhoneTemplate(text=texts.text, voice=texts.voice)
                for kind, texts in self._args.texts.items()
            }
        return Delivery(
            f"{self._name}-delivery",
            DeliveryArgs(provider=provider, templates=templates, sender=sender and sender.ready),
            self._child(),
        )

    def _switches_tenant(self) -> bool:
        # As found, a tenant is of the generation that it is: nothing is switched.
        if self._args.found:
            return False
        return self._args.in_transition or self._args.experience is Experience.LEGACY

    def _tenant_switch(self, after: Sequence[pulumi.Resource]) -> TenantSwitch:
        return TenantSwitch(
            f"{self._name}-tenant",
            TenantSwitchArgs(
                experience=self._args.experience, after=after, access=self._args.tenant
            ),
            self._child(),
        )

    def _factor(self, after: Sequence[pulumi.Resource]) -> Factor:
        return Factor(
            f"{self._name}-factor",
            FactorArgs(guardian=self._args.guardian, policy=self._args.policy, after=after),
            self._child(),
        )
