"""A tenant as a drift check needs it: whole objects, as the API answers them.

Owns which requests a check makes; all of them read, with the scopes that `phonemfa.scopes` lists
under `Need.LOOK`. Refuses to compare, and to write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from components.tenant.access import Access
from phonemfa.drift.declared import Declared
from phonemfa.drift.recorded import Recorded
from phonemfa.tenant import reading

if TYPE_CHECKING:
    from auth0.management import ManagementClient

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Live:
    """What is in the tenant. Objects have the API's own keys; times are RFC 3339 strings.

    `actions` and `bindings` are by trigger. `deployed_by_us` is the version that the stack's last
    `pulumi up` deployed, by Action id; without the Action when the tenant has forgotten it.
    `message_types` is None while the factor is off; `selected_provider` and `legacy_texts` are a
    legacy tenant's.
    """

    settings: Json
    actions: Mapping[str, tuple[Json, ...]]
    bindings: Mapping[str, tuple[Json, ...]]
    deployed_by_us: Mapping[str, Json]
    providers: tuple[Json, ...]
    templates: tuple[Json, ...]
    factors: Mapping[str, bool]
    policies: tuple[str, ...]
    message_types: tuple[str, ...] | None
    selected_provider: str | None
    legacy_texts: Json

    @property
    def is_unified(self) -> bool:
        """Whether the tenant has the unified phone experience (a missing flag counts as not)."""
        return bool(self.settings.get("phone_consolidated_experience"))


def read_live(access: Access, declared: Declared, recorded: Recorded) -> Live:
    """Read what the stack declares, and what could stand beside it.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or a missing scope, by name.
    """
    with reading(access) as client:
        return _read(client, declared, recorded)


def _read(client: ManagementClient, declared: Declared, recorded: Recorded) -> Live:
    triggers = [action.trigger for action in declared.actions]
    settings = _plain(client.tenants.settings.get())
    actions: dict[str, tuple[Json, ...]] = {
        trigger: tuple(_plain(one) for one in client.actions.list(trigger_id=trigger))
        for trigger in triggers
    }
    bindings: dict[str, tuple[Json, ...]] = {
        trigger: tuple(_plain(one) for one in client.actions.triggers.bindings.list(trigger))
        for trigger in triggers
    }
    factors = {one.name: bool(one.enabled) for one in client.guardian.factors.list()}
    phone = client.guardian.factors.phone
    selected, texts = _legacy_delivery(client, declared, settings)
    return Live(
        settings=settings,
        actions=actions,
        bindings=bindings,
        deployed_by_us=_deployed_by_us(client, recorded, actions.values()),
        providers=_items(client.branding.phone.providers.list().providers)
        if declared.provider
        else (),
        templates=_items(client.branding.phone.templates.list().templates)
        if declared.templates
        else (),
        factors=factors,
        policies=tuple(client.guardian.policies.list()),
        message_types=tuple(phone.get_message_types().message_types or ())
        if factors.get("sms")
        else None,
        selected_provider=selected,
        legacy_texts=texts,
    )


def _deployed_by_us(
    client: ManagementClient, recorded: Recorded, actions: Collection[tuple[Json, ...]]
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for action in [one for several in actions for one in several]:
        ours = next((one for one in recorded.all("Action") if one.id == action["id"]), None)
        version_id = ours and ours.outputs.get("versionId")
        deployed = action.get("deployed_version") or {}
        if not version_id:
            continue
        if deployed.get("id") == version_id:
            found[action["id"]] = deployed
        else:
            # Somebody else has deployed since. The tenant keeps the last fifty versions.
            version = _unless_gone(client, action["id"], version_id)
            if version:
                found[action["id"]] = version
    return found


def _unless_gone(client: ManagementClient, action_id: str, version_id: str) -> Json | None:
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    try:
        return _plain(client.actions.versions.get(action_id, version_id))
    except ApiError as error:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return None
        raise


def _legacy_delivery(
    client: ManagementClient, declared: Declared, settings: Json
) -> tuple[str | None, Json]:
    # A unified tenant answers 403 to both: legacy_mfa_phone_provider_not_allowed.
    unified = settings.get("phone_consolidated_experience") is not False
    if unified or not declared.selected_provider:
        return None, {}
    selected = client.guardian.factors.phone.get_selected_provider().provider
    # A tenant that never had texts answers 204, which auth0-python gives as None.
    texts: Any = client.guardian.factors.sms.get_templates()
    return (str(selected) if selected else None), _plain(texts) if texts else {}


def _items(answer: Any) -> tuple[Json, ...]:
    return tuple(_plain(one) for one in answer or ())


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return plain
