"""An Auth0 tenant's phone MFA as one component: sender, delivery and factor, in that order.

Owns the composition and which names of the field go to which part. Refuses to read config
(settings.py) and to know a resource's traps (the three parts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import pulumi

from components.action_code import assemble
from components.delivery import Delivery, DeliveryArgs
from components.factor import Factor, FactorArgs
from components.sender import Sender, SenderArgs
from components.settings import Loaded
from components.texts import Texts, texts_for
from components.vocabulary import DeliveryMethod, MessageType, guardian_message_types

TRIGGER: Final = "custom-phone-provider"
TRIGGER_VERSION: Final = "v1"


@dataclass(frozen=True, kw_only=True)
class PhoneMfaArgs:
    """Everything one tenant's phone MFA is made of."""

    action_name: pulumi.Input[str]
    action_code: pulumi.Input[str]
    action_secrets: dict[str, pulumi.Input[str]]
    bind_action: bool = False
    delivery_methods: Sequence[DeliveryMethod]
    texts: Mapping[MessageType, Texts]
    policy: pulumi.Input[str]
    other_factors: Mapping[str, bool]

    @classmethod
    def of(cls, loaded: Loaded) -> Self:
        """The arguments that a stack's settings ask for."""
        settings = loaded.settings
        return cls(
            action_name=settings.action_name,
            action_code=assemble(TRIGGER),
            action_secrets=_action_secrets(loaded),
            bind_action=settings.bind_action,
            delivery_methods=[one for one in DeliveryMethod if one in settings.delivery_methods],
            texts=texts_for(settings.language, settings.message_types, settings.texts),
            policy=settings.policy.guardian_policy,
            other_factors=settings.other_factors.model_dump(exclude_none=True),
        )


def _action_secrets(loaded: Loaded) -> dict[str, pulumi.Input[str]]:
    # Secrets are an Action's only configuration, so what is no secret travels in them too.
    settings = loaded.settings
    kinds = [kind.value for kind in MessageType if kind in settings.message_types]
    secrets: dict[str, pulumi.Input[str] | None] = {
        "CPAAS_API_KEY": loaded.cpaas_api_key,
        "CPAAS_BASE_URL": settings.cpaas_base_host,
        "SMS_SENDER": settings.sms_sender,
        "VOICE_SENDER": settings.voice_sender,
        "VOICE_GENDER": settings.voice_gender.value,
        "ALLOWED_PREFIXES": ",".join(settings.allowed_prefixes),
        "MESSAGE_TYPES": ",".join(kinds),
        "DEDUPLICATE": "on" if settings.deduplicate else "off",
    }
    return {name: value for name, value in secrets.items() if value is not None}


class PhoneMfa(pulumi.ComponentResource):
    """Phone MFA of a unified tenant."""

    sender: Sender
    delivery: Delivery
    factor: Factor

    def __init__(
        self, name: str, args: PhoneMfaArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("phonemfa:index:PhoneMfa", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.sender = Sender(
            f"{name}-sender",
            SenderArgs(
                action_name=args.action_name,
                trigger=TRIGGER,
                trigger_version=TRIGGER_VERSION,
                code=args.action_code,
                secrets=args.action_secrets,
                bind=args.bind_action,
            ),
            child,
        )
        self.delivery = Delivery(
            f"{name}-delivery",
            DeliveryArgs(
                delivery_methods=[method.value for method in args.delivery_methods],
                texts=args.texts,
                sender=self.sender.ready,
            ),
            child,
        )
        self.factor = Factor(
            f"{name}-factor",
            FactorArgs(
                policy=args.policy,
                message_types=guardian_message_types(args.delivery_methods),
                other_factors=args.other_factors,
                after=self.delivery.ready,
            ),
            child,
        )
        self.register_outputs(
            {
                "action_id": self.sender.action_id,
                "provider_id": self.delivery.provider_id,
                "policy": self.factor.policy,
            }
        )
