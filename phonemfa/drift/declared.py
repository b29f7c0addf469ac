"""What a stack declares, in the words of the tenant's API.

Owns translating settings for a comparison, out of the same functions that the components are
made of, for the package's own parts and for a tenant as it was found (`adopted`). Refuses to
declare anything, and to know the CPaaS key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.settings.model import StackSettings
from components.tenant import snapshot
from components.tenant.action import KEY_SECRET, Action, configuration
from components.tenant.model import known, seen
from components.tenant.phone_template import PhoneTemplate
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import Experience


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


def secret_names(told: Mapping[str, str] | None) -> frozenset[str] | None:
    """Names of the secrets of an Action with this configuration; None when it has none of ours."""
    return None if told is None else frozenset({KEY_SECRET, *told})


def configuration_of(settings: StackSettings) -> Mapping[str, str] | None:
    """The secrets that are no secret, by name; None while the Action is declared as found."""
    return None if settings.adopted else configuration(settings)


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
    templates: Mapping[str, PhoneTemplate]
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
    tenant = snapshot.declared(settings, project)
    guardian, provider, switches = tenant.guardian, seen(tenant.provider), seen(tenant.settings)
    texts = {
        "enrollment_message": guardian.enrollment_message,
        "verification_message": guardian.verification_message,
    }
    return Declared(
        experience=settings.experience,
        in_transition=settings.transition,
        actions=tuple(_action(one, tenant) for one in seen(tenant.actions)),
        provider=None
        if provider is None
        else DeclaredProvider(
            name=seen(provider.name),
            delivery_methods=seen(provider.delivery_methods),
            disabled=seen(provider.disabled),
        ),
        templates=seen(tenant.templates),
        phone_enabled=seen(guardian.phone_enabled),
        message_types=known(guardian.message_types, ()),
        selected_provider=known(guardian.selected_provider, "") or None,
        legacy_texts={key: text for key, text in texts.items() if isinstance(text, str)},
        policy=seen(guardian.policy),
        other_factors=guardian.other_factors,
        switches=_switches(switches),
    )


def _action(one: Action, tenant: snapshot.Snapshot) -> DeclaredAction:
    binding = next(iter(tenant.bindings_of(one.trigger)), None)
    name = seen(one.name)
    return DeclaredAction(
        trigger=one.trigger,
        name=name,
        code=seen(one.code),
        runtime=seen(one.runtime),
        dependencies=frozenset(seen(one.dependencies)),
        configuration=known(one.configuration, {}) or None,
        deployed=one.deployed is True,
        bound=binding is not None,
        display_name=binding.display_name if binding else name,
    )


def _switches(switches: TenantSettings) -> dict[str, bool]:
    told = {
        "phone_consolidated_experience": switches.unified,
        "customize_mfa_in_postlogin_action": switches.mfa_in_actions,
    }
    return {key: value for key, value in told.items() if isinstance(value, bool)}
