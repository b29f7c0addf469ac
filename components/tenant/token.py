"""An access token for the Management API, for as long as it is needed.

It is kept until shortly before it ends: Auth0 counts the tokens of a client, and bills them.
auth0-python's own provider takes any answer for a token's, and waits for one without end when it
trickles.

A token's life is measured on the clock that nobody sets: a machine whose time is wrong, or put
right meanwhile, neither trusts a dead token nor throws a good one away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.client import responses
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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
    """Tokens of one client of one tenant; threads that ask at the same time get the same one.

    Args:
        access: who asks.
        http: opens the client that asks; `json_only`.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        access: Access,
        *,
        http: Callable[[], BoundedClient] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._http = http or _bounded
        self._clock = clock
        self._token = ""
        self._ends = 0.0
        self._asking = threading.Lock()

    def get(self) -> str:
        """A token that is good now.

        Raises:
            NoTokenError: the tenant refused it, or answered without one.
            httpx.HTTPError: no answer.
        """
        with self._asking:
            if not self._token or self._clock() >= self._ends - _LEEWAY:
                self._token, self._ends = self._asked()
            return self._token

    def _asked(self) -> tuple[str, float]:
        for seconds in (*PAUSES, None):
            asked_at = self._clock()
            with self._http() as http:
                answer = http.post(
                    f"https://{self._access.domain}/oauth/token", data=self._access.token_request()
                )
            if answer.status_code not in _FOR_NOW or seconds is None:
                break
            time.sleep(seconds)
        content = answer.json() if answer.content.strip() else {}
        token, life = granted(content)
        if answer.is_success and token and life is not None:
            return token, asked_at + life
        raise NoTokenError(self._refusal(answer.status_code, content))

    def _refusal(self, status: int, content: Any) -> str:
        said = content.get("error_description") if isinstance(content, dict) else None
        said = f": {said}" if isinstance(said, str) and status >= 400 else ""  # noqa: PLR2004
        said = self._access.without_secrets(said)
        phrase = f"{status} {responses.get(status, '')}".rstrip()
        asked = f"{self._access.domain} refused a token for client {self._access.client_id}"
        return f"{asked} ({phrase}{said})"


def _bounded() -> BoundedClient:
    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415 - loads httpx

    return BoundedClient(total=TOKEN_TIME, json_only=True, timeout=TOKEN_TIME)


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
