"""The domains under which a tenant's login pages are reached besides its own.

Only read: they are put here by a test or by hand in the store, as the real ones need DNS.
"""

from typing import Any, Final

from sandbox.tenant.context import Rules, new_id
from sandbox.tenant.operation import Evidence, Routes

COLLECTION: Final = "custom_domains"


ROUTES = Routes("custom_domains")


class CustomDomains(Rules):
    """The custom domains of one tenant."""

    def add(self, domain: str, *, status: str = "ready") -> None:
        """One more, as after its DNS record was seen."""
        key = new_id("cd_")
        document = {"custom_domain_id": key, "domain": domain, "primary": True, "status": status}
        self._store.put(COLLECTION, key, document | {"type": "auth0_managed_certs"})

    @ROUTES(
        "GET",
        "/custom-domains",
        "read:custom_domains",
        known=Evidence("published", "only their list"),
    )
    def all(self) -> list[dict[str, Any]]:
        return [dict(one) for one in self._store.all(COLLECTION)]
