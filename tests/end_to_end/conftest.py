"""A running sandbox and the real engine, for tests that drive both."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from rich.console import Console

from sandbox.engine.ensure import Engine, ensure_engine
from sandbox.engine.environment import TenantAccess, engine_environment
from sandbox.engine.plugin import Plugin, find_plugin
from sandbox.engine.progress import ConsoleProgress
from sandbox.server import RunningSandbox, ServerConfig, start
from tests.contract import PROJECT
from tests.end_to_end.pulumi_cli import PulumiProject
from tests.end_to_end.traces import Request, normalised

Generation = Literal["unified", "legacy"]

KEY = "canary-cpaas-key"
CONFIG: dict[str, Any] = {
    "experience": "unified",
    "deliveryMethods": ["text", "voice"],
    "policy": "always",
    "cpaasBaseHost": "cpaas.sandbox.test",
    "smsSender": "0005212345",
    "voiceSender": "+815012345678",
}


@dataclass
class Tenant:
    """The sandbox's tenant as a test reaches it: its API, its request log, its faults."""

    running: RunningSandbox
    _http: httpx.Client
    _token: str = ""

    @property
    def url(self) -> str:
        return self.running.tenant_url

    @property
    def domain(self) -> str:
        return self.url.removeprefix("https://")

    def api(self, method: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        """One Management API call with the tenant's own client; not a stack's doing."""
        if not self._token:
            answer = self._http.post(
                "/oauth/token",
                json={
                    "grant_type": "client_credentials",
                    "client_id": self.running.client_id,
                    "client_secret": self.running.client_secret,
                    "audience": f"{self.url}/api/v2/",
                },
            )
            self._token = answer.raise_for_status().json()["access_token"]
        answer = self._http.request(
            method,
            f"/api/v2{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
        )
        if expect is None:
            answer.raise_for_status()
        else:
            assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def bind_foreign_action(self, name: str) -> str:
        """An Action that no stack made, deployed and bound, alone, to `send-phone-message`."""
        trigger = "send-phone-message"
        body = {
            "name": name,
            "supported_triggers": [{"id": trigger, "version": "v2"}],
            "code": "exports.onExecuteSendPhoneMessage = async () => {};",
        }
        action_id: str = self.api("POST", "/actions/actions", body)["id"]
        self.api("POST", f"/actions/actions/{action_id}/deploy")
        binding = {"ref": {"type": "action_id", "value": action_id}, "display_name": name}
        self.api("PATCH", f"/actions/triggers/{trigger}/bindings", {"bindings": [binding]})
        return action_id

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the sandbox's control routes."""
        answer = self._http.request(method, f"/_sandbox{path}", json=body).raise_for_status()
        return answer.json() if answer.content else None

    def forget_requests(self) -> None:
        """Count requests from here on."""
        self.control("DELETE", "/requests")

    def logged(self) -> list[dict[str, Any]]:
        """Requests since the last `forget_requests`, as the sandbox logged them."""
        entries: list[dict[str, Any]] = self.control("GET", "/requests")["requests"]
        return entries

    def requests(self) -> list[Request]:
        """The same, as they are compared with a trace."""
        own = self.domain
        return [
            normalised(one["method"], one["path"], _in_place_of(one["body"], own), one["status"])
            for one in self.logged()
        ]

    def unknown_routes(self) -> int:
        """How many requests met no route since the sandbox was started."""
        count: int = self.control("GET", "/health")["counters"]["unknown_routes"]
        return count


def _in_place_of(body: Any, domain: str) -> Any:
    if isinstance(body, dict):
        return {key: _in_place_of(value, domain) for key, value in body.items()}
    return body.replace(domain, "TENANT") if isinstance(body, str) else body


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real engine; made when this machine has none (minutes, with progress)."""
    return ensure_engine(ConsoleProgress(Console(stderr=True)))


@pytest.fixture(scope="session")
def plugin(engine: Engine) -> Plugin:
    """The auth0 plugin that `make up` would take too."""
    return find_plugin(engine, ConsoleProgress(Console(stderr=True)))


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """A sandbox of the test's own, on free ports; `generation("legacy")` asks for that tenant."""
    marker = request.node.get_closest_marker("generation")
    generation: Generation = marker.args[0] if marker else "unified"
    state_dir = tmp_path / "sandbox"
    sandbox = start(
        ServerConfig(state_dir=state_dir, tenant_port=0, cpaas_port=0, generation=generation)
    )
    yield sandbox
    sandbox.stop()


@pytest.fixture
def tenant(running: RunningSandbox) -> Iterator[Tenant]:
    trust = ssl.create_default_context(cafile=running.ca_file)
    with httpx.Client(base_url=running.tenant_url, verify=trust, timeout=30) as http:
        yield Tenant(running, http)


@pytest.fixture
def environment(
    tmp_path: Path, engine: Engine, plugin: Plugin, running: RunningSandbox, tenant: Tenant
) -> dict[str, str]:
    """What `pulumi` runs in: engine, plugin, tenant, and a state of the test's own."""
    return engine_environment(
        engine,
        plugin,
        state_dir=tmp_path / "sandbox",
        tenant=TenantAccess(
            domain=tenant.domain,
            client_id=running.client_id,
            client_secret=running.client_secret,
            ca_file=running.ca_file,
        ),
    )


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Callable[..., PulumiProject]:
    """Makes a stack of a program in a folder of its own."""

    def make(program: Path, *, folder: str = "program", stack: str = "t1") -> PulumiProject:
        made = PulumiProject(tmp_path / folder, environment, program=program, stack=stack)
        made.init()
        return made

    return make


@pytest.fixture
def package(tmp_path: Path, project: Callable[..., PulumiProject]) -> PulumiProject:
    """The package as a checkout without anybody's stacks, configured but not applied."""
    source = tmp_path / "package"
    source.mkdir()
    for name in ("Pulumi.yaml", "__main__.py", "components", "actions"):
        (source / name).symlink_to(PROJECT / name)
    stack = project(source, folder="package")
    stack.configure(secrets={"cpaasApiKey": KEY}, **CONFIG)
    return stack
