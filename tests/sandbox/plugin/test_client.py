"""How often the stand-in asks a tenant, and of what it warns: as the official plugin does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from sandbox.plugin.client import Credentials, Management, ManagementError
from sandbox.plugin.resources.base import PartialFailureError
from sandbox.plugin.resources.guardian import GuardianResource
from sandbox.plugin.switches import ADAPTIVE_MFA_WARNS, VARIABLE
from sandbox.server.running import RunningSandbox, start
from tests.sandbox.quick import quick

SETTINGS = "/guardian/settings$"
BROKEN = {"status": 500, "body": {"message": "An internal error occurred"}}
NO_SCOPE = {
    "status": 403,
    "body": {"message": "Insufficient scope", "errorCode": "insufficient_scope"},
}
NO_PLAN = {
    "status": 403,
    "body": {"message": "Not included", "errorCode": "insufficient_entitlement"},
}


class Asking:
    """The stand-in's way to a tenant that fails as it is told, with the waits that it asked for."""

    def __init__(self, running: RunningSandbox) -> None:
        self.waits: list[float] = []
        self._control = httpx.Client(
            base_url=f"{running.tenant_url}/_sandbox",
            headers=running.control_headers,
            verify=ssl.create_default_context(cafile=str(running.ca_file)),
        )
        credentials = Credentials(
            domain=running.tenant_url.removeprefix("https://"),
            client_id=running.client_id,
            client_secret=running.client_secret,
            audience=f"{running.tenant_url}/api/v2/",
        )
        self.api = Management(credentials, sleep=self._wait)
        self._loop = asyncio.Runner()
        self.well()
        self._control.delete("/requests")

    def close(self) -> None:
        self._loop.run(self.api._http.aclose())
        self._loop.close()
        self._control.close()

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def fail(self, method: str, path: str, **what: Any) -> None:
        fault = {"method": method, "path": path, "times": None, **what}
        self._control.post("/faults", json=fault).raise_for_status()

    def well(self) -> None:
        self._control.delete("/faults").raise_for_status()

    def make(self, policy: str = "never") -> dict[str, Any]:
        """Guardian is created; its state."""
        inputs = {"policy": policy}
        _, state = self._loop.run(GuardianResource().create(self.api, inputs))
        return state

    def look(self) -> None:
        """Guardian is refreshed."""
        self._loop.run(GuardianResource().read(self.api, "id", {}))

    def tries(self, method: str, path: str) -> int:
        log = self._control.get("/requests").json()["requests"]
        return sum((one["method"], one["path"]) == (method, f"/api/v2{path}") for one in log)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(quick(tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def asking(running: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_file))
    with closing(Asking(running)) as one:
        yield one


SECRET = {"status": 400, "body": {"message": "No: Bearer canary-secret to +819012345678"}}


@pytest.mark.parametrize(
    ("method", "path", "fault", "tries"),
    [
        ("PUT", "/guardian/policies", BROKEN, 4),
        ("GET", "/guardian/settings", BROKEN, 4),  # a path that the SDK does not have
        ("PUT", "/guardian/policies", SECRET, 1),
    ],
)
def test_a_500_is_tried_four_times_in_two_seconds_and_a_refusal_repeated_word_for_word(
    asking: Asking, method: str, path: str, fault: dict[str, Any], tries: int
) -> None:
    asking.fail(method, f"{path}$", **fault)
    with pytest.raises(PartialFailureError) as refused:
        asking.make()
    assert fault["body"]["message"] in str(refused.value)
    assert asking.tries(method, path) == tries
    assert tries == 1 or 1 < sum(asking.waits) < 3


def test_a_missing_scope_for_the_tenants_mfa_settings_is_a_warning(asking: Asking) -> None:
    asking.fail("GET", SETTINGS, **NO_SCOPE)
    state = asking.make()
    assert "settings" not in state
    assert {"phoneSettings", "emailSettings"} <= state.keys()
    (warning,) = asking.api.warnings()
    assert "403 Forbidden: Insufficient scope" in warning
    assert asking.api.warnings() == [], "said once"


@pytest.mark.parametrize("factor", ["phone", "email"])
def test_a_missing_scope_for_a_factors_settings_is_an_error(asking: Asking, factor: str) -> None:
    asking.fail("GET", f"/guardian/factors/{factor}/settings$", **NO_SCOPE)
    with pytest.raises(PartialFailureError, match="Insufficient scope"):
        asking.make()
    with pytest.raises(ManagementError, match="Insufficient scope"):
        asking.look()
    assert asking.api.warnings() == []


@pytest.mark.parametrize("thrown", [False, True])
def test_a_plan_without_adaptive_mfa_fails_or_warns_as_the_switch_says(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, *, thrown: bool
) -> None:
    monkeypatch.setenv(VARIABLE, ADAPTIVE_MFA_WARNS if thrown else "")
    asking.fail("PUT", "/guardian/policies$", **NO_PLAN)
    if not thrown:
        with pytest.raises(PartialFailureError, match="Not included"):
            asking.make("confidence-score")
        return
    assert asking.make("confidence-score")["policy"] == "never"
    (warning,) = asking.api.warnings()
    assert "the policy was not written: 403 Forbidden: Not included" in warning
    asking.well()
    asking.fail("PUT", "/guardian/policies$", **NO_SCOPE)
    with pytest.raises(PartialFailureError, match="Insufficient scope"):
        asking.make("confidence-score")
