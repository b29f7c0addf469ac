"""The CPaaS, asked without sending: is it there, and does it take the key?

Each request is a send request with an empty list of messages, so that there is nothing to send
whatever the answer. First one without a key, which must be refused; only a host that refuses it as
the CPaaS does is shown the key. (`GET /sms/3/reports` would take the key too, but it uses delivery
reports up.) The key stays in memory, and is never an argument, which every process of the machine
could read.
"""

import os
import re
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import httpx

from components.settings.raw_config import API_KEY, NAMESPACE, NO_KEY, is_key
from components.tenant.bounded_http import BoundedClient
from components.vocabulary import DeliveryMethod
from phonemfa.answered import RefusedError
from phonemfa.doctor.findings import Finding, Subject, about, fault, note, ok, unknown, warning
from phonemfa.doctor.pulumi_side import PATIENCE
from phonemfa.output.terminal import working
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli
from phonemfa.pulumi.stack_file import StackFile

TIMEOUT: Final = 10.0
"""Seconds for a connection, and for silence within an answer. The Action itself waits 8 s."""

TOTAL: Final = 20.0
"""Seconds for one request, all of it."""

PATHS: Final = {DeliveryMethod.TEXT: "/sms/3/messages", DeliveryMethod.VOICE: "/tts/3/advanced"}
_COMPARE: Final = "compare phonemfa:cpaasBaseHost with the account's page at NTT CPaaS"
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}\Z")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one request met: a status; or 0, with why there was none and what to do about it.

    `is_cpaas` is whether a refusal has one of the CPaaS's two error forms; `location` is the host
    that a redirect leads to.
    """

    status: int = 0
    failure: str = ""
    detail: str = ""
    fix: str = ""
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


def probe(
    host: str, methods: Sequence[DeliveryMethod], *, key: str | None = None, address: str = ""
) -> Probe:
    """Ask a CPaaS account's host for these channels, with the key if it is to be tried.

    `address` is a `host:port` to connect to instead of the host's own, or a `RefusedError`; the
    certificate must still be the host's.
    """
    with _client(host, address) as http:
        without_key, with_key = {}, {}
        for method in methods:
            answer = without_key[method] = _ask(http, method)
            if answer.failure:
                break  # The next one would meet the same, after the same time.
            if key is not None and answer.knows_callers:
                with_key[method] = _ask(http, method, key=key)
    return Probe(host=host, without_key=without_key, with_key=with_key)


def _client(host: str, address: str) -> BoundedClient:
    if not address:
        return BoundedClient(total=TOTAL, base_url=f"https://{host}", timeout=TIMEOUT)
    if not _ADDRESS.match(address):
        raise RefusedError(f"{address!r} is no address: host:port, such as localhost:8444.")

    async def named(request: httpx.Request) -> None:
        request.extensions.update(sni_hostname=host)

    return BoundedClient(
        total=TOTAL,
        base_url=f"https://{address}",
        headers={"Host": host},
        timeout=TIMEOUT,
        verify=httpx.create_ssl_context(),
        # A proxy would be asked for the address, which is this machine's or network's own.
        trust_env=False,
        event_hooks={"request": [named]},
    )


def _ask(
    http: httpx.Client | BoundedClient, method: DeliveryMethod, *, key: str | None = None
) -> Answer:
    headers = {"Accept": "application/json"}
    if key is not None:
        headers["Authorization"] = f"App {key}"
    try:
        answer = http.post(PATHS[method], json={"messages": []}, headers=headers)
    except httpx.HTTPError as error:
        return _no_answer(error)
    location, body = "", None
    with suppress(httpx.InvalidURL, UnicodeError):
        location = httpx.URL(answer.headers.get("location", "")).host
    with suppress(ValueError, RecursionError):
        body = answer.json()
    is_cpaas = isinstance(body, dict) and ("errorCode" in body or "requestError" in body)
    return Answer(status=answer.status_code, is_cpaas=is_cpaas, location=location)


def _no_answer(error: httpx.HTTPError) -> Answer:
    causes: list[BaseException] = [error]
    while before := causes[-1].__cause__ or causes[-1].__context__:
        if isinstance(before, ssl.SSLWantReadError):
            break  # No fault of TLS: a read was ended for its time.
        causes.append(before)
    untrusted = [one for one in causes if isinstance(one, ssl.SSLCertVerificationError)]
    said = untrusted[0].verify_message if untrusted else str(error)
    if any(isinstance(one, socket.gaierror) for one in causes):
        failure, fix = "its name is not known", _COMPARE
    elif any(isinstance(one, ssl.SSLError) for one in causes):
        failure = "TLS failed"
        fix = (
            "is a proxy between here and there that opens TLS? Then SSL_CERT_FILE; else the host "
            "is not the account's"
        )
    elif isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
        failure = "no connection"
        fix = "if only this machine may not: HTTPS_PROXY, or run it where it may"
    elif isinstance(error, httpx.TimeoutException):
        failure = "no answer in time"
        fix = "try again; if only this machine waits: HTTPS_PROXY, or run it elsewhere"
    else:
        failure, fix = "the connection broke", f"try again; then {_COMPARE}"
    return Answer(failure=failure, detail=said or type(error).__name__, fix=fix)


# --- The key --------------------------------------------------------------------------------------

KEY: Final = f"{NAMESPACE}:{API_KEY}"
VARIABLE: Final = "PHONEMFA_CPAAS_API_KEY"


def find_key(cli: PulumiCli, *, from_input: bool = False) -> str:
    """The CPaaS key: of standard input if asked for, the variable, or the stack's own secret.

    Raises:
        EngineFailedError: the stack has none, or it does not open.
        RefusedError: it could not be sent in a header; the text says why, without the key.
    """
    key = sys.stdin.readline() if from_input else os.environ.get(VARIABLE) or cli.value(KEY)
    key = key.rstrip("\r\n")
    if not is_key(key):
        raise RefusedError(f"it {NO_KEY}")
    return key


# --- What the answers mean ------------------------------------------------------------------------

SEND_SCOPES: Final = {
    DeliveryMethod.TEXT: "sms:message:send",
    DeliveryMethod.VOICE: "voice-message:message:send",
}
"""The least that a key needs to send (cpaas-and-actions.md §1.1)."""


@about(Subject.CPAAS_KEY)
def checks(
    wanted: StackFile, address: str, *, try_key: bool, from_input: bool
) -> Iterator[Finding]:
    """What the CPaaS of a stack answers; with `try_key` it is shown the key. Raises as `probe`."""
    host = wanted.settings.cpaas_base_host
    if host is None:
        yield note(
            "none is set: the adopted Action has its own, and nothing of it was tried",
            subject=Subject.CPAAS_HOST,
        )
        return
    key, why = None, ""
    if try_key:
        try:
            with working("reading the CPaaS key"):
                key = find_key(wanted.cli.within(PATIENCE), from_input=from_input)
        except (EngineFailedError, RefusedError) as error:
            why = str(error)
    methods = [one for one in DeliveryMethod if one in wanted.settings.delivery_methods]
    with working(f"asking the CPaaS {host}"):
        answered = probe(host, methods, key=key, address=address)
    yield from host_checks(answered)
    is_set = KEY in wanted.secrets or wanted.settings.adopted is not None
    if not is_set:
        yield fault(
            f"{KEY} is not set: pulumi up ends before it writes anything",
            fix=f"pulumi config set --secret {KEY} --stack {wanted.stack} (typed, never an "
            "argument)",
        )
    if key:
        yield from key_checks(answered)
    elif why:
        yield unknown(
            f"could not be tried: {why}", fix=f"pulumi config set --secret {KEY}, or {VARIABLE}"
        )
    elif is_set:
        yield note(
            "set, and not tried: the doctor shows it to nobody by itself",
            fix="--check-key tries it, without sending a message",
        )


@about(Subject.CPAAS_HOST)
def host_checks(probe: Probe) -> Iterator[Finding]:
    """Whether the host answers as the CPaaS does, for each channel of the stack."""
    found = [_host(probe.host, method, one) for method, one in probe.without_key.items()]
    # Both channels have one host: what is said of it once is enough.
    faults = {one.what: one for one in found if one}
    yield from faults.values()
    if not faults:
        yield ok(f"{probe.host} answers over TLS, and rejects requests without a key")


def _host(host: str, method: DeliveryMethod, answer: Answer) -> Finding | None:
    status, own_host = answer.status, "set phonemfa:cpaasBaseHost to the account's own host"
    if answer.failure:
        return fault(f"{host}: {answer.failure} ({answer.detail})", answer.fix)
    if answer.knows_callers:
        return None
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        where = f" to {answer.location}" if answer.location else ""
        return fault(
            f"{host} redirects{where} ({status}): the Action follows no redirect, which would take "
            "the key elsewhere",
            own_host,
        )
    if status == HTTPStatus.NOT_FOUND:
        return fault(f"{host} has nothing to send {method} with (404)", own_host)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return unknown(f"{host} answered {status} for {method}", "try again later")
    return warning(
        f"{host} answered {status} for {method} to a caller without a key; the CPaaS answers 401 "
        "in a form of its own. The key is not shown to it",
        _COMPARE,
    )


@about(Subject.CPAAS_KEY)
def key_checks(probe: Probe) -> Iterator[Finding]:
    """Whether the key that was shown may send, for each channel."""
    if not probe.with_key:
        yield unknown("not shown to a host that does not answer as the CPaaS does")
    for method, answer in probe.with_key.items():
        status, scope = answer.status, SEND_SCOPES[method]
        # Past the key: there was nothing to send, or the request was refused for being empty.
        if status == HTTPStatus.OK or (status == HTTPStatus.BAD_REQUEST and answer.is_cpaas):
            yield ok(f"{method}: accepted ({status} to a request with nothing to send)")
        elif status == HTTPStatus.UNAUTHORIZED:
            yield fault(
                f"{method}: refused (401): it is no key of this account",
                "pulumi config set --secret phonemfa:cpaasApiKey, with the key of this account",
            )
        elif status == HTTPStatus.FORBIDDEN:
            yield fault(
                f"{method}: refused (403): the key lacks the scope {scope}",
                f"give the key {scope} at NTT CPaaS, or use one that has it",
            )
        else:
            said = answer.failure or f"answered {status}"
            yield unknown(f"{method}: {said}", "try again later")
