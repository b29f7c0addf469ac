"""What a stack declares, in the words of the tenant's API.

Owns translating settings for a comparison, out of the same functions that the components are
made of, for the package's own parts and for a tenant as it was found (`adopted`). Refuses to
declare anything, and to know the CPaaS key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.action_code import assemble
from components.phone_mfa import KEY_SECRET, secrets_beside_the_key
from components.resources.delivery import Provider, Template
from components.resources.factor import LegacyTexts, Phone
from components.resources.sender import SenderArgs
from components.settings.adopted import Found
from components.settings.model import StackSettings
from components.settings.texts import for_legacy
from components.vocabulary import (
    TRIGGERS,
    DeliveryMethod,
    Experience,
    MessageType,
    action_name,
    guardian_message_types,
)

HOOK = "phone-message-hook"
"""The legacy provider that hands messages to the Action."""


@dataclass(frozen=True, kw_only=True)
class DeclaredAction:
    """One Action as the stack declares it.

    `configuration` has the secrets that are no secret, by name. It is None, and `deployed` false,
    for an adopted Action: the stack knows neither its secrets nor which of its versions runs.
    `dependencies` are written name@version.
    """

    trigger: str
    name: str
    code: str
    runtime: str
    dependencies: frozenset[str]
    configuration: Mapping[str, str] | None
    deployed: bool
    bound: bool
    display_name: str

    @property
    def secret_names(self) -> frozenset[str] | None:
        """Names of all its secrets, the key among them; None for an adopted Action."""
        return secret_names(self.configuration)


def secret_names(configuration: Mapping[str, str] | None) -> frozenset[str] | None:
    """Names of the secrets of an Action with this configuration; None when it has none of ours."""
    return None if configuration is None else frozenset({KEY_SECRET, *configuration})


def configuration_of(settings: StackSettings) -> Mapping[str, str] | None:
    """The secrets that are no secret, by name; None while the Action is declared as found."""
    return None if settings.adopted else secrets_beside_the_key(settings)


@dataclass(frozen=True, kw_only=True)
class DeclaredProvider:
    """The phone provider of a unified tenant."""

    name: str
    delivery_methods: tuple[str, ...]
    disabled: bool


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Everything that a tenant is compared with.

    `provider` and `templates` are a unified tenant's; `selected_provider` and `legacy_texts` (by
    the API's key) a legacy one's; None and what is missing is not declared. `switches` are the
    tenant settings that the stack holds or relies on.
    """

    experience: Experience
    in_transition: bool
    actions: tuple[DeclaredAction, ...]
    provider: DeclaredProvider | None
    templates: Mapping[str, Template]
    phone_enabled: bool
    message_types: tuple[str, ...]
    selected_provider: str | None
    legacy_texts: Mapping[str, str]
    policy: str
    other_factors: Mapping[str, bool]
    switches: Mapping[str, bool]

    @property
    def is_unified(self) -> bool:
        """Whether the tenant is to have the unified phone experience."""
        return self.experience is Experience.UNIFIED


def declared_by(settings: StackSettings, project: Path = Path()) -> Declared:
    """What these settings declare.

    Args:
        settings: of the stack.
        project: the folder with Pulumi.yaml, where an adopted Action's code is.

    Raises:
        pulumi.RunError: the code of an adopted Action is not where the stack says.
    """
    found = settings.adopted and settings.adopted.declared(
        TRIGGERS[settings.experience], settings.texts, project
    )
    parts = _as_found(found) if found else _own(settings)
    legacy = settings.experience is Experience.LEGACY
    switches = {"phone_consolidated_experience": not legacy}
    if legacy and not found:
        switches["customize_mfa_in_postlogin_action"] = True
    return Declared(
        experience=settings.experience,
        in_transition=settings.transition,
        policy=settings.policy.guardian_policy,
        other_factors=settings.other_factors.model_dump(exclude_none=True),
        switches=switches,
        **parts,
    )


def _own(settings: StackSettings) -> dict[str, Any]:
    legacy = settings.experience is Experience.LEGACY
    texts = settings.declared_texts
    methods = tuple(one.value for one in DeliveryMethod if one in settings.delivery_methods)
    unified_parts = Experience.UNIFIED in settings.experiences
    return {
        "actions": tuple(_own_action(settings, experience) for experience in settings.experiences),
        "provider": DeclaredProvider(name="custom", delivery_methods=methods, disabled=False)
        if unified_parts
        else None,
        "templates": {
            kind.value: Template(text=text.text, voice=text.voice) for kind, text in texts.items()
        }
        if unified_parts
        else {},
        "phone_enabled": True,
        "message_types": tuple(guardian_message_types(settings.delivery_methods)),
        "selected_provider": HOOK if legacy else None,
        "legacy_texts": _api_texts(
            LegacyTexts(
                enrollment=for_legacy(texts[MessageType.OTP_ENROLL]),
                verification=for_legacy(texts[MessageType.OTP_VERIFY]),
            )
        )
        if legacy
        else {},
    }


def _own_action(settings: StackSettings, experience: Experience) -> DeclaredAction:
    legacy, trigger = experience is Experience.LEGACY, TRIGGERS[experience]
    args = SenderArgs(
        action_name=action_name(settings.action_name, experience),
        trigger=trigger,
        trigger_version="",
        code=assemble(trigger),
        bind=legacy or bool(settings.bind_action),
    )
    return _action(args, secrets_beside_the_key(settings))


def _as_found(found: Found) -> dict[str, Any]:
    return {
        "actions": (_action(found.sender, None),) if found.sender else (),
        "provider": _provider(found.provider) if found.provider else None,
        "templates": {kind.value: one for kind, one in found.templates.items()},
        **_found_phone(found.phone),
    }


def _found_phone(phone: Phone) -> dict[str, Any]:
    types: Any = phone.message_types
    return {
        "phone_enabled": phone.enabled,
        "message_types": tuple(types),
        "selected_provider": phone.provider if phone.enabled else None,
        "legacy_texts": _api_texts(phone.texts) if phone.texts and phone.enabled else {},
    }


def _action(args: SenderArgs, configuration: Mapping[str, str] | None) -> DeclaredAction:
    # Inputs of a resource may be promises; settings hold none.
    name = str(args.action_name)
    return DeclaredAction(
        trigger=str(args.trigger),
        name=name,
        code=str(args.code),
        runtime=args.runtime,
        dependencies=frozenset(f"{one}@{version}" for one, version in args.dependencies),
        configuration=configuration,
        deployed=args.deploy,
        bound=args.bind,
        display_name=args.display_name or name,
    )


def _provider(provider: Provider) -> DeclaredProvider:
    methods: Any = provider.delivery_methods
    return DeclaredProvider(
        name=provider.name, delivery_methods=tuple(methods), disabled=provider.disabled
    )


def _api_texts(texts: LegacyTexts) -> dict[str, str]:
    return {
        "enrollment_message": str(texts.enrollment),
        "verification_message": str(texts.verification),
    }
