"""Who may ask for Management API tokens, with which scopes, and the tokens' signing key."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.json_schemas import BOOLEAN
from sandbox.tenant.context import Page, Rules, new_id
from sandbox.tenant.operation import MOST_PER_PAGE, Evidence, Routes

COLLECTION = "clients"
KEYS = "keys"

_WRITTEN = ("tenant_settings", "guardian_factors", "mfa_policies", "prompts")
_MADE = ("actions", "phone_providers", "phone_templates")
PHONE_MFA_SCOPES: tuple[str, ...] = (
    *(f"{verb}:{one}" for one in _WRITTEN for verb in ("read", "update")),
    *(f"{verb}:{one}" for one in _MADE for verb in ("read", "create", "update", "delete")),
    *("read:logs", "read:clients", "read:custom_domains"),
)

DAY_IN_SECONDS = 86_400
ROUTES = Routes("clients")


@dataclass(frozen=True)
class Credentials:
    """A client id and its secret; made up where not given."""

    client_id: str = field(default_factory=lambda: new_id(length=32))
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


class Clients(Rules):
    """The tenant's machine-to-machine applications."""

    def add(
        self,
        credentials: Credentials,
        *,
        scopes: Sequence[str] = PHONE_MFA_SCOPES,
        grant_types: Sequence[str] = ("client_credentials",),
        authorized: bool = True,
        token_seconds: int = DAY_IN_SECONDS,
        default: bool = False,
    ) -> dict[str, Any]:
        """Register a client, or replace the one of this id.

        `authorized` is whether it has a client grant for the Management API, `token_seconds` how
        long its tokens live (negative: they have expired), `default` whether it survives a reset.
        """
        client = {
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "scopes": list(scopes),
            "grant_types": list(grant_types),
            "authorized": authorized,
            "token_seconds": token_seconds,
            "default": default,
        }
        self._store.put(COLLECTION, credentials.client_id, client)
        return client

    @ROUTES(
        "GET",
        "/clients",
        "read:clients",
        query={"include_totals": BOOLEAN},
        paged=Page(per_page=MOST_PER_PAGE),
        known=Evidence("published", "only who may call the API, without secrets"),
    )
    def listing(self, *, page: Page, include_totals: bool = False) -> Any:
        """Who may call the API. No secrets: nobody here has `read:client_keys`."""
        found = [
            {
                "tenant": self._context.name,
                "client_id": one["client_id"],
                "name": one["client_id"],
                "app_type": "non_interactive",
                "grant_types": one["grant_types"],
                "is_first_party": True,
            }
            for one in self.all()
        ]
        shown = page.part(found)
        if not include_totals:
            return shown
        total = {"start": page.start, "limit": page.per_page, "total": len(found)}
        return {"clients": shown, **total}

    def all(self) -> list[dict[str, Any]]:
        """Every client, secret included, oldest first."""
        return self._store.all(COLLECTION)

    def authenticate(self, client_id: str, client_secret: str) -> dict[str, Any] | None:
        client = self._store.get(COLLECTION, client_id)
        if client is None:
            return None
        known = str(client["client_secret"]).encode()
        return client if hmac.compare_digest(known, client_secret.encode()) else None

    def default(self) -> Credentials | None:
        for client in self._store.all(COLLECTION):
            if client["default"]:
                return Credentials(client["client_id"], client["client_secret"])
        return None

    def signing_key(self) -> str:
        """The secret that tokens are signed with, made once per tenant and kept over restarts."""
        with self._store.transaction():
            found = self._store.get(KEYS, "tokens")
            if found is None:
                found = {"secret": secrets.token_hex(32)}
                self._store.put(KEYS, "tokens", found)
        return str(found["secret"])

    def end_tokens(self) -> None:
        """Refuse every token issued so far: the next one is signed with another key."""
        self._store.delete(KEYS, "tokens")

    def forget_added(self) -> None:
        with self._store.transaction():
            for client in self._store.all(COLLECTION):
                if not client["default"]:
                    self._store.delete(COLLECTION, client["client_id"])
