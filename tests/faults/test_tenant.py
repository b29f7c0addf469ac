"""Every client against every fault of a tenant: as often as the table says, and in its words.

docs/reference/faults.md says what the table says.
"""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.tenant import Credentials
from tests.faults.clients import LONG, SHORT, Reached, ask
from tests.faults.table import NUMBER, PAGE, SECRET, TENANT, Client, Row, tables, updated
from tests.sandbox.api import live
from tests.sandbox.api.live import Live

MOST_SECONDS = 15.0
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
    said = ask(client, Reached(server.domain, "canary", SECRET), total=total)
    assert time.monotonic() - begun < MOST_SECONDS
    assert expected.says.lower() in said.error.lower(), said.error
    assert bool(expected.says) == bool(said.error)
    assert control.get("/faults").json()["faults"][0]["seen"] == expected.requests
    log = control.get("/requests").text
    assert said.waited <= expected.waits, log
    for hidden in (SECRET, NUMBER):
        assert hidden not in log + caplog.text
        # The official plugin repeats what the tenant says word for word, and so does its stand-in.
        assert hidden not in said.error or client is Client.PLUGIN


def test_a_whole_run_without_a_fault_is_good_for_every_client(
    server: Live, control: httpx.Client
) -> None:
    for client in Client:
        assert ask(client, Reached(server.domain, "canary", SECRET)).error == ""


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- {end} {name} -->" in text for name in tables() for end in ("begin", "end"))
    assert updated(text) == text, "python -m tests.faults.table"
