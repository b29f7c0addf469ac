"""What a stack declares, in the words of the tenant's API.

Owns translating settings for a comparison, out of the same functions that the components are
made of. Refuses to declare anything, and to know the CPaaS key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.action_code import RUNTIME, Trigger, assemble
from components.phone_mfa import KEY_SECRET, TRIGGERS, plain_configuration
from components.settings import StackSettings
from components.texts import Texts, for_legacy, texts_for
from components.vocabulary import DeliveryMethod, Experience, MessageType, guardian_message_types


@dataclass(frozen=True, kw_only=True)
class DeclaredAction:
    """One Action, as deployed."""

    trigger: Trigger
    name: str
    code: str
    runtime: str
    secret_names: frozenset[str]
    bound: bool


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Everything that a tenant is compared with.

    `delivery_methods` and `texts` are a unified tenant's, `legacy_texts` (by the API's key) a
    legacy one's. `switches` are the tenant settings that the stack holds or relies on.
    """

    experience: Experience
    in_transition: bool
    actions: tuple[DeclaredAction, ...]
    delivery_methods: tuple[str, ...] | None
    texts: Mapping[str, Texts]
    text_files: Mapping[str, str]
    legacy_texts: Mapping[str, str]
    policy: str
    message_types: tuple[str, ...]
    other_factors: Mapping[str, bool]
    switches: Mapping[str, bool]

    @property
    def is_unified(self) -> bool:
        """Whether the tenant is to have the unified phone experience."""
        return self.experience is Experience.UNIFIED


def declared_by(settings: StackSettings) -> Declared:
    """What these settings declare."""
    legacy = settings.experience is Experience.LEGACY
    wanted = list(Experience) if settings.transition else [settings.experience]
    texts = texts_for(settings.language, settings.sent_message_types, settings.texts)
    methods = tuple(one.value for one in DeliveryMethod if one in settings.delivery_methods)
    unified_parts = Experience.UNIFIED in wanted
    switches = {"phone_consolidated_experience": not legacy}
    if legacy:
        switches["customize_mfa_in_postlogin_action"] = True
    return Declared(
        experience=settings.experience,
        in_transition=settings.transition,
        actions=tuple(_action(settings, experience) for experience in wanted),
        delivery_methods=methods if unified_parts else None,
        texts={kind.value: text for kind, text in texts.items()} if unified_parts else {},
        text_files={
            kind.value: f"actions/templates/{settings.language}/{kind}.text.liquid"
            for kind in texts
            if kind not in settings.texts
        },
        legacy_texts=_legacy_texts(texts) if legacy else {},
        policy=settings.policy.guardian_policy,
        message_types=tuple(guardian_message_types(settings.delivery_methods)),
        other_factors=settings.other_factors.model_dump(exclude_none=True),
        switches=switches,
    )


def _action(settings: StackSettings, experience: Experience) -> DeclaredAction:
    legacy = experience is Experience.LEGACY
    trigger = TRIGGERS[experience]
    return DeclaredAction(
        trigger=trigger,
        name=f"{settings.action_name}-legacy" if legacy else settings.action_name,
        code=assemble(trigger),
        runtime=RUNTIME,
        secret_names=frozenset({KEY_SECRET, *plain_configuration(settings)}),
        bound=legacy or bool(settings.bind_action),
    )


def _legacy_texts(texts: Mapping[MessageType, Texts]) -> dict[str, str]:
    return {
        "enrollment_message": for_legacy(texts[MessageType.OTP_ENROLL].text),
        "verification_message": for_legacy(texts[MessageType.OTP_VERIFY].text),
    }
