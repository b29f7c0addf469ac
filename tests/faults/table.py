"""What each client does when a tenant or the CPaaS fails: fault by fault, client by client.

docs/reference/faults.md is made from it (`python -m tests.faults.table`); `test_tenant.py` and
`test_cpaas.py` try it cell by cell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tests.contract import PROJECT

PAGE: Final = PROJECT / "docs" / "reference" / "faults.md"
NUMBER: Final = "+819012345678"
SECRET: Final = "canary-secret-7f3c9a1e5b2d"


_TOKEN: Final = "/oauth/token$"
_POLICIES: Final = "/guardian/policies$"


class Client(StrEnum):
    """Who asks a tenant."""

    HOOKS = "hooks of an `up`"
    COMMANDS = "commands"
    DOCTOR = "`doctor`"
    PLUGIN = "stand-in plugin"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a client makes of a fault.

    Attributes:
        requests: how often it asks, the first time included.
        waits: seconds that it waits between those at most, all together.
        says: part of its error; empty when it succeeds.
    """

    requests: int
    waits: float = 0.0
    says: str = ""


@dataclass(frozen=True)
class Row:
    """One fault of a tenant, as `POST /_sandbox/faults` takes it, on reading the policies."""

    name: str
    fault: Mapping[str, Any]
    outcomes: Mapping[Client, Outcome]
    path: str = _POLICIES

    @property
    def armed(self) -> dict[str, Any]:
        """The body of the request that arms it."""
        return {"path": self.path, **self.fault}


def _all(outcome: Outcome, **other: Outcome) -> dict[Client, Outcome]:
    return {one: other.get(one.name.lower(), outcome) for one in Client}


def _ok(requests: int, waits: float = 0.0) -> Outcome:
    return Outcome(requests=requests, waits=waits)


def _error(requests: int, says: str, waits: float = 0.0) -> Outcome:
    return Outcome(requests=requests, waits=waits, says=says)


ALWAYS: Final = {"times": None}
_PROXY_PAGE: Final = f"<html><title>Bad gateway</title>{SECRET} {NUMBER}</html>"
_HTML: Final = {"raw_body": _PROXY_PAGE, "headers": {"content-type": "text/html"}}
_DEEP: Final = {"raw_body": "[" * 100_000, "headers": {"content-type": "application/json"}}
_TEXT: Final = {"raw_body": '["all-applications"]', "headers": {"content-type": "text/plain"}}

# auth0-python asks three times, with 1 s and 2 s between (a tenth more or less by chance), or as
# long as the tenant says, 60 s at most (a fifth more for a reset).
_SDK_PAUSES: Final = 3.3
_SDK_LONGEST: Final = 2 * 60 * 1.2
# The stand-in asks as the official plugin, but not for ever: 10 times on 429, 3 times else.
_PLUGIN_PAUSES: Final = 1 + 2 + 4


def _server_error(status: int, **fault: Any) -> Row:
    return Row(
        name=f"{status}{' with a page of HTML' if fault else ''}, without end",
        fault={"status": status, **ALWAYS, **fault},
        outcomes=_all(
            _error(3, f"{status}", _SDK_PAUSES),
            plugin=_error(4, f"{status}", _PLUGIN_PAUSES),
        ),
    )


def _endless(
    name: str, fault: Mapping[str, Any], outcomes: dict[Client, Outcome], path: str = _POLICIES
) -> Row:
    return Row(name, {**fault, **ALWAYS}, outcomes, path)


TENANT: Final[tuple[Row, ...]] = (
    Row("429 once, with a reset in 2 s", {"status": 429, "reset_in_seconds": 2}, _all(_ok(2, 2.4))),
    _endless(
        "429 without end, without headers",
        {"status": 429},
        _all(
            _error(3, "rate limit is used up", _SDK_PAUSES),
            doctor=_error(3, "answered 429", _SDK_PAUSES),
            plugin=_error(11, "429 Too Many Requests", 10 * 5.0),
        ),
    ),
    _endless(
        "429 without end, reset a day ahead (or a clock that is slow)",
        {"status": 429, "reset_in_seconds": 86_400},
        _all(
            _error(3, "rate limit is used up", _SDK_LONGEST),
            doctor=_error(3, "answered 429", _SDK_LONGEST),
            plugin=_error(11, "429 Too Many Requests", 10 * 60.0),
        ),
    ),
    _endless(
        "429 without end, reset a day ago (or a clock that is fast)",
        {"status": 429, "reset_in_seconds": -86_400},
        _all(
            _error(3, "rate limit is used up", _SDK_PAUSES),
            doctor=_error(3, "answered 429", _SDK_PAUSES),
            plugin=_error(11, "429 Too Many Requests"),
        ),
    ),
    _endless(
        "429 without end, Retry-After a date a day ahead",
        {"status": 429, "retry_after_date_in_seconds": 86_400},
        _all(
            _error(3, "rate limit is used up", _SDK_LONGEST),
            doctor=_error(3, "answered 429", _SDK_LONGEST),
            plugin=_error(11, "429 Too Many Requests", 10 * 5.0),
        ),
    ),
    Row("503 once", {"status": 503}, _all(_ok(2, 1.1))),
    _server_error(500),
    _server_error(502, **_HTML),
    _server_error(503),
    _server_error(504),
    Row("connection closed without an answer, once", {"close": True}, _all(_ok(2, 1.1))),
    _endless(
        "connection closed without an answer, without end",
        {"close": True},
        _all(_error(3, "no answer", _SDK_PAUSES), plugin=_error(4, "no answer", _PLUGIN_PAUSES)),
    ),
    _endless(
        "connection half-closed, without end",
        {"half_close": True},
        _all(_error(3, "no answer", _SDK_PAUSES), plugin=_error(4, "no answer", _PLUGIN_PAUSES)),
    ),
    _endless(
        "body cut off, without end",
        {"truncate_bytes": 3},
        _all(_error(3, "no answer", _SDK_PAUSES), plugin=_error(1, "no answer")),
    ),
    _endless("no answer at all", {"silent": True}, _all(_error(1, "no whole answer within"))),
    _endless(
        "a body that trickles",
        {"trickle": "body", "trickle_seconds": 0.1},
        _all(_error(1, "no whole answer within")),
    ),
    _endless(
        "a head that trickles",
        {"trickle": "head", "trickle_seconds": 0.1},
        _all(_error(1, "no whole answer within")),
    ),
    _endless(
        "200 with a proxy's page of HTML",
        {"status": 200, **_HTML},
        _all(_error(1, "text/html that is not JSON")),
    ),
    _endless(
        "200 without a body",
        {"status": 200, "raw_body": ""},
        _all(
            _error(1, "with nothing in it"),
            doctor=_error(1, "that is not JSON"),
            plugin=_error(1, "not JSON"),
        ),
    ),
    _endless(
        "200 with JSON of another form",
        {"status": 200, "body": {"secret": SECRET, "to": NUMBER}},
        _all(
            _error(1, "a form that the Management API does not have"),
            doctor=_error(1, "auth0-python cannot read"),
            plugin=_error(1, "a form that Auth0 does not have"),
        ),
    ),
    _endless(
        "200 with JSON too deep to be read",
        {"status": 200, **_DEEP},
        _all(_error(1, "that is not JSON")),
    ),
    _endless("200 with JSON that is called text/plain", {"status": 200, **_TEXT}, _all(_ok(1))),
    _endless(
        "a redirect to another host",
        {"status": 302, "headers": {"location": "https://other.example/"}},
        _all(
            _error(1, "does not redirect"),
            doctor=_error(1, "answered 302"),
            plugin=_error(1, "302 Found"),
        ),
    ),
    Row(
        "the token ends in mid-run",
        {"end_tokens": True},
        _all(
            _error(1, "token has ended"),
            plugin=_error(1, "401 Unauthorized"),
        ),
    ),
    _endless(
        "400 that repeats a number and a key",
        {"status": 400, "body": {"message": f"{NUMBER} {SECRET}"}},
        _all(_error(1, "400")),
    ),
    Row(
        "token: 429 or 503 once",
        {"status": 503},
        _all(_ok(2, 1.0), plugin=_ok(2)),
        _TOKEN,
    ),
    _endless(
        "token: 429 without end",
        {"status": 429, "reset_in_seconds": 86_400},
        _all(
            _error(3, "refused a token", 4.0),
            plugin=_error(2, "refused a token"),
        ),
        _TOKEN,
    ),
    _endless(
        "token: a proxy's page of HTML",
        {"status": 200, **_HTML},
        _all(_error(1, "that is not JSON"), plugin=_error(2, "that is not JSON")),
        _TOKEN,
    ),
    _endless(
        "token: JSON without a token",
        {"status": 200, "body": {"access_token": [SECRET]}},
        _all(_error(1, "refused a token"), plugin=_error(2, "refused a token")),
        _TOKEN,
    ),
    _endless(
        "token: 401 that repeats the secret",
        {"status": 401, "body": {"error": "access_denied", "error_description": f"{SECRET}?"}},
        _all(_error(1, "refused a token"), plugin=_error(2, "refused a token")),
        _TOKEN,
    ),
    _endless(
        "token: no answer",
        {"silent": True},
        _all(_error(1, "no whole answer within"), plugin=_error(2, "no whole answer within")),
        _TOKEN,
    ),
)
"""Every fault of a tenant."""

CERTIFICATES: Final = {
    "of an unknown CA": "unable to get local issuer certificate",
    "that has expired": "certificate has expired",
    "of another host": "not valid for",
}
"""Certificates that nobody takes: no request, no retry, and the reason in words."""


@dataclass(frozen=True, kw_only=True)
class CpaasRow:
    """One fault of the CPaaS: what the Action makes of it, and what `doctor` and `rotate` say.

    Attributes:
        script: what the CPaaS is told to answer (`sandbox.cpaas.script.ScriptedAnswer`).
        kind: the Action's outcome: success, drop or retry (by Auth0, five times at most).
        reason: the Action's, in full.
        probe: what the CPaaS check meets: a status, or the kind of its failure.
        sent: whether a message reaches the phone although its answer is lost.
    """

    name: str
    script: Mapping[str, Any]
    kind: str
    reason: str = ""
    probe: str
    sent: bool = False


_MAYBE: Final = "the message may have been sent"
_UNREAD: Final = f"CPaaS answer not understood: {_MAYBE}"
_LATE: Final = f"CPaaS gave no answer in time: {_MAYBE}"
_BROKE: Final = f"connection to the CPaaS broke: {_MAYBE}"


def _status(status: int, kind: str = "drop", code: str = "", **script: Any) -> CpaasRow:
    told = f"CPaaS failed: HTTP {status}{code}: {_MAYBE}"
    limited = "CPaaS limits the rate: HTTP 429"
    extra = " with Retry-After of a day" if "headers" in script else ""
    # A gateway's 504, say, comes while the message goes on: so with every failure of a server.
    sent = kind != "retry"
    return CpaasRow(
        name=f"{status}{extra}",
        script={"status": status, "accept": sent, **script},
        kind=kind,
        reason=told if sent else limited,
        probe=f"{status}",
        sent=sent,
    )


def _lost(name: str, fault: str, reason: str, probe: str) -> CpaasRow:
    """The message is sent; its answer is not read."""
    script = {"fault": fault, "accept": True}
    return CpaasRow(name=name, script=script, kind="drop", reason=reason, probe=probe, sent=True)


CPAAS: Final[tuple[CpaasRow, ...]] = (
    _status(429, "retry"),
    _status(429, "retry", headers={"retry-after": "86400"}),
    _status(500, code=" E500"),
    _status(502, code=" E500"),
    _status(503, code=" E500"),
    _status(504, code=" E500"),
    _lost("connection closed without an answer", "reset", _BROKE, "the connection broke"),
    _lost("connection half-closed", "half_closed", _BROKE, "the connection broke"),
    _lost("body cut off", "cut", _UNREAD, "the connection broke"),
    _lost("JSON that stops early", "truncated", _UNREAD, "200"),
    _lost("200 without a body", "empty", _UNREAD, "200"),
    _lost("200 with a proxy's page of HTML", "html", _UNREAD, "200"),
    _lost("200 that is not UTF-8", "not_utf8", _UNREAD, "200"),
    CpaasRow(
        name="200 with JSON of another form",
        script={"status": 200, "body": [{"to": NUMBER}], "accept": True},
        kind="drop",
        reason=_UNREAD,
        probe="200",
        sent=True,
    ),
    CpaasRow(
        name="a redirect",
        script={"fault": "redirect"},
        kind="drop",
        reason="CPaaS answered with a redirect: check CPAAS_BASE_URL",
        probe="307",
    ),
    _lost("a body without end", "huge", _UNREAD, "the connection broke"),
    _lost("no answer at all", "silent", _LATE, "no answer in time"),
    _lost("a body that trickles", "trickle", _LATE, "no answer in time"),
    _lost("a head that trickles", "trickle_head", _LATE, "no answer in time"),
)
"""Every fault of the CPaaS."""


def tables() -> dict[str, str]:
    """The tables of docs/reference/faults.md, by the name of their place."""
    tenant = [(row.name, *(_cell(row.outcomes[one]) for one in Client)) for row in TENANT]
    cpaas = [
        (
            row.name,
            f"{row.kind}: {row.reason}" if row.reason else row.kind,
            "yes" if row.sent else "no",
            row.probe,
        )
        for row in CPAAS
    ]
    heads = ("Fault", "The Action", "May be sent", "What the check of the CPaaS meets")
    return {
        "tenant": _table(("Fault", *Client), tenant),
        "cpaas": _table(heads, cpaas),
        "certificates": _table(
            ("Certificate", "What every client says"),
            ((f"one {name}", f"…{says}…") for name, says in CERTIFICATES.items()),
        ),
    }


def _cell(outcome: Outcome) -> str:
    asked = f"{outcome.requests} request{'s' if outcome.requests > 1 else ''}"
    waits = f" over at most {outcome.waits:.0f} s" if outcome.waits >= 1 else ""
    return f"{asked}{waits}: {f'“…{outcome.says}…”' if outcome.says else 'good'}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def updated(text: str) -> str:
    """The page with every table as it is here."""
    for name, made in tables().items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}{made}{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} is up to date\n")
