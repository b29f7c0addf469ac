"""A live tenant, read once.

Owns reading what the checks need, with read scopes only, and saying which scope is missing.
Refuses to write: it has no call that could.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from components.tenant.access import Access, NoAccessError
from components.tenant.token import Tokens

if TYPE_CHECKING:
    from auth0.management import ManagementClient

SILENCE: Final = 60.0
"""Seconds that the tenant may be silent within a request."""

TOTAL: Final = 120.0
"""Seconds for one request, all of it."""


class TenantUnreadableError(Exception):
    """The tenant could not be read; the text says why and what to do."""


def access_of(
    config: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] = os.environ
) -> Access:
    """Who asks the tenant, as Pulumi would: the stack's `auth0:` keys, then the variables.

    Args:
        config: the stack's `auth0:` keys, without that prefix.
        environ: the variables.

    Raises:
        TenantUnreadableError: naming everything that is missing.
    """
    try:
        return Access.of(environ, config)
    except NoAccessError as error:
        raise TenantUnreadableError(str(error)) from None


@dataclass(frozen=True, kw_only=True)
class BoundAction:
    """One Action bound to a trigger."""

    name: str
    action_id: str


@dataclass(frozen=True, kw_only=True)
class InstalledAction:
    """One Action that is in the tenant for a phone trigger, bound or not."""

    name: str
    action_id: str
    trigger: str
    deployed: bool
    from_marketplace: bool


@dataclass(frozen=True, kw_only=True)
class TenantView:
    """What the checks know of a tenant."""

    domain: str
    settings: Mapping[str, Any]
    actions: tuple[InstalledAction, ...]
    bound: Mapping[str, tuple[BoundAction, ...]]
    provider: Mapping[str, Any] | None

    @property
    def is_unified(self) -> bool:
        """Whether the tenant has the unified phone experience (a missing flag counts as not)."""
        return bool(self.settings.get("phone_consolidated_experience"))


def read_tenant(access: Access) -> TenantView:
    """Read the tenant.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or a missing scope, by name.
    """
    with reading(access) as client:
        return _read(client, access.domain)


@contextmanager
def reading(access: Access) -> Iterator[ManagementClient]:
    """A client of the tenant's Management API, whose failures say what to do.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or a missing scope, by name.
    """
    # With auth0-python half a second: only when a tenant is read.
    from auth0.management import ManagementClient  # noqa: PLC0415

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415
    from components.tenant.errors import failures, told  # noqa: PLC0415

    try:
        with BoundedClient(total=TOTAL, json_only=True, timeout=SILENCE) as http:
            token = access.api_token or Tokens(http, access=access).get
            yield ManagementClient(domain=access.domain, token=token, httpx_client=http)
    except NoAccessError as error:
        raise TenantUnreadableError(str(error)) from None
    except failures() as error:
        raise TenantUnreadableError(told(access.domain, error)) from None


def _read(client: ManagementClient, domain: str) -> TenantView:
    # With the triggers comes the Action's code: break-glass has to do without.
    from components.vocabulary import TRIGGERS  # noqa: PLC0415

    actions = [
        InstalledAction(
            name=action.name or "",
            action_id=action.id or "",
            trigger=trigger,
            deployed=bool(action.deployed_version),
            from_marketplace=bool(action.installed_integration_id),
        )
        for trigger in TRIGGERS.values()
        for action in client.actions.list(trigger_id=trigger)
    ]
    bound: dict[str, tuple[BoundAction, ...]] = {
        trigger: tuple(
            BoundAction(
                name=binding.display_name or "",
                action_id=(binding.action and binding.action.id) or "",
            )
            for binding in client.actions.triggers.bindings.list(trigger)
        )
        for trigger in TRIGGERS.values()
    }
    providers = client.branding.phone.providers.list().providers or []
    return TenantView(
        domain=domain,
        settings=client.tenants.settings.get().model_dump(mode="json"),
        actions=tuple(actions),
        bound=bound,
        provider=providers[0].model_dump(mode="json") if providers else None,
    )
