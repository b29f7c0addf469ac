"""An access token for the Management API, for as long as it is needed, or why there is none.

It is kept until shortly before it ends (Auth0 bills tokens) by the clock that nobody sets.
auth0-python's own provider takes any answer for a token's, and waits for one without end when it
trickles.
"""

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import responses
from typing import Any, Final

from components.tenant.access import Access

TOKEN_TIME: Final = 30.0
"""Seconds for the answer with a token, all of it."""

PAUSES: Final = (1.0, 3.0)
"""Seconds before a request is repeated that was refused for now."""

_FOR_NOW: Final = frozenset({429, 500, 502, 503, 504})
_LEEWAY: Final = 10.0
"""Seconds before its end from which a token is not used any more."""


class NoTokenError(Exception):
    """The tenant gave no token; the text says what it said, and holds no credential.

    It has no period, and `fix` is a sentence.
    """

    def __init__(self, text: str, fix: str = "") -> None:
        super().__init__(text)
        self.fix = fix


class Tokens:
    """Tokens of one client of one tenant; threads that ask at the same time get the same one.

    `http` opens the client that asks; `clock` has seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        access: Access,
        *,
        http: Callable[[], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._http = http or _bounded
        self._clock = clock
        self._token = ""
        self._ends = 0.0
        self._asking = threading.Lock()
        self.scopes: frozenset[str] | None = None
        """What the last token may do; None where neither it nor its answer says."""

    def get(self) -> str:
        """A token that is good now, or a `NoTokenError`; `httpx.HTTPError` without an answer."""
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
            self.scopes = scopes_of(content)
            return token, asked_at + life
        raise self._refusal(answer.status_code, content if isinstance(content, dict) else {})

    def _refusal(self, status: int, content: dict[str, Any]) -> NoTokenError:
        kind = content.get("error")
        told = content.get("error_description") or kind
        told = told if isinstance(told, str) and status >= HTTPStatus.BAD_REQUEST else ""
        told = self._access.without_secrets(told)
        phrase = f"{status} {responses.get(status, '')}".rstrip()
        said = f"{phrase}: {told}" if told else phrase
        who = f"client {self._access.client_id}"
        text = f"{self._access.domain} refused a token for {who} ({said})"
        return NoTokenError(text, self._fix(status, kind, told))

    def _fix(self, status: int, kind: Any, told: str) -> str:
        """What to do about a refusal (management-api.md §2)."""
        if kind == "unauthorized_client":
            return (
                "In the dashboard: the application > Advanced > Grant Types > Client Credentials."
            )
        if "Service not " in told:
            return (
                "AUTH0_DOMAIN must be the tenant's own domain, not a custom domain; with a custom "
                "one, AUTH0_AUDIENCE=https://<the tenant's own domain>/api/v2/."
            )
        if "not authorized to access" in told:
            return (
                "In the dashboard: Applications > APIs > Auth0 Management API > Machine to Machine "
                "Applications: authorise this application."
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return "Wait: the application's quota for tokens, or the tenant's, is used up."
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            proof = (
                "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY"
                if self._access.client_assertion_private_key
                else "AUTH0_CLIENT_SECRET"
            )
            return (
                f"Check AUTH0_CLIENT_ID and {proof}, and that the application is authorised for "
                "the Management API."
            )
        return "Check auth0:domain or AUTH0_DOMAIN: is that the tenant?"


def _bounded() -> Any:
    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415 - loads httpx

    # No limit of its own between two bytes: `total` ends it.
    return BoundedClient(total=TOKEN_TIME, json_only=True, timeout=None)


def granted(content: Any) -> tuple[str, float | None]:
    """Token and seconds of a token's answer; either is empty when it is not there."""
    if not isinstance(content, dict):
        return "", None
    token: Any = content.get("access_token")
    seconds: Any = content.get("expires_in")
    try:
        # A number or its text, as oauth2 libraries take it; of NaN and Infinity, int makes nothing.
        life = None if isinstance(seconds, bool) else int(float(seconds))
    except (TypeError, ValueError, OverflowError):
        life = None
    return token if isinstance(token, str) else "", life


def scopes_of(content: Any) -> frozenset[str] | None:
    """The scopes of a token: its answer says them, else the token itself may; None: neither does.

    A token need not be one that can be looked into.
    """
    said = content.get("scope")
    if not isinstance(said, str):
        said = _claims(str(content.get("access_token", ""))).get("scope")
    return frozenset(said.split()) if isinstance(said, str) else None


def _claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unchecked: the tenant checks them, and a wrong one fools only us."""
    try:
        part = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
