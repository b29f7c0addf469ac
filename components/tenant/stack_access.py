"""The door to the tenant for hooks: with the credentials of the running program.

They are the provider's, and some are secrets that are known only while a hook runs.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.tenant.access import Access
from components.tenant.client import TenantUnreadableError, connect
from components.tenant.model import Client
from components.tenant.token import Tokens


class TenantCallError(pulumi.RunError):
    """The tenant did not do what was asked; the text holds no credential."""


@dataclass(frozen=True, kw_only=True)
class TenantAccess:
    """How the auth0 provider reaches the tenant: its config, or else its variables.

    `secrets` are those of `access`, by its field, which has none of them itself.
    """

    access: Access
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    origin: str = ""
    """Where each of them was found, in a sentence for who has to correct it."""
    _tokens: dict[Access, Tokens] = field(default_factory=dict, repr=False, compare=False)
    """Shared by the hooks of a run, as each of them connects."""

    @property
    def known(self) -> bool:
        """Whether there are credentials."""
        proves = self.secrets.keys() & {"client_secret", "client_assertion_private_key"}
        has_client = bool(self.access.client_id and proves)
        return bool(self.access.domain) and (has_client or "api_token" in self.secrets)

    async def resolved(self) -> Access:
        """The credentials, for as long as a hook runs; without any, a `TenantCallError`."""
        if not self.known:
            raise TenantCallError(
                "neither AUTH0_API_TOKEN, nor AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET or "
                "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY, and AUTH0_DOMAIN (or auth0:domain and its "
                "like in the stack's config) say how to reach the tenant. Set them, or, where no "
                "Action is made, phonemfa:gate to off."
            )
        values = {name: await one.future() or "" for name, one in self.secrets.items()}
        return replace(self.access, **values)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Client]:
        """A client; what fails inside is told as a `TenantCallError`."""
        access = await self.resolved()
        tokens = self._tokens.setdefault(access, Tokens(access))
        try:
            async with connect(access, origin=self.origin, tokens=tokens) as client:
                yield client
        except TenantUnreadableError as error:
            raise TenantCallError(str(error)) from None


async def plain(inputs: Any) -> dict[str, Any]:
    """A hook's inputs as a program says them: secrets come wrapped, objects with a note inside."""
    values = await pulumi.Output.from_input(inputs or {}).future()
    return dict(_without_notes(values or {}))


def _without_notes(value: Any) -> Any:
    # The official plugin's bridge keeps `__defaults` in every object of the inputs it checked.
    if isinstance(value, Mapping):
        return {key: _without_notes(one) for key, one in value.items() if not key.startswith("__")}
    return [_without_notes(one) for one in value] if isinstance(value, list) else value
