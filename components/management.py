"""The tenant's Management API, for the few calls that no Pulumi resource can make in time.

Owns reaching the tenant with the credentials that the provider has, and turning a refusal into
one line. Refuses to know why a call is made: hooks do. Nothing here runs while nothing is written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import responses
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient


class TenantCallError(Exception):
    """The tenant did not do what was asked; the text holds no credential."""


@dataclass(frozen=True, kw_only=True)
class TenantAccess:
    """How the auth0 provider reaches the tenant: its config, or else its variables.

    A token wins over client id and secret, as it does with the provider.
    """

    domain: str
    client_id: str
    client_secret: pulumi.Output[str] | None
    api_token: pulumi.Output[str] | None

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncManagementClient]:
        """A client; what fails inside is told as a `TenantCallError`."""
        # With auth0-python a fifth of a second: only when something is written.
        import httpx  # noqa: PLC0415
        from auth0.management import AsyncManagementClient  # noqa: PLC0415
        from auth0.management.core.api_error import ApiError  # noqa: PLC0415

        credentials = await self._credentials()
        async with httpx.AsyncClient(timeout=30) as http:
            try:
                yield AsyncManagementClient(domain=self.domain, httpx_client=http, **credentials)
            except ApiError as error:
                raise TenantCallError(_refusal(self.domain, error)) from None
            except httpx.HTTPStatusError as error:
                raise TenantCallError(
                    f"{self.domain} refused a token for client {self.client_id} "
                    f"({error.response.status_code})"
                ) from None
            except httpx.HTTPError as error:
                raise TenantCallError(
                    f"no answer from https://{self.domain} ({type(error).__name__}: {error})"
                ) from None

    async def _credentials(self) -> dict[str, Any]:
        if self.domain and self.api_token is not None:
            return {"token": await _value(self.api_token)}
        if self.domain and self.client_id and self.client_secret is not None:
            secret = await _value(self.client_secret)
            return {"client_id": self.client_id, "client_secret": secret}
        raise TenantCallError(
            "neither AUTH0_API_TOKEN, nor AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, with "
            "AUTH0_DOMAIN (or auth0:domain and its like in the stack's config) say how to reach "
            "the tenant. Set them, or phonemfa:gate to off."
        )


async def plain(inputs: Any) -> dict[str, Any]:
    """A hook's inputs without their Output wrappers: secrets come wrapped."""
    values = await pulumi.Output.from_input(inputs or {}).future()
    return dict(values or {})


async def _value(output: pulumi.Output[str]) -> str:
    return (await output.future()) or ""


def _refusal(domain: str, error: Any) -> str:
    body = error.body.model_dump() if hasattr(error.body, "model_dump") else error.body
    message = body.get("message") if isinstance(body, Mapping) else None
    phrase = responses.get(error.status_code, "")
    return f"{domain} answered {error.status_code} {phrase}: {message or 'no message'}"
