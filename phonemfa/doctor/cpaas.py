"""The CPaaS, asked without sending: is it there, and does it take the key?

Owns the requests and what came back. Refuses to judge (`cpaas_checks`), and to send a message: each
request is a send request with an empty list of messages, so that there is nothing to send whatever
the answer. First one without a key, which must be refused; only a host that refuses it as the
CPaaS does is shown the key. (`GET /sms/3/reports` would take the key too, but it uses delivery
reports up.)
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from components.vocabulary import DeliveryMethod

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = 10.0
"""Seconds for a connection, and for silence within an answer. The Action itself waits 8 s."""

TOTAL: Final = 20.0
"""Seconds for one request, all of it."""

PATHS: Final = {
    DeliveryMethod.TEXT: "/sms/3/messages",
    DeliveryMethod.VOICE: "/tts/3/advanced",
}
NOTHING_TO_SEND: Final[Mapping[str, Any]] = {"messages": []}
_ADDRESS: Final = re.compile(r"(?P<host>[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})\Z")


class Failure(StrEnum):
    """Why there was no answer at all."""

    UNKNOWN_NAME = "its name is not known"
    TLS = "TLS failed"
    UNREACHABLE = "no connection"
    SILENT = "no answer in time"
    BROKEN = "the connection broke"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one request met: a status, or a failure with its own words.

    `is_cpaas` is whether a refusal has one of the CPaaS's two error forms; `location` is the host
    that a redirect leads to.
    """

    status: int | None = None
    failure: Failure | None = None
    detail: str = ""
    is_cpaas: bool = False
    location: str = ""

    @property
    def knows_callers(self) -> bool:
        """Whether this is the CPaaS's own refusal of a caller without a key."""
        return self.status == HTTPStatus.UNAUTHORIZED and self.is_cpaas


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What the host answered, by channel: without a key, and with it where it was shown."""

    host: str
    without_key: Mapping[DeliveryMethod, Answer]
    with_key: Mapping[DeliveryMethod, Answer] = field(default_factory=dict)


class BadAddressError(ValueError):
    """The address to connect to is not `host:port`."""


def probe(
    host: str, methods: Sequence[DeliveryMethod], *, key: str | None = None, address: str = ""
) -> Probe:
    """Ask a CPaaS account's host.

    Args:
        host: the account's base host.
        methods: the channels that the stack uses.
        key: the API key, if it is to be tried.
        address: `host:port` to connect to instead of the host's own; the certificate must still
            be the host's.

    Raises:
        BadAddressError: `address` is not of that form.
    """
    with _client(host, address) as http:
        open_answers: dict[DeliveryMethod, Answer] = {}
        for method in methods:
            open_answers[method] = _ask(http, method)
            if open_answers[method].failure:
                break  # The next one would meet the same, after the same time.
        keyed = {
            method: _ask(http, method, key=key)
            for method, answer in open_answers.items()
            if key is not None and answer.knows_callers
        }
    return Probe(host=host, without_key=open_answers, with_key=keyed)


@contextmanager
def _client(host: str, address: str) -> Iterator[httpx.Client]:
    import httpx  # noqa: PLC0415 - only when the CPaaS is asked

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415

    if not address:
        with BoundedClient(total=TOTAL, base_url=f"https://{host}", timeout=TIMEOUT) as http:
            yield http
        return
    if not _ADDRESS.match(address):
        raise BadAddressError(f"{address!r} is no address: host:port, such as localhost:8444.")
    with BoundedClient(
        total=TOTAL,
        base_url=f"https://{address}",
        headers={"Host": host},
        timeout=TIMEOUT,
        verify=httpx.create_ssl_context(),
        # A proxy would be asked for the address, which is this machine's or network's own.
        trust_env=False,
        event_hooks={"request": [lambda one: one.extensions.update(sni_hostname=host)]},
    ) as http:
        yield http


def _ask(http: httpx.Client, method: DeliveryMethod, *, key: str | None = None) -> Answer:
    import httpx  # noqa: PLC0415

    headers = {"Accept": "application/json"}
    if key is not None:
        headers["Authorization"] = f"App {key}"
    try:
        answer = http.post(PATHS[method], json=NOTHING_TO_SEND, headers=headers)
    except httpx.HTTPError as error:
        return Answer(failure=_failure(error), detail=_in_words(error))
    return Answer(
        status=answer.status_code,
        is_cpaas=_is_cpaas(answer),
        location=_host(answer.headers.get("location", "")),
    )


def _host(location: str) -> str:
    import httpx  # noqa: PLC0415

    try:
        return httpx.URL(location).host
    except httpx.InvalidURL:
        return ""


def _is_cpaas(answer: httpx.Response) -> bool:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and ("errorCode" in body or "requestError" in body)


def _failure(error: BaseException) -> Failure:
    import httpx  # noqa: PLC0415

    causes = list(_causes(error))
    if any(isinstance(one, socket.gaierror) for one in causes):
        return Failure.UNKNOWN_NAME
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return Failure.TLS
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
        return Failure.UNREACHABLE
    return Failure.SILENT if isinstance(error, httpx.TimeoutException) else Failure.BROKEN


def _in_words(error: BaseException) -> str:
    for one in _causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return one.verify_message
    return str(error) or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
