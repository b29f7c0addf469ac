"""What a tenant has of phone MFA, as its API tells it.

Owns the requests (reads only) and the plain values that they are turned into. Refuses to judge
what becomes of them, and to ask for what answers in clear text with a secret: a legacy tenant's
Twilio account is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from components.tenant.access import Access
from components.vocabulary import TRIGGERS, Experience
from phonemfa.tenant import reading

if TYPE_CHECKING:
    from auth0.management import ManagementClient


@dataclass(frozen=True, kw_only=True)
class Action:
    """An Action on one of the phone triggers. Of its secrets, an API tells the names alone."""

    id: str
    name: str
    trigger: str
    trigger_version: str
    runtime: str
    code: str
    """The draft: what the dashboard's editor shows."""
    deployed_code: str | None = None
    """What runs; None when it was never deployed."""
    dependencies: tuple[str, ...]
    """npm packages in the tenant's order, each as name@version."""
    secret_names: tuple[str, ...]
    from_marketplace: bool = False


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One Action in a trigger's flow."""

    action_id: str
    display_name: str


@dataclass(frozen=True, kw_only=True)
class PhoneProvider:
    """The phone provider of the unified experience, without its credentials."""

    id: str
    name: str
    disabled: bool
    delivery_methods: tuple[str, ...]
    default_from: str | None = None
    mssid: str | None = None
    sid: str | None = None

    @property
    def declarable(self) -> bool:
        """Whether the auth0 provider takes it: a tenant may have both senders, a program one."""
        return not (self.default_from and self.mssid)


@dataclass(frozen=True, kw_only=True)
class PhoneTemplate:
    """A customised template; a default one has no id and is not here."""

    id: str
    type: str
    disabled: bool
    text: str | None
    voice: str | None
    sender: str | None = None


@dataclass(frozen=True, kw_only=True)
class LegacyPhone:
    """What a legacy tenant's factor holds. A text is None where none was ever set."""

    provider: str
    enrollment: str | None
    verification: str | None


@dataclass(frozen=True, kw_only=True)
class FoundTenant:
    """A tenant's phone MFA.

    `experience_flag` is None where the tenant has none: this package takes such a tenant for
    legacy, the auth0 provider's Guardian for unified (contract, provider-traps.md).
    `policies` is Guardian's list, `factors` says which of its factors are on.
    """

    domain: str
    experience_flag: bool | None
    actions: tuple[Action, ...]
    bindings: Mapping[str, tuple[Binding, ...]]
    provider: PhoneProvider | None
    templates: tuple[PhoneTemplate, ...]
    policies: tuple[str, ...]
    factors: Mapping[str, bool]
    message_types: tuple[str, ...]
    legacy: LegacyPhone | None = None

    @property
    def experience(self) -> Experience:
        """The tenant's generation."""
        return Experience.UNIFIED if self.experience_flag else Experience.LEGACY


def read_found(access: Access) -> FoundTenant:
    """Read everything that can be adopted.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or a missing scope, by name.
    """
    with reading(access) as client:
        flag = client.tenants.settings.get().phone_consolidated_experience
        factors = {str(one.name): bool(one.enabled) for one in client.guardian.factors.list()}
        return FoundTenant(
            domain=access.domain,
            experience_flag=flag,
            actions=tuple(
                one for trigger in TRIGGERS.values() for one in _actions(client, trigger)
            ),
            bindings={trigger: _bindings(client, trigger) for trigger in TRIGGERS.values()},
            provider=_provider(client),
            templates=_templates(client),
            policies=tuple(str(one) for one in client.guardian.policies.list()),
            factors=factors,
            message_types=tuple(
                str(one)
                for one in client.guardian.factors.phone.get_message_types().message_types or ()
            ),
            legacy=None if flag else _legacy(client),
        )


def _actions(client: ManagementClient, trigger: str) -> tuple[Action, ...]:
    # A list's items are complete, but for a draft that is being built: each is asked for alone.
    listed = [str(one.id) for one in client.actions.list(trigger_id=trigger)]
    return tuple(_action(client, action_id, trigger) for action_id in listed)


def _action(client: ManagementClient, action_id: str, trigger: str) -> Action:
    found = _plain(client.actions.get(action_id))
    supported: dict[str, Any] = next(
        (one for one in found.get("supported_triggers") or [] if one["id"] == trigger), {}
    )
    deployed = found.get("deployed_version")
    return Action(
        id=action_id,
        name=found["name"],
        trigger=trigger,
        trigger_version=supported.get("version") or "",
        runtime=found.get("runtime") or "",
        code=found.get("code") or "",
        deployed_code=(deployed.get("code") or "") if deployed else None,
        dependencies=tuple(
            f"{one['name']}@{one['version']}" for one in found.get("dependencies") or []
        ),
        secret_names=tuple(one["name"] for one in found.get("secrets") or []),
        from_marketplace=bool(found.get("installed_integration_id")),
    )


def _bindings(client: ManagementClient, trigger: str) -> tuple[Binding, ...]:
    return tuple(
        Binding(action_id=(one.action and one.action.id) or "", display_name=one.display_name or "")
        for one in client.actions.triggers.bindings.list(trigger)
    )


def _provider(client: ManagementClient) -> PhoneProvider | None:
    found = client.branding.phone.providers.list().providers or []
    if not found:
        return None
    provider = _plain(found[0])
    configuration = provider.get("configuration") or {}
    return PhoneProvider(
        id=provider["id"],
        name=provider["name"],
        disabled=bool(provider.get("disabled")),
        delivery_methods=tuple(configuration.get("delivery_methods") or ()),
        default_from=configuration.get("default_from"),
        mssid=configuration.get("mssid"),
        sid=configuration.get("sid"),
    )


def _templates(client: ManagementClient) -> tuple[PhoneTemplate, ...]:
    listed = [_plain(one) for one in client.branding.phone.templates.list().templates or []]
    return tuple(_template(one) for one in listed if one.get("id"))


def _template(found: Mapping[str, Any]) -> PhoneTemplate:
    content = found.get("content") or {}
    body = content.get("body") or {}
    return PhoneTemplate(
        id=found["id"],
        type=found["type"],
        disabled=bool(found.get("disabled")),
        text=body.get("text"),
        voice=body.get("voice"),
        sender=content.get("from") or None,
    )


def _legacy(client: ManagementClient) -> LegacyPhone | None:
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415 - half a second

    try:
        provider = str(client.guardian.factors.phone.get_selected_provider().provider)
    except ApiError as error:
        # Plans without hooks forbid it, and so may a tenant without the flag (contract, §6.6). A
        # missing scope is a 403 too, and another matter.
        if error.status_code != HTTPStatus.FORBIDDEN or "insufficient_scope" in str(error.body):
            raise
        return None
    # A tenant that never had texts answers 204, which the client gives as None.
    texts = client.guardian.factors.sms.get_templates()
    answer = _plain(texts) if texts else {}
    return LegacyPhone(
        provider=provider,
        enrollment=answer.get("enrollment_message") or None,
        verification=answer.get("verification_message") or None,
    )


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.model_dump(mode="json", by_alias=True)
    return plain
