"""An access token for the Management API, for as long as it is needed.

Owns asking for one with client id and secret, keeping it until shortly before it ends, and saying
why there is none. Refuses to look into it. auth0-python's own provider takes any answer for a
token's, and waits for one without end when it trickles.

A token's life is measured on the clock that nobody sets: a machine whose time is wrong, or put
right meanwhile, neither trusts a dead token nor throws a good one away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import responses
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx

    from components.tenant.access import Access
    from components.tenant.bounded_http import BoundedClient

TOKEN_TIME: Final = 30.0
"""Seconds for the answer with a token, all of it."""

PAUSES: Final = (1.0, 3.0)
"""Seconds before a request is repeated that was refused for now."""

_FOR_NOW: Final = frozenset({429, 500, 502, 503, 504})
_LEEWAY: Final = 10.0
"""Seconds before its end from which a token is not used any more."""


class NoTokenError(Exception):
    """The tenant gave no token; the text says what it said, and holds no credential."""


class Tokens:
    """Tokens of one client of one tenant.

    Args:
        http: asks for them; `json_only`.
        access: who asks.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        http: BoundedClient,
        *,
        access: Access,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._access = access
        self._clock = clock
        self._token = ""
        self._ends = 0.0

    def get(self) -> str:
        """A token that is good now.

        Raises:
            NoTokenError: the tenant refused it, or answered without one.
            httpx.HTTPError: no answer.
        """
        if not self._token or self._clock() >= self._ends - _LEEWAY:
            self._token, self._ends = self._asked()
        return self._token

    def _asked(self) -> tuple[str, float]:
        for seconds in (*PAUSES, None):
            asked_at = self._clock()
            answer = self._post()
            if answer.status_code not in _FOR_NOW or seconds is None:
                break
            time.sleep(seconds)
        content = answer.json() if answer.content.strip() else {}
        token, life = granted(content)
        if answer.is_success and token and life is not None:
            return token, asked_at + life
        raise NoTokenError(self._refusal(answer.status_code, content))

    def _post(self) -> httpx.Response:
        return self._http.post(
            f"https://{self._access.domain}/oauth/token", data=self._access.token_request()
        )

    def _refusal(self, status: int, content: Any) -> str:
        said = content.get("error_description") if isinstance(content, dict) else None
        said = f": {said}" if isinstance(said, str) and status >= 400 else ""  # noqa: PLR2004
        said = self._access.without_secrets(said)
        phrase = f"{status} {responses.get(status, '')}".rstrip()
        asked = f"{self._access.domain} refused a token for client {self._access.client_id}"
        return f"{asked} ({phrase}{said})"


def granted(content: Any) -> tuple[str, float | None]:
    """Token and seconds of a token's answer; either is empty when it is not there."""
    if not isinstance(content, dict):
        return "", None
    token, seconds = content.get("access_token"), content.get("expires_in")
    # A number or its text, as oauth2 libraries take it.
    if isinstance(seconds, str) and seconds.isdecimal():
        seconds = int(seconds)
    known = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return token if isinstance(token, str) else "", float(seconds or 0) if known else None
