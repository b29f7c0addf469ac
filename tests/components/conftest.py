"""A sandbox tenant over HTTPS, for what hooks ask of a tenant; no engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from components.tenant.access import Access
from components.tenant.stack_access import TenantAccess
from sandbox.server.assembly import ServerConfig
from sandbox.server.running import RunningSandbox, start
from sandbox.tenant import Tenant


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with start(
        ServerConfig(state_dir=folder, tenant_port=0, cpaas_port=0, pages_port=0)
    ) as sandbox:
        yield sandbox


@pytest.fixture
def tenant(running: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_file))
    # The sandbox has no rate to spare: what a gate waits for, it may look for often.
    monkeypatch.setattr("components.guards.test_message._LONGEST_PAUSE", 0.05)
    tenant = running.parts.tenant
    tenant.reset("unified")
    # Outputs belong to an event loop, as they do in a program.
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield tenant
        asyncio.set_event_loop(None)


def access_of(running: RunningSandbox) -> TenantAccess:
    """The way of a stack's hooks to the tenant."""
    domain = running.tenant_url.removeprefix("https://")
    return TenantAccess(
        access=Access(domain=domain, client_id=running.client_id),
        secrets={"client_secret": pulumi.Output.secret(running.client_secret)},
    )
