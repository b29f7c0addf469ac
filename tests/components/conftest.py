"""A sandbox tenant over HTTPS, for what hooks ask of a tenant; no engine."""

import asyncio
import json
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx
import pulumi
import pytest

from components.action_code import assemble
from components.guards import test_message
from components.tenant.access import Access
from components.tenant.stack_access import TenantAccess
from sandbox.runner.runner import find_node
from sandbox.server.assembly import ServerConfig
from sandbox.server.running import RunningSandbox, start
from sandbox.tenant import Tenant

T = TypeVar("T")
NOBODY = TenantAccess(access=Access(domain="t"))
"""A stack whose hooks have no credentials."""


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """What a hook answers, on the event loop of the test's program."""
    return asyncio.get_event_loop().run_until_complete(work)


def in_node(own: str, program: str, data: Any) -> Any:
    """What a program makes of `data` with a function of the Action's, which it calls `own`."""
    code = json.dumps(f"{assemble('custom-phone-provider')}; return {own};")
    whole = f"""
        const own = new Function('exports', 'require', {code})({{}}, require);
        const data = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        console.log(JSON.stringify({program}));
    """
    sent, command = json.dumps(data).encode(), [find_node(), "-e", whole]
    done = subprocess.run(command, input=sent, capture_output=True, check=True, timeout=600)
    return json.loads(done.stdout)


@dataclass(frozen=True)
class At:
    """A sandbox tenant, and what a stack's hooks reach it by."""

    running: RunningSandbox
    tenant: Tenant

    @property
    def access(self) -> TenantAccess:
        return TenantAccess(
            access=Access(
                domain=self.running.tenant_url.removeprefix("https://"),
                client_id=self.running.client_id,
            ),
            secrets={"client_secret": pulumi.Output.secret(self.running.client_secret)},
        )

    @contextmanager
    def control(self) -> Iterator[httpx.Client]:
        """The sandbox's own routes; faults end with the block."""
        address = f"{self.running.tenant_url}/_sandbox"
        with httpx.Client(base_url=address, headers=self.running.control_headers) as http:
            http.delete("/requests")
            yield http
            http.delete("/faults")

    def assume(self, monkeypatch: pytest.MonkeyPatch, of: Any, **changes: Any) -> None:
        """Let a part of the sandbox be otherwise in what nobody has established."""
        monkeypatch.setattr(of, "assumptions", replace(of.assumptions, **changes))


@pytest.fixture(autouse=True)
def _loop() -> Iterator[None]:
    """Outputs belong to an event loop, as in a program; an earlier test may have left none."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield
        asyncio.set_event_loop(None)


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with start(
        ServerConfig(state_dir=folder, tenant_port=0, cpaas_port=0, pages_port=0)
    ) as sandbox:
        yield sandbox


@pytest.fixture
def at(running: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> At:
    monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_file))
    # The sandbox has no rate to spare: what a gate waits for, it may look for often.
    monkeypatch.setattr(test_message, "_LONGEST_PAUSE", 0.05)
    running.parts.tenant.reset("unified")
    return At(running, running.parts.tenant)


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the program warns of."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


@pytest.fixture
def previewed(monkeypatch: pytest.MonkeyPatch, warned: list[str]) -> list[str]:
    """The program runs for a preview; what it warns of."""
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    return warned
