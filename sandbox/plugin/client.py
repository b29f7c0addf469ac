"""The Management API as the resources of the stand-in use it: token, retries, readable failures.

What to ask when is the resources' business. As with the official plugin, what the tenant says is
repeated word for word, a secret in it included.
"""

import asyncio
import contextlib
import math
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.client import responses
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus

import httpx

from components.tenant.bounded_http import BoundedAsyncClient, BrokenAnswerError
from components.tenant.token import granted

T = TypeVar("T")

RETRIED: Final = frozenset({500, 502, 503, 504, 524})
SERVER_ERROR_TRIES: Final = 3
RATE_LIMIT_TRIES: Final = 10
"""The official plugin waits for ever on 429; a sandbox that never ends helps nobody."""
LONGEST_REQUEST: Final = 60.0
"""Seconds for one request, all of it; the official plugin has no such limit."""
SHORTEST_WAIT: Final = 0.25
"""Seconds before a 500 is tried again, doubled each time: four tries in about two seconds."""
LONGEST_WAIT: Final = 60.0
WAIT_WITHOUT_HEADER: Final = 5.0
TOKEN_LEEWAY: Final = 10.0


class ManagementError(Exception):
    """A call failed for good; `code` is Auth0's errorCode."""

    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def of_form(form: type[T], value: Any) -> T:
    """A part of an answer that has to have this form."""
    if not isinstance(value, form):
        raise TypeError
    return value


@dataclass(eq=False, kw_only=True)
class Management:
    """Lazy connection to one tenant. Nothing is sent before the first call."""

    domain: str
    """Bare; a port is allowed."""
    client_id: str
    client_secret: str = field(repr=False)
    audience: str
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    warnings: list[str] = field(default_factory=list)
    """For the user, of what fails nothing."""
    _token: str = field(default="", init=False, repr=False)
    _token_expires: float = field(default=0.0, init=False)
    _token_lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @cached_property
    def _http(self) -> BoundedAsyncClient:
        return BoundedAsyncClient(total=LONGEST_REQUEST, json_only=True, timeout=30.0)

    async def get(self, path: str, read: Callable[[Any], T]) -> T:
        """What there is at a path; an empty object where the tenant has no content."""
        found: T = await self.send("GET", path, read=read)
        return found

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        read: Callable[[Any], Any] = lambda answer: answer,
    ) -> Any:
        """Send a request, as often as the official plugin does, and answer what the tenant does.

        Args:
            path: below /api/v2/, with its query.
            read: takes from the answer what is wanted of it. Whatever it stumbles over makes the
                answer one that no tenant gives.

        Raises:
            ManagementError: with status and Auth0's own message; status 0 when no answer came, or
                one in another form.
        """
        failures = rate_limits = 0
        url = f"https://{self.domain}/api/v2/{path}"
        while True:
            headers = {"Authorization": f"Bearer {await self._bearer()}"}
            try:
                answer = await self._http.request(method, url, json=body, headers=headers)
            except httpx.HTTPError as error:
                if not _may_pass(error) or failures >= SERVER_ERROR_TRIES:
                    raise self._unreachable(error) from None
                # At once, the first time: a POST that took effect then meets what it made.
                wait = SHORTEST_WAIT * 2 ** (failures - 1) if failures else 0
                failures += 1
            else:
                status = answer.status_code
                if status == HTTPStatus.TOO_MANY_REQUESTS and rate_limits < RATE_LIMIT_TRIES:
                    wait = _rate_limit_wait(answer.headers)
                    rate_limits += 1
                elif status in RETRIED and failures < SERVER_ERROR_TRIES:
                    wait = SHORTEST_WAIT * 2**failures
                    failures += 1
                else:
                    said = _said(answer)
                    try:
                        return read(said)
                    except (AttributeError, LookupError, TypeError, ValueError):
                        form = "in a form that Auth0 does not have"
                        raise ManagementError(
                            0, f"{self.domain} answered {method} {path} {form}"
                        ) from None
            await self.sleep(wait)

    async def _bearer(self) -> str:
        async with self._token_lock:
            if time.monotonic() >= self._token_expires - TOKEN_LEEWAY:
                await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> None:
        """As golang's oauth2 does: with HTTP Basic, and on any failure once more in the body."""
        form = {"audience": self.audience, "grant_type": "client_credentials"}
        own = {"client_id": self.client_id, "client_secret": self.client_secret}
        try:
            pair = (quote_plus(self.client_id), quote_plus(self.client_secret))
            await self._ask_token(form, auth=pair)
        except ManagementError:
            await self._ask_token(form | own)

    async def _ask_token(self, form: Mapping[str, str], **options: Any) -> None:
        asked = time.monotonic()
        url = f"https://{self.domain}/oauth/token"
        try:
            answer = await self._http.post(url, data=form, **options)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        body = _json(answer)
        token, seconds = granted(body)
        if answer.status_code != HTTPStatus.OK or not token:
            raise ManagementError(answer.status_code, self._token_refused(answer.status_code, body))
        self._token = token
        # oauth2 takes a token without an end for one that does not end.
        self._token_expires = asked + (math.inf if seconds is None else seconds)

    def _token_refused(self, status: int, body: Any) -> str:
        detail = body if isinstance(body, dict) else {}
        reason = f"{detail.get('error', 'no code')}: {detail.get('error_description', '')}"
        return (
            f"{self.domain} refused a token for client {self.client_id} "
            f"({status} {reason}). Check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET (or "
            "auth0:clientId and auth0:clientSecret), and that the application is authorised for "
            "the Management API."
        )

    def _unreachable(self, error: httpx.HTTPError) -> ManagementError:
        return ManagementError(
            0,
            f"no answer from https://{self.domain} ({type(error).__name__}: {error}). "
            "Is the tenant's domain right (AUTH0_DOMAIN), is it running, and is its certificate "
            "authority named by SSL_CERT_FILE?",
        )


def _may_pass(error: httpx.HTTPError) -> bool:
    """Whether the official plugin asks again: not after a bad certificate, nor within an answer.

    A request that takes too long would hold the official plugin up for ever.
    """
    causes: BaseException | None = error
    while causes is not None:
        if isinstance(causes, ssl.SSLCertVerificationError):
            return False
        causes = causes.__cause__ or causes.__context__
    never = (
        BrokenAnswerError,
        httpx.LocalProtocolError,
        httpx.TimeoutException,
        httpx.UnsupportedProtocol,
    )
    return isinstance(error, httpx.TransportError) and not isinstance(error, never)


def _json(answer: httpx.Response) -> Any:
    with contextlib.suppress(ValueError):
        return answer.json()
    return None


def _said(answer: httpx.Response) -> Any:
    status, body = answer.status_code, _json(answer)
    if status == HTTPStatus.NO_CONTENT:
        return {}
    if answer.is_success and body is not None:
        return body
    detail = body if isinstance(body, dict) else {}
    # Not repeated where it is no JSON: a proxy's page can be long, and hold what was sent to it.
    message = detail.get("message") or detail.get("error_description") or "no message"
    said = "an answer that is not JSON" if body is None else message
    code = str(detail.get("errorCode") or "")
    raise ManagementError(status, f"{status} {responses.get(status, '')}: {said}", code=code)


def _rate_limit_wait(headers: Mapping[str, str]) -> float:
    try:
        wait = float(headers["x-ratelimit-reset"]) - time.time()
    except (KeyError, ValueError):
        wait = WAIT_WITHOUT_HEADER
    return min(max(wait, 0.0), LONGEST_WAIT)
