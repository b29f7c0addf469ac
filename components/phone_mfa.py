"""An Auth0 tenant's phone MFA as one component, for both generations of tenants.

Owns the composition: which parts a tenant of which generation has, and what waits for what.
Refuses to read config (settings.py) and to know a resource's traps (the parts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import pulumi

from components.action_code import assemble
from components.guards.finish_failed_writes import FinishFailedWrites
from components.guards.generation import GenerationGuard
from components.guards.hooks import WriteHooks
from components.guards.keep_sender import KeepSender
from components.guards.mfa_settings import MfaSettingsGuard, check_sdk, declares
from components.guards.policy_last import PolicyLast
from components.resources.delivery import Delivery, DeliveryArgs, Provider, Template
from components.resources.factor import Codes, Factor, FactorArgs, LegacyTexts, Phone, Remembering
from components.resources.sender import Sender, SenderArgs
from components.resources.tenant_switch import TenantSwitch, TenantSwitchArgs
from components.settings.adopted import Found
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded
from components.settings.texts import Texts, for_legacy
from components.settings.values import seconds
from components.tenant.stack_access import TenantAccess
from components.vocabulary import (
    COMPONENT,
    TRIGGERS,
    DeliveryMethod,
    Experience,
    Gate,
    MessageType,
    action_name,
    guardian_message_types,
)

TRIGGER_VERSIONS: Final = {Experience.UNIFIED: "v1", Experience.LEGACY: "v2"}


@dataclass(frozen=True, kw_only=True)
class PhoneMfaArgs:
    """Everything one tenant's phone MFA is made of.

    `action_code` has the code of each experience that is declared: the stack's own, and both
    while the stack is in transition from one to the other. `found` is declared instead of all
    that, policy and other factors excepted, until the stack has taken over what was adopted.
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
    other_factors: Mapping[str, bool]
    remembering: Remembering | None = None
    codes: Codes | None = None
    found: Found | None = None
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
            other_factors=settings.other_factors.model_dump(exclude_none=True),
            remembering=_remembering(settings),
            codes=Codes(length=settings.code_length, lifetime=settings.code_lifetime)
            if settings.one_time_code
            else None,
            found=settings.adopted.declared(
                TRIGGERS[settings.experience], settings.texts, loaded.project
            )
            if settings.adopted
            else None,
            guards=list(_guards(loaded)),
            tenant=loaded.tenant,
            protect=settings.protect,
        )


KEY_SECRET: Final = "CPAAS_API_KEY"  # noqa: S105 - its name
"""The Action's one secret that is a secret."""


RETIRED: Final = "retired"
"""The value of a secret that an adopted Action had and ours has no use for."""


def plain_configuration(settings: StackSettings) -> dict[str, str]:
    """What the Action is told beside its key, by the name that its code reads."""
    kinds = [kind.value for kind in MessageType if kind in settings.message_types]
    values: dict[str, str | None] = {
        "CPAAS_BASE_URL": settings.cpaas_base_host,
        "SMS_SENDER": settings.sms_sender,
        "VOICE_SENDER": settings.voice_sender,
        "VOICE_GENDER": settings.voice_gender.value,
        "ALLOWED_PREFIXES": ",".join(settings.allowed_prefixes),
        "MESSAGE_TYPES": ",".join(kinds),
        "DEDUPLICATE": "on" if settings.deduplicate else "off",
        "ORIGIN_BOUND_CODE": settings.origin_bound_code,
        "RECIPIENT_LIMIT": str(settings.recipient_limit),
        "VOICE_LIMIT": str(settings.calls_per_number),
        "TENANT_LIMIT": str(settings.tenant_limit),
        "LANGUAGE": settings.language.value,
        "RING_TIMEOUT": str(settings.ring_timeout),
        "MACHINE_DETECTION": "on" if settings.machine_detection else "off",
    }
    return {name: value for name, value in values.items() if value is not None}


def secrets_beside_the_key(settings: StackSettings) -> dict[str, str]:
    """The secrets of the Action that are no secret: its configuration, and those that retire."""
    own = plain_configuration(settings)
    # The provider refuses an update that would drop secrets of which it knows nothing. Declared
    # once, with a value that is no secret any more, they can go with the next update.
    retired = {one: RETIRED for one in settings.retired_secrets if one not in {KEY_SECRET, *own}}
    return own | retired


def _action_secrets(loaded: Loaded) -> dict[str, pulumi.Input[str]]:
    # Secrets are an Action's only configuration, so what is no secret travels in them too.
    return {KEY_SECRET: loaded.cpaas_api_key, **secrets_beside_the_key(loaded.settings)}


def _remembering(settings: StackSettings) -> Remembering | None:
    wanted = settings.remember_browser
    if wanted is None:
        return None
    return Remembering(
        shown=wanted.shown,
        ticked=wanted.ticked,
        inactivity=seconds(wanted.inactivity),
        overall=seconds(wanted.overall),
    )


def _guards(loaded: Loaded) -> Iterator[WriteHooks]:
    settings = loaded.settings
    # While a tenant moves, either generation is right.
    yield GenerationGuard(loaded.tenant, None if settings.transition else settings.experience)
    if keys := declares(settings):
        yield MfaSettingsGuard(loaded.tenant, keys)
    yield KeepSender(loaded.tenant)
    yield FinishFailedWrites(loaded.tenant)
    if settings.gate is not Gate.OFF:
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
    def sender(self) -> Sender | None:
        """The sender of the tenant's own generation; None when there was none to adopt."""
        return self.senders.get(self._args.experience)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _senders(self) -> dict[Experience, Sender]:
        found, experience = self._args.found, self._args.experience
        if found:
            declared = {experience: found.sender} if found.sender else {}
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
            provider, templates = found.provider, found.templates
            if provider is None and not templates:
                return None
        elif sender is None:
            return None
        else:
            methods = [method.value for method in self._args.delivery_methods]
            provider = Provider(delivery_methods=methods)
            templates = {
                kind: Template(text=texts.text, voice=texts.voice)
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
        args = self._args
        return Factor(
            f"{self._name}-factor",
            FactorArgs(
                policy=args.policy,
                phone=args.found.phone if args.found else _phone(args),
                other_factors=args.other_factors,
                remembering=args.remembering,
                codes=args.codes,
                after=after,
            ),
            self._child(),
        )


def _phone(args: PhoneMfaArgs) -> Phone:
    legacy = args.experience is Experience.LEGACY
    return Phone(
        message_types=guardian_message_types(args.delivery_methods),
        provider="phone-message-hook" if legacy else None,
        texts=_legacy_texts(args.texts) if legacy else None,
    )


def _legacy_texts(texts: Mapping[MessageType, Texts]) -> LegacyTexts:
    return LegacyTexts(
        enrollment=for_legacy(texts[MessageType.OTP_ENROLL]),
        verification=for_legacy(texts[MessageType.OTP_VERIFY]),
    )
