"""The sandbox answers over TLS on loopback, once per state folder, and a restart loses nothing."""

import json
import os
import socket
import sqlite3
import ssl
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from sandbox.machine.errors import SandboxError, ServerError
from sandbox.server.certificates import CPAAS_HOST
from sandbox.server.ports import TENANT, port_from, take_port
from sandbox.server.record import (
    answers,
    client,
    pages_address,
    read_record,
    running_record,
    write_record,
)
from sandbox.server.running import RunningSandbox, start
from tests.free_ports import free_ports
from tests.sandbox.quick import quick


def token(running: RunningSandbox, asking: httpx.Client) -> str:
    answer = asking.post(
        "/oauth/token",
        json={
            "grant_type": "client_credentials",
            "client_id": running.client_id,
            "client_secret": running.client_secret,
            "audience": f"{running.tenant_url}/api/v2/",
        },
    )
    return str(answer.raise_for_status().json()["access_token"])


def test_nobody_who_does_not_trust_the_sandboxs_ca_gets_through(running: RunningSandbox) -> None:
    with (
        httpx.Client(trust_env=False) as stranger,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        stranger.get(f"{running.tenant_url}/_sandbox/health")


def test_cpaas_shows_its_name_and_takes_the_sandboxs_key(
    running: RunningSandbox,
) -> None:
    trust = ssl.create_default_context(cafile=running.ca_file)
    with (
        socket.create_connection(("127.0.0.1", running.record.cpaas_port)) as plain,
        trust.wrap_socket(plain, server_hostname=CPAAS_HOST) as secured,
    ):
        assert secured.version() in {"TLSv1.2", "TLSv1.3"}
    message = {"destinations": [{"to": "819012345678"}], "content": {"text": "hello"}}
    body = {"messages": [message]}
    with httpx.Client(base_url=running.cpaas_url, verify=trust, trust_env=False) as asking:
        for key, status in ((running.credentials.cpaas_api_key, 200), ("of-somebody-else", 401)):
            headers = {"Authorization": f"App {key}"}
            assert asking.post("/sms/3/messages", json=body, headers=headers).status_code == status
    assert [message.text for message in running.parts.inbox.messages()] == ["hello"]


def test_pages_open_without_a_warning_and_hold_up_no_end(
    tmp_path: Path,
) -> None:
    with httpx.Client(trust_env=False, timeout=60) as person:
        sandbox = start(quick(tmp_path))
        assert person.get(f"{sandbox.pages_url}/phones").status_code == 401
        address = pages_address(tmp_path, sandbox.record)
        assert person.get(address, follow_redirects=True).status_code == 200
        assert person.get(f"{sandbox.pages_url}/phones").status_code == 200
        with person.stream("GET", f"{sandbox.pages_url}/phones/events") as events:
            lines = events.iter_lines()
            assert next(lines).startswith("retry:")
            sandbox.stop()
            assert list(lines) == [""], "ended, not cut off"


def test_restart_on_the_same_port_loses_neither_tenant_nor_credentials(
    tmp_path: Path,
) -> None:
    (port,) = free_ports(1)
    with start(quick(tmp_path, tenant_port=port)) as first:
        first.parts.tenant.settings.patch({"friendly_name": "kept"})
        with client(tmp_path, first.record) as asking:
            bearer = token(first, asking)
        secret, authority = first.client_secret, first.ca_file.read_bytes()
        assert running_record(tmp_path) == first.record
        assert first.record.tenant_port == port
    assert read_record(tmp_path) is None
    with start(quick(tmp_path, tenant_port=port)) as second:
        assert second.record.instance_id != first.record.instance_id
        assert second.client_secret == secret
        assert second.ca_file.read_bytes() == authority
        with client(tmp_path, second.record) as asking:
            headers = {"Authorization": f"Bearer {bearer}"}
            settings = asking.get("/api/v2/tenants/settings", headers=headers)
    assert settings.json()["friendly_name"] == "kept"


def test_second_server_for_the_same_state_is_refused(running: RunningSandbox) -> None:
    with pytest.raises(ServerError, match=f"pid {os.getpid()}") as raised:
        start(quick(running.state_dir))
    assert "make down" in raised.value.fix
    assert answers(running.state_dir, running.record)


@pytest.mark.parametrize("which", ["tenant", "cpaas", "pages"])
def test_taken_port_is_named_with_holder_and_variable(tmp_path: Path, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError) as raised:
            start(quick(tmp_path, **{f"{which}_port": port}))
    assert f"Port {port}" in raised.value.problem
    assert f"pid {os.getpid()}" in raised.value.problem
    assert f"SANDBOX_{which.upper()}_PORT" in raised.value.fix
    with start(quick(tmp_path)):
        pass  # the failed start left nothing behind


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with take_port(0, TENANT) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_missing_node_is_named_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="node is not found on PATH"):
        start(quick(tmp_path / "state"))
    assert not (tmp_path / "state" / "server.json").exists()


def test_record_of_another_sandboxs_port_is_not_believed(
    running: RunningSandbox,
) -> None:
    facts = json.loads((running.state_dir / "server.json").read_text())
    stale = type(running.record)(**facts | {"instance_id": "of an earlier process"})
    write_record(running.state_dir, stale)

    assert running_record(running.state_dir) is None
    write_record(running.state_dir, running.record)  # stop() takes its own back


def test_state_of_another_version_is_told_without_a_traceback(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "tenant.sqlite")) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(ServerError, match="version 99") as raised:
        start(quick(tmp_path))
    assert "make clean" in raised.value.fix


@pytest.mark.parametrize("value", [None, "", "  "])
def test_port_without_a_setting_is_the_default(value: str | None) -> None:
    assert port_from(value, TENANT) == 8443


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8443x", "https"])
def test_setting_that_is_no_port_is_named(value: str) -> None:
    with pytest.raises(ServerError, match=f"SANDBOX_TENANT_PORT={value}"):
        port_from(value, TENANT)
