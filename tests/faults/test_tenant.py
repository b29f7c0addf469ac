"""Every client against every fault of a tenant: as often as the table says, and in its words.

Each asks for the policies once, with a clock that does not wait. A certificate that nobody should
take is not taken, by any of them, and the reason is told. docs/reference/faults.md says what the
table says.
"""

import asyncio
import datetime as dt
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pulumi
import pytest
import trustme
from auth0.management.core import http_client

from components.tenant import client as door
from components.tenant import token as tenant_token
from components.tenant.access import Access
from components.tenant.client import Heard, TenantUnreadableError
from components.tenant.model import Unseen
from components.tenant.stack_access import TenantAccess, TenantCallError
from components.vocabulary import DeliveryMethod
from phonemfa.doctor import reading as doctor
from phonemfa.doctor.cpaas import probe
from sandbox.plugin import client as plugin
from sandbox.plugin.client import Management, ManagementError, of_form
from sandbox.runner.runner import ActionRunner
from sandbox.tenant import Credentials
from tests.faults.table import (
    CERTIFICATES,
    NUMBER,
    PAGE,
    SECRET,
    TENANT,
    Client,
    Row,
    tables,
    updated,
)
from tests.sandbox.api import live
from tests.sandbox.api.live import Live
from tests.sandbox.cpaas.account import HOST, run_action
from tests.stacks import stack_settings

SHORT: Final = 0.8
"""Seconds for one request whose answer never ends, in these tests."""

LONG: Final = 20.0
"""The same where an answer ends: a busy machine may take its time."""


@dataclass(frozen=True)
class Reached:
    """A tenant, and what reaches it."""

    domain: str
    client_id: str
    client_secret: str


@dataclass
class Clock:
    """Waits that are only counted."""

    waited: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.waited.append(seconds)


@contextmanager
def limited(total: float, clock: Clock) -> Iterator[None]:
    """Every client with this limit for a request, and this clock."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(http_client, "time", SimpleNamespace(sleep=clock.sleep, time=time.time))
        patched.setattr(http_client, "asyncio", SimpleNamespace(sleep=clock.sleep_async))
        unwaiting = SimpleNamespace(sleep=clock.sleep, monotonic=time.monotonic)
        patched.setattr(tenant_token, "time", unwaiting)
        for module, name in (
            (door, "TOTAL"),
            (tenant_token, "TOKEN_TIME"),
            (plugin, "LONGEST_REQUEST"),
        ):
            patched.setattr(module, name, total)
        yield


def ask(client: Client, at: Reached, *, total: float = LONG) -> tuple[str, float]:
    """Let a client read the policies, with `total` s for a request.

    Returns its error, which is empty when it got them, and how long it would have waited.
    """
    clock, error = Clock(), ""
    with limited(total, clock):
        try:
            policies = _ASKED[client](at, clock)
        except (TenantCallError, TenantUnreadableError, ManagementError) as failed:
            error = str(failed)
        else:
            unseen = isinstance(policies, Unseen) and policies.refusal
            assert unseen or policies in (["all-applications"], "all-applications")
            error = unseen.what if unseen else ""
    return error, sum(clock.waited)


def _hooks(at: Reached, _clock: Clock) -> Any:
    async def read() -> list[str]:
        access = TenantAccess(
            access=Access(domain=at.domain, client_id=at.client_id),
            secrets={"client_secret": pulumi.Output.secret(at.client_secret)},
        )
        async with access.connect() as tenant:
            return list(await tenant.guardian.policies.list())

    return asyncio.run(read())


def _commands(at: Reached, _clock: Clock) -> Any:
    access = Access(domain=at.domain, client_id=at.client_id, client_secret=at.client_secret)
    return list(door.ask(access, lambda tenant: tenant.guardian.policies.list()))


def _doctor(at: Reached, _clock: Clock) -> Any:
    access = Access(domain=at.domain, client_id=at.client_id, client_secret=at.client_secret)
    wanted: Any = SimpleNamespace(settings=stack_settings(), access=access)
    found = doctor.read(wanted, at.domain, Heard())
    if found.unreachable:
        raise found.unreachable
    return found.tenant.guardian.policy


def _plugin(at: Reached, clock: Clock) -> Any:
    audience = f"https://{at.domain}/api/v2/"
    api = Management(**vars(at), audience=audience, sleep=clock.sleep_async)
    return asyncio.run(api.get("guardian/policies", partial(of_form, list)))


_ASKED: Final[dict[Client, Callable[[Reached, Clock], Any]]] = {
    Client.HOOKS: _hooks,
    Client.COMMANDS: _commands,
    Client.DOCTOR: _doctor,
    Client.PLUGIN: _plugin,
}


# --- A tenant that fails. ------------------------------------------------------------------------

MOST_SECONDS = 60.0
"""Of real time: all waits between requests are only counted, and a busy machine needs some."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("tenant")
    with live.serve(folder) as running:
        running.tenant.clients.add(Credentials("canary", SECRET))
        running.tenant.guardian.set_policies(["all-applications"])
        yield running


@pytest.fixture
def control(server: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
    with httpx.Client(base_url=f"{server.url}/_sandbox", verify=server.context()) as http:
        http.delete("/faults")
        http.delete("/requests")
        yield http


@pytest.mark.parametrize("client", Client)
@pytest.mark.parametrize("row", TENANT, ids=lambda row: row.name)
def test_a_fault_is_met_as_the_table_says(
    server: Live, control: httpx.Client, caplog: pytest.LogCaptureFixture, row: Row, client: Client
) -> None:
    caplog.set_level(logging.DEBUG)
    expected = row.outcomes[client]
    control.post("/faults", json=row.armed).raise_for_status()
    begun = time.monotonic()
    total = SHORT if "no whole answer" in expected.says else LONG
    error, waited = ask(client, Reached(server.domain, "canary", SECRET), total=total)
    assert time.monotonic() - begun < MOST_SECONDS
    assert expected.says.lower() in error.lower(), error
    assert bool(expected.says) == bool(error)
    assert control.get("/faults").json()["faults"][0]["seen"] == expected.requests
    log = control.get("/requests").text
    assert waited <= expected.waits, log
    for hidden in (SECRET, NUMBER):
        assert hidden not in log + caplog.text
        # The official plugin repeats what the tenant says word for word, and so does its stand-in.
        assert hidden not in error or client is Client.PLUGIN


def test_without_a_fault_every_client_is_good(server: Live, control: httpx.Client) -> None:
    for client in Client:
        assert ask(client, Reached(server.domain, "canary", SECRET))[0] == ""


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- {end} {name} -->" in text for name in tables() for end in ("begin", "end"))
    assert updated(text) == text, "python -m tests.faults.table"


# --- A certificate that is not good. -------------------------------------------------------------


@contextmanager
def served(folder: Path, kind: str) -> Iterator[int]:
    """A server that speaks TLS with such a certificate, and nothing else; its port."""
    trusted, other = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(folder / "ca.pem")
    signed_by = other if kind == "of an unknown CA" else trusted
    names = ["other.example"] if kind == "of another host" else ["localhost", HOST]
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    ends = yesterday if kind == "that has expired" else None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    signed_by.issue_cert(*names, not_after=ends).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []
        thread = threading.Thread(target=_refused, args=(listener, context, heard), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert heard, "nobody came"
    assert b"".join(heard) == b"", "a request would be a leak"


def _refused(listener: socket.socket, context: ssl.SSLContext, heard: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.settimeout(2)
        heard.append(b"")
        with (
            connection,
            suppress(OSError),
            context.wrap_socket(connection, server_side=True) as secured,
        ):
            heard.append(secured.recv(1))


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_nobody_takes_a_bad_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with served(tmp_path, kind) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        for client in Client:
            error, _ = ask(client, Reached(f"localhost:{port}", "canary", SECRET))
            assert CERTIFICATES[kind] in error
            assert "SSL_CERT_FILE" in error
            assert SECRET not in error
        asked = probe(HOST, [DeliveryMethod.TEXT], key=SECRET, address=f"localhost:{port}")
        answer = asked.without_key[DeliveryMethod.TEXT]
        assert answer.failure == "TLS failed"
        assert CERTIFICATES[kind] in answer.detail
        assert asked.with_key == {}
        runner = ActionRunner(hosts={HOST: port}, ca_file=tmp_path / "ca.pem")
        outcome = asyncio.run(run_action(runner))
        runner.close()
        assert (outcome.kind, outcome.reason) == ("drop", "CPaaS host failed the TLS check")
