"""The Management API as the resources of the stand-in use it.

The token, the retries, and failures as one readable line. The requests themselves are made by
auth0-python; what to call when is the resources' business. As with the official plugin, what the
tenant says is repeated word for word, a secret in it included.

Two places differ from plain auth0-python on purpose, because the official plugin's requests are
the contract: the token is asked for with HTTP Basic and a form body, lazily; and 409 is not
retried (auth0-python's default would).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from components.tenant.token import granted

if TYPE_CHECKING:
    import httpx
    from auth0.management import AsyncAuth0

    from components.tenant.bounded_http import BoundedAsyncClient

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

    @property
    def gone(self) -> bool:
        """Whether the object does not exist (any more)."""
        return self.status == HTTPStatus.NOT_FOUND


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How to reach a tenant: bare domain (a port is allowed), client id and secret, audience."""

    domain: str
    client_id: str
    client_secret: str
    audience: str

    def __repr__(self) -> str:
        return f"Credentials(domain={self.domain!r}, client_id={self.client_id!r})"


class Management:
    """Lazy connection to one tenant. Nothing is sent before the first call."""

    def __init__(
        self, credentials: Credentials, *, sleep: Callable[[float], Awaitable[None]] | None = None
    ) -> None:
        self._credentials = credentials
        self._sleep = sleep or asyncio.sleep
        self._token = ""
        self._token_expires = 0.0
        self._token_lock = asyncio.Lock()
        self._warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Note something for the user that fails nothing."""
        self._warnings.append(text)

    def warnings(self) -> list[str]:
        """What was noted since the last time."""
        noted, self._warnings = self._warnings, []
        return noted

    @cached_property
    def _http(self) -> BoundedAsyncClient:
        # Imported late, as auth0-python below: a preview sends nothing and need not wait for it.
        from components.tenant.bounded_http import BoundedAsyncClient  # noqa: PLC0415

        return BoundedAsyncClient(total=LONGEST_REQUEST, json_only=True, timeout=30.0)

    @cached_property
    def sdk(self) -> AsyncAuth0:
        from auth0.management import AsyncAuth0  # noqa: PLC0415

        return AsyncAuth0(
            base_url=f"https://{self._credentials.domain}/api/v2",
            token="",
            async_token=self._bearer,
            httpx_client=self._http,
            max_retries=0,
        )

    async def call(self, request: Callable[[AsyncAuth0], Awaitable[Any]]) -> Any:
        """The answer of one Management API call as plain values.

        Raises:
            ManagementError: with status and Auth0's own message; status 0 when no answer came.
        """
        import httpx  # noqa: PLC0415
        from auth0.management.core.api_error import ApiError  # noqa: PLC0415
        from auth0.management.core.parse_error import ParsingError  # noqa: PLC0415

        server_errors = rate_limits = 0
        while True:
            try:
                return _plain(await request(self.sdk))
            except ApiError as error:
                status = error.status_code or 0
                if status == HTTPStatus.TOO_MANY_REQUESTS and rate_limits < RATE_LIMIT_TRIES:
                    rate_limits += 1
                    await self._sleep(_rate_limit_wait(error.headers or {}))
                elif status in RETRIED and server_errors < SERVER_ERROR_TRIES:
                    server_errors += 1
                    await self._sleep(SHORTEST_WAIT * 2 ** (server_errors - 1))
                else:
                    raise ManagementError(
                        status, _describe(status, error.body), code=_code(error.body)
                    ) from None
            except httpx.HTTPError as error:
                if not _may_pass(error) or server_errors >= SERVER_ERROR_TRIES:
                    raise self._unreachable(error) from None
                # At once, the first time: a POST that took effect then meets what it made.
                await self._sleep(SHORTEST_WAIT * 2 ** (server_errors - 1) if server_errors else 0)
                server_errors += 1
            except ParsingError:
                raise ManagementError(
                    0, f"{self._credentials.domain} answered in a form that Auth0 does not have"
                ) from None

    async def call_path(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of a path that auth0-python does not have."""
        from auth0.management.core.api_error import ApiError  # noqa: PLC0415

        async def request(_: AsyncAuth0) -> Any:
            answer = await self._http.request(
                method,
                f"https://{self._credentials.domain}/api/v2/{path}",
                json=body,
                headers={"Authorization": f"Bearer {await self._bearer()}"},
            )
            said: Any = answer.text
            with contextlib.suppress(ValueError):
                said = answer.json()
            if answer.status_code >= HTTPStatus.BAD_REQUEST:
                raise ApiError(
                    status_code=answer.status_code, headers=dict(answer.headers), body=said
                )
            return said

        return await self.call(request)

    async def _bearer(self) -> str:
        async with self._token_lock:
            if time.monotonic() >= self._token_expires - TOKEN_LEEWAY:
                await self._fetch_token()
            return self._token

    async def _fetch_token(self) -> None:
        """As golang's oauth2 does: with HTTP Basic, and on any failure once more in the body."""
        credentials = self._credentials
        pair = f"{quote_plus(credentials.client_id)}:{quote_plus(credentials.client_secret)}"
        basic = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        try:
            await self._ask_token(basic, {})
        except ManagementError:
            own = {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
            await self._ask_token({}, own)

    async def _ask_token(self, headers: Mapping[str, str], form: Mapping[str, str]) -> None:
        import httpx  # noqa: PLC0415 - loaded already

        credentials = self._credentials
        asked = time.monotonic()
        try:
            answer = await self._http.post(
                f"https://{credentials.domain}/oauth/token",
                headers=headers,
                data={"audience": credentials.audience, "grant_type": "client_credentials", **form},
            )
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        body: Any = None
        with contextlib.suppress(ValueError):
            body = answer.json()
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
            f"{self._credentials.domain} refused a token for client {self._credentials.client_id} "
            f"({status} {reason}). Check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET (or "
            "auth0:clientId and auth0:clientSecret), and that the application is authorised for "
            "the Management API."
        )

    def _unreachable(self, error: httpx.HTTPError) -> ManagementError:
        return ManagementError(
            0,
            f"no answer from https://{self._credentials.domain} ({type(error).__name__}: {error}). "
            "Is the tenant's domain right (AUTH0_DOMAIN), is it running, and is its certificate "
            "authority named by SSL_CERT_FILE?",
        )


def _may_pass(error: httpx.HTTPError) -> bool:
    """Whether the official plugin asks again: not after a bad certificate, nor within an answer.

    A request that takes too long would hold the official plugin up for ever.
    """
    import httpx  # noqa: PLC0415 - loaded already

    from components.tenant.bounded_http import BrokenAnswerError  # noqa: PLC0415 - loaded already

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


def _plain(answer: Any) -> Any:
    # auth0-python answers pydantic models, lists of them, enums, or nothing.
    if answer is None or isinstance(answer, str | int | float | bool):
        return answer
    if isinstance(answer, Mapping):
        return {key: _plain(value) for key, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [_plain(item) for item in answer]
    if hasattr(answer, "model_dump"):
        return answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return answer


def _mapping(body: Any) -> Mapping[str, Any] | None:
    found = body.model_dump(by_alias=True) if hasattr(body, "model_dump") else body
    return found if isinstance(found, Mapping) else None


def _code(body: Any) -> str:
    said = _mapping(body) or {}
    return str(said.get("errorCode") or said.get("error_code") or "")


def _describe(status: int, body: Any) -> str:
    phrase = responses.get(status, "")
    said = _mapping(body)
    if said is not None:
        message = said.get("message") or said.get("error_description") or "no message"
    else:
        # Not repeated: a proxy's page can be long, and hold what was sent to it.
        message = "an answer that is not JSON"
    return f"{status} {phrase}: {message}"


def _rate_limit_wait(headers: Mapping[str, str]) -> float:
    lowered = {key.lower(): value for key, value in headers.items()}
    try:
        wait = float(lowered["x-ratelimit-reset"]) - time.time()
    except (KeyError, ValueError):
        wait = WAIT_WITHOUT_HEADER
    return min(max(wait, 0.0), LONGEST_WAIT)
