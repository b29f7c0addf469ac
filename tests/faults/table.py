"""What each client does when a tenant or the CPaaS fails: fault by fault, client by client.

docs/reference/faults.md is made from it (`python -m tests.faults.table`); `test_tenant.py` and
`test_cpaas.py` try it cell by cell.
"""

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


@dataclass(frozen=True)
class Outcome:
    """What a client makes of a fault.

    Attributes:
        requests: how often it asks, the first time included.
        says: part of its error; empty when it succeeds.
        waits: seconds that it waits between those at most, all together.
    """

    requests: int
    says: str = ""
    waits: float = 0.0


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


ALWAYS: Final = {"times": None}
_BEYOND_MEASURE: Final = {
    "retry-after": "Mon, 01 Jan 99999 00:00:00 GMT",
    "x-ratelimit-reset": "9" * 400,
    "x-ratelimit-limit": "9" * 5000,
}
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
    """Asked again until the pauses are used up."""
    return Row(
        f"{status}{' with a page of HTML' if fault else ''}, without end",
        {"status": status, **ALWAYS, **fault},
        _all(Outcome(3, f"{status}", _SDK_PAUSES), plugin=Outcome(4, f"{status}", _PLUGIN_PAUSES)),
    )


def _limited(name: str, waits: float, plugin: float, **fault: Any) -> Row:
    """A rate limit without end, and how long the SDK and the stand-in wait for it."""
    return Row(
        f"429 without end, {name}",
        {"status": 429, **ALWAYS, **fault},
        _all(
            Outcome(3, "rate limit is used up", waits),
            doctor=Outcome(3, "answered 429", waits),
            plugin=Outcome(11, "429 Too Many Requests", plugin),
        ),
    )


def _broken(name: str, plugin: Outcome | None = None, **fault: Any) -> Row:
    """A connection that breaks each time."""
    again = plugin or Outcome(4, "no answer", _PLUGIN_PAUSES)
    outcomes = _all(Outcome(3, "no answer", _SDK_PAUSES), plugin=again)
    return Row(f"{name}, without end", {**ALWAYS, **fault}, outcomes)


def _asked_once(
    name: str, fault: Mapping[str, Any], says: str, doctor: str = "", plugin: str = ""
) -> Row:
    """What nobody asks again, and each says in these words or in its own."""
    own = _all(
        Outcome(1, says), doctor=Outcome(1, doctor or says), plugin=Outcome(1, plugin or says)
    )
    return Row(name, {**fault, **ALWAYS}, own)


def _of_token(name: str, fault: Mapping[str, Any], says: str, sdk: Outcome | None = None) -> Row:
    """The same of the token, for which the stand-in asks twice."""
    outcomes = _all(sdk or Outcome(1, says), plugin=Outcome(2, says))
    return Row(f"token: {name}", {**fault, **ALWAYS}, outcomes, _TOKEN)


_ENDLESS: Final = "no whole answer within"
_NO_JSON: Final = "that is not JSON"
_ONCE_MORE: Final = _all(Outcome(2, waits=1.1))

TENANT: Final[tuple[Row, ...]] = (
    Row(
        "429 once, with a reset in 2 s",
        {"status": 429, "reset_in_seconds": 2},
        _all(Outcome(2, waits=2.4)),
    ),
    _limited("without headers", _SDK_PAUSES, 10 * 5.0),
    _limited(
        *("reset a day ahead (or a clock that is slow)", _SDK_LONGEST, 10 * 60.0),
        reset_in_seconds=86_400,
    ),
    _limited(
        *("reset a day ago (or a clock that is fast)", _SDK_PAUSES, 0.0), reset_in_seconds=-86_400
    ),
    _limited(
        *("Retry-After a date a day ahead", _SDK_LONGEST, 10 * 5.0),
        retry_after_date_in_seconds=86_400,
    ),
    _limited("headers beyond measure", _SDK_PAUSES, 10 * 5.0, headers=_BEYOND_MEASURE),
    Row("503 once", {"status": 503}, _ONCE_MORE),
    _server_error(500),
    _server_error(502, **_HTML),
    _server_error(503),
    _server_error(504),
    Row("connection closed without an answer, once", {"close": True}, _ONCE_MORE),
    _broken("connection closed without an answer", close=True),
    _broken("connection half-closed", half_close=True),
    _broken("body cut off", Outcome(1, "no answer"), truncate_bytes=3),
    _asked_once("no answer at all", {"silent": True}, _ENDLESS),
    _asked_once("a body that trickles", {"trickle": "body", "trickle_seconds": 0.1}, _ENDLESS),
    _asked_once("a head that trickles", {"trickle": "head", "trickle_seconds": 0.1}, _ENDLESS),
    _asked_once(
        "200 with a proxy's page of HTML", {"status": 200, **_HTML}, "text/html that is not JSON"
    ),
    _asked_once(
        "200 without a body",
        {"status": 200, "raw_body": ""},
        "with nothing in it",
        doctor=_NO_JSON,
        plugin="not JSON",
    ),
    _asked_once(
        "200 with JSON of another form",
        {"status": 200, "body": {"secret": SECRET, "to": NUMBER}},
        "a form that the Management API does not have",
        doctor="auth0-python cannot read",
        plugin="a form that Auth0 does not have",
    ),
    _asked_once("200 with JSON too deep to be read", {"status": 200, **_DEEP}, _NO_JSON),
    Row(
        "200 with JSON that is called text/plain",
        {"status": 200, **_TEXT, **ALWAYS},
        _all(Outcome(1)),
    ),
    _asked_once(
        "a redirect to another host",
        {"status": 302, "headers": {"location": "https://other.example/"}},
        "does not redirect",
        doctor="answered 302",
        plugin="302 Found",
    ),
    Row(
        "the token ends in mid-run",
        {"end_tokens": True},
        _all(Outcome(1, "token has ended"), plugin=Outcome(1, "401 Unauthorized")),
    ),
    _asked_once(
        "400 that repeats a number and a key",
        {"status": 400, "body": {"message": f"{NUMBER} {SECRET}"}},
        "400",
    ),
    Row(
        "token: 429 or 503 once",
        {"status": 503},
        _all(Outcome(2, waits=1.0), plugin=Outcome(2)),
        _TOKEN,
    ),
    _of_token(
        "429 without end",
        {"status": 429, "reset_in_seconds": 86_400},
        "refused a token",
        Outcome(3, "refused a token", 4.0),
    ),
    _of_token("a proxy's page of HTML", {"status": 200, **_HTML}, _NO_JSON),
    _of_token(
        "JSON without a token",
        {"status": 200, "body": {"access_token": [SECRET]}},
        "refused a token",
    ),
    _of_token(
        "401 that repeats the secret",
        {"status": 401, "body": {"error": "access_denied", "error_description": f"{SECRET}?"}},
        "refused a token",
    ),
    _of_token("no answer", {"silent": True}, _ENDLESS),
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
