"""go-auth0's own tests pass against the sandbox, and its recordings are answered alike.

Auth0 runs those tests against a tenant of its own and keeps the recordings; both come with the Go
module. Left out is what is about something else than phone MFA.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server.running import RunningSandbox, start
from sandbox.tenant.factor_settings import CUSTOM_APP
from sandbox.tenant.tenant import Generation
from tests.clients.go_auth0 import BUILD_SECONDS, go_is_missing, run_own_tests
from tests.clients.tenants import PHONE_ACTION, assert_nothing_was_missing
from tests.sandbox.quick import quick

pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.timeout(BUILD_SECONDS),
    pytest.mark.skipif(go_is_missing() is not None, reason=str(go_is_missing())),
]

WANTED = (
    "^(TestGuardian$|TestActionManager|TestApplyActions|TestBrandingManager_.*Phone"
    "|TestTenantManager|TestLogManager($|_))"
)
"""What talks to a tenant; the others test the client within itself."""
NEEDS_USERS = "^TestGuardian$/^Enrollment$"
LEGACY_ONLY = "^TestGuardian$/^MultiFactor$/^(Phone|SMS)$/^(Provider|Template|Twilio)$"


def as_auth0_s_tenant(running: RunningSandbox) -> None:
    """What the tests find there: they write, read, and write back what was there before.

    An Action that may send, the phone factor on, and settings that are not empty, as nobody can
    write an empty one.
    """
    tenant = running.parts.tenant
    tenant.versions.create(PHONE_ACTION)
    tenant.guardian.set_factor("sms", enabled=True)
    settings = tenant.factor_settings
    settings.replace("push-notification/providers/sns", {"aws_region": "us-west-1"})
    settings.replace("duo/settings", {"host": "h", "ikey": "i", "skey": "s"})
    settings.replace(CUSTOM_APP, {"app_name": "Mine"})
    if tenant.generation == "legacy":
        tenant.guardian.set_selected_provider("twilio")
        tenant.guardian.set_templates({"enrollment_message": "e", "verification_message": "v"})
        tenant.guardian.set_twilio({"sid": "s", "auth_token": "t", "from": "f"})
    for _ in range(20):
        tenant.logs.add("sapi", "Read something", {})


@pytest.fixture(params=["unified", "legacy"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningSandbox]:
    generation: Generation = request.param
    with start(quick(tmp_path / "state", generation=generation)) as started:
        as_auth0_s_tenant(started)
        yield started


def test_its_own_tests_pass(running: RunningSandbox) -> None:
    unified = running.parts.tenant.generation == "unified"
    left_out = f"{NEEDS_USERS}|{LEGACY_ONLY}" if unified else NEEDS_USERS

    results = run_own_tests(running, WANTED, left_out)

    assert set(results.values()) == {"PASS"}, results
    assert len(results) == (64 if unified else 67)
    assert_nothing_was_missing(running)
