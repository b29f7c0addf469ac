"""What the CPaaS's answers to requests that send nothing mean.

Owns the rules. Refuses to ask (`cpaas`), and to show a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from components.vocabulary import DeliveryMethod
from phonemfa.doctor.cpaas import Answer, Failure, Probe
from phonemfa.doctor.findings import Finding, Level, Subject

SEND_SCOPES: Final = {
    DeliveryMethod.TEXT: "sms:message:send",
    DeliveryMethod.VOICE: "voice-message:message:send",
}
"""The least that a key needs to send (cpaas-and-actions.md §1.1)."""

_ACCEPTED: Final = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST})
"""Past the key: there was nothing to send, or the request was refused for being empty."""

_FIXES: Final = {
    Failure.UNKNOWN_NAME: "compare phonemfa:cpaasBaseHost with the account's page at NTT CPaaS",
    Failure.TLS: "is a proxy between here and there that opens TLS? Then SSL_CERT_FILE; else the "
    "host is not the account's",
    Failure.UNREACHABLE: "if only this machine may not: HTTPS_PROXY, or run it where it may",
    Failure.SILENT: "try again; if only this machine waits: HTTPS_PROXY, or run it elsewhere",
    Failure.BROKEN: "try again; then compare phonemfa:cpaasBaseHost with the account's page",
}


def host_checks(probe: Probe) -> Iterator[Finding]:
    """Whether the host answers as the CPaaS does, for each channel of the stack."""
    faults = [
        finding
        for method, answer in probe.without_key.items()
        if (finding := _host(probe.host, method, answer))
    ]
    # Both channels have one host: what is said of it once is enough.
    said: dict[str, Finding] = {one.what: one for one in faults}
    yield from said.values()
    if not faults:
        yield Finding(
            level=Level.OK,
            subject=Subject.CPAAS_HOST,
            what=f"{probe.host} answers over TLS, and refuses who has no key",
        )


def _host(host: str, method: DeliveryMethod, answer: Answer) -> Finding | None:
    if answer.failure:
        return _finding(
            Level.FAULT,
            f"{host}: {answer.failure} ({answer.detail})",
            _FIXES[answer.failure],
        )
    status = answer.status or 0
    if answer.knows_callers:
        return None
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        where = f" to {answer.location}" if answer.location else ""
        return _finding(
            Level.FAULT,
            f"{host} redirects{where} ({status}): the Action follows no redirect, which would take "
            "the key elsewhere",
            "set phonemfa:cpaasBaseHost to the account's own host",
        )
    if status == HTTPStatus.NOT_FOUND:
        return _finding(
            Level.FAULT,
            f"{host} has nothing to send {method} with (404)",
            "set phonemfa:cpaasBaseHost to the account's own host",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return _finding(Level.UNKNOWN, f"{host} answered {status} for {method}", "try again later")
    return _finding(
        Level.WARNING,
        f"{host} answered {status} for {method} to a caller without a key; the CPaaS answers 401 "
        "in a form of its own. The key is not shown to it",
        "compare phonemfa:cpaasBaseHost with the account's page at NTT CPaaS",
    )


def _finding(level: Level, what: str, fix: str) -> Finding:
    return Finding(level=level, subject=Subject.CPAAS_HOST, what=what, fix=fix)


def key_checks(probe: Probe) -> Iterator[Finding]:
    """Whether the key that was shown may send, for each channel."""
    for method, answer in probe.with_key.items():
        yield _key(method, answer)
    if not probe.with_key:
        yield Finding(
            level=Level.UNKNOWN,
            subject=Subject.CPAAS_KEY,
            what="not shown to a host that does not answer as the CPaaS does",
        )


def _key(method: DeliveryMethod, answer: Answer) -> Finding:
    status, scope = answer.status or 0, SEND_SCOPES[method]
    level, fix = Level.FAULT, ""
    if status in _ACCEPTED:
        level = Level.OK
        what = f"{method}: accepted ({status} to a request with nothing to send)"
    elif status == HTTPStatus.UNAUTHORIZED:
        what = f"{method}: refused (401): it is no key of this account"
        fix = "pulumi config set --secret phonemfa:cpaasApiKey, with the key of this account"
    elif status == HTTPStatus.FORBIDDEN:
        what = f"{method}: refused (403): the key may not send it"
        fix = f"give the key {scope} at NTT CPaaS, or use one that has it"
    else:
        level, fix = Level.UNKNOWN, "try again later"
        what = f"{method}: {answer.failure or f'answered {status}'}"
    return Finding(level=level, subject=Subject.CPAAS_KEY, what=what, fix=fix)


def no_host() -> Finding:
    """That the stack names no host: an adopted Action brings its own along."""
    return Finding(
        level=Level.NOTE,
        subject=Subject.CPAAS_HOST,
        what="none is set: the adopted Action has its own, and nothing of it was tried",
    )


def not_asked() -> Finding:
    """That nobody asked for the key to be tried."""
    return Finding(
        level=Level.NOTE,
        subject=Subject.CPAAS_KEY,
        what="not tried: the doctor opens no secret by itself",
        fix="--check-key tries it, without sending a message",
    )


def no_key(why: str) -> Finding:
    """That there is no key to try."""
    return Finding(
        level=Level.UNKNOWN,
        subject=Subject.CPAAS_KEY,
        what=f"could not be tried: {why}",
        fix="pulumi config set --secret phonemfa:cpaasApiKey, or PHONEMFA_CPAAS_API_KEY",
    )
