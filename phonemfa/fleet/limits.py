"""What a tenant says about its rate limit, and how long to wait because of it.

Owns one cheap read of the tenant before a stack is begun, and what follows from the headers
x-ratelimit-limit, -remaining and -reset (unix seconds when tokens are added; contract,
management-api.md §1.4) and from a 429. Refuses to guess a limit: a tenant that sends no header is
not slowed down. The provider's own requests are the provider's: it waits out a 429 by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

from components.tenant.access import Access

if TYPE_CHECKING:
    import httpx

REQUESTS: Final[Mapping[str, int]] = {"preview": 2, "up": 44, "drift": 26}
"""The most that one stack was seen to ask for (tests/end_to_end): a preview that asks for the
generation, the first `up` of a unified tenant (38 with the preview of a policy pack, and room for a
retry), a look for drift."""

WITHOUT_HEADER: Final = 5.0
"""Seconds after a 429 that names no reset, as the auth0 provider waits."""

TIMEOUT: Final = 30.0
"""Seconds that the tenant may be silent within a request."""

TOTAL: Final = 60.0
"""Seconds for one request, all of it."""


class TenantSilentError(Exception):
    """The tenant gave no answer, or no token; the text says what to do, and holds no secret."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the tenant said.

    Attributes:
        limited: it answered 429.
        limit, remaining: of the bucket; None when not said.
        reset_in: seconds from its own clock to the reset that it named; None when not said.
    """

    limited: bool
    limit: int | None = None
    remaining: int | None = None
    reset_in: float | None = None

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str]) -> Self:
        """From an answer. Header names are looked up as given: lower case, or case-insensitive."""
        reset, told_at = _number(headers.get("x-ratelimit-reset")), _told_at(headers)
        retry_after = _number(headers.get("retry-after"))
        # The tenant's clock, not ours: a reset is a moment on the former.
        in_seconds = reset - told_at if reset is not None and told_at is not None else retry_after
        limit = _number(headers.get("x-ratelimit-limit"))
        remaining = _number(headers.get("x-ratelimit-remaining"))
        return cls(
            limited=status == HTTPStatus.TOO_MANY_REQUESTS,
            limit=None if limit is None else int(limit),
            remaining=None if remaining is None else int(remaining),
            reset_in=None if in_seconds is None else max(0.0, in_seconds),
        )

    def wait(self, needed: int) -> float:
        """Seconds to wait before asking again; 0 when a stack may begin.

        It may when what remains is what it needs, or half of the bucket where the bucket is
        smaller than that: the provider paces itself from there, and the other half is for
        whoever else uses the tenant's API.

        Args:
            needed: requests that the stack may make.
        """
        if self.limited:
            return max(1.0, WITHOUT_HEADER if self.reset_in is None else self.reset_in)
        if self.remaining is None:
            return 0.0
        enough = needed if self.limit is None else min(needed, max(1, self.limit // 2))
        if self.remaining >= enough:
            return 0.0
        return max(1.0, WITHOUT_HEADER if self.reset_in is None else self.reset_in)


class Gauge:
    """Asks one tenant how much of its bucket is left; keeps the token for the next time."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token = access.api_token

    def read(self) -> Budget:
        """One read of the Management API (`read:guardian_factors`), and a token before the first.

        Raises:
            TenantSilentError: no answer, or no token.
        """
        # A tenth of a second: only when a tenant is asked.
        import httpx  # noqa: PLC0415

        from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415

        address = f"https://{self._access.domain}"
        try:
            with BoundedClient(total=TOTAL, base_url=address, timeout=TIMEOUT) as http:
                if not self._token:
                    answer = self._ask_token(http)
                    if answer.status_code != HTTPStatus.OK:
                        return self._refused(answer)
                    self._token = str(answer.json().get("access_token", ""))
                answer = http.get(
                    "/api/v2/guardian/factors", headers={"Authorization": f"Bearer {self._token}"}
                )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise TenantSilentError(
                f"No answer from {address} ({type(error).__name__}: {error}). Check auth0:domain, "
                "the network, and SSL_CERT_FILE for a tenant with a CA of its own."
            ) from None
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            # It ended with time; a missing scope (403) has headers all the same.
            self._token = self._access.api_token
        return Budget.of(answer.status_code, answer.headers)

    def _ask_token(self, http: httpx.Client) -> httpx.Response:
        return http.post("/oauth/token", data=self._access.token_request())

    def _refused(self, answer: httpx.Response) -> Budget:
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return Budget.of(answer.status_code, answer.headers)
        raise TenantSilentError(
            f"{self._access.domain} refused a token for client "
            f"{self._access.client_id} ({answer.status_code}). Check the client's id and "
            "secret, and that it is authorised for the Management API."
        )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) else None


def _told_at(headers: Mapping[str, str]) -> float | None:
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return None
