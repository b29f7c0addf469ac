"""Under no fault does an output, file or log hold a secret or a number, and none is a traceback."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from phonemfa.cli import app
from sandbox.server.running import start
from tests.end_to_end.conftest import Tenant, tenant_of
from tests.faults.table import NUMBER, SECRET, TENANT, Row
from tests.faults.test_tenant import LONG, SHORT, Clock, limited
from tests.sandbox.quick import quick

STACK = f"""config:
  auth0:domain: DOMAIN
  phonemfa:experience: unified
  phonemfa:policy: never
  phonemfa:deliveryMethods: [text]
  phonemfa:cpaasBaseHost: cpaas.sandbox.test
  phonemfa:smsSender: '0005212345'
  phonemfa:testNumbers: ["{NUMBER}"]
"""
COMMANDS = {
    "doctor": ["--json"],
    "adopt": ["--yes"],
    "smoke": ["--yes"],
    "break-glass": ["--yes", "--reason", "INC-1", "--audit-file", "audit.jsonl"],
    "rollback": ["--list"],
}
TOLD = {"200 with JSON of another form", "400 that repeats a number and a key"}
"""What every command reads, or says, in its own way."""
_ALL = TOLD | {
    "429 without end, without headers",
    "502 with a page of HTML, without end",
    "the token ends in mid-run",
    "no answer at all",
}
QUICK = {"doctor": _ALL, "break-glass": _ALL, "smoke": _ALL}
"""A client of its own each; `adopt` and `rollback` have the one that `smoke` has."""


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with (
        start(quick(tmp_path_factory.mktemp("sandbox"))) as sandbox,
        closing((tenant := tenant_of(sandbox)).http),
    ):
        yield tenant


@pytest.fixture
def folder(tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project at that tenant, with a client of its own."""
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK.replace("DOMAIN", tenant.domain))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tenant.ca_file))
    monkeypatch.setenv("AUTH0_CLIENT_ID", "canary")
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", SECRET)
    cpaas = tenant.running.cpaas_url.removeprefix("https://")
    monkeypatch.setenv("PHONEMFA_CPAAS_ADDRESS", cpaas)
    tenant.control("POST", "/reset")
    tenant.control("POST", "/clients", {"client_id": "canary", "client_secret": SECRET})
    yield tmp_path
    tenant.control("DELETE", "/faults")


def written(folder: Path, tenant: Tenant) -> dict[str, str]:
    """Every file of the project, and the sandbox's request log."""
    files = {
        str(one): one.read_text(errors="replace")
        for one in folder.rglob("*")
        if one.is_file() and one.name != "Pulumi.dev.yaml"  # has the test number, by choice
    }
    log = tenant.logged()
    for one in log:
        one["body"] = None if one["path"].endswith("/try") else one["body"]
    return files | {"request log": json.dumps(log)}


def everywhere(row: Row) -> dict[str, Any]:
    """The fault on every request of the kind that the row is about, from the second on."""
    path = row.path if "oauth" in row.path else "/api/v2/"
    return {**row.armed, "path": path, "nth": 1 if "oauth" in row.path else 2}


@pytest.mark.parametrize(
    ("row", "command"),
    [
        pytest.param(
            row,
            command,
            id=f"{row.name}-{command}",
            marks=() if row.name in QUICK.get(command, TOLD) else pytest.mark.thorough,
        )
        for command in COMMANDS
        for row in TENANT
    ],
)
def test_nothing_secret_is_told_and_nothing_is_a_traceback(
    folder: Path, tenant: Tenant, caplog: pytest.LogCaptureFixture, row: Row, command: str
) -> None:
    caplog.set_level("DEBUG")
    tenant.control("POST", "/faults", everywhere(row))
    total = SHORT if "no whole answer" in str(row.outcomes) else LONG
    with limited(total, Clock()):
        ended = CliRunner().invoke(app, [command, "--stack", "dev", *COMMANDS[command]])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert ended.exit_code in {0, 1, 2}
    # A number of a test is the operator's own, and is shown with its middle hidden.
    said = {"output": ended.output, "log": caplog.text} | written(folder, tenant)
    for where, text in said.items():
        for hidden in (SECRET, NUMBER, "eyJhbGciOi"):
            assert hidden not in text, (where, hidden)
        assert "Traceback" not in text, where
