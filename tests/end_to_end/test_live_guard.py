"""What stands between these tests and somebody's tenant; a sandbox plays the real one."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract import PROJECT
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import writes
from tests.end_to_end.targets import OPT_IN, LiveTarget, TargetRefusedError, redacted

NAME = f"{OPT_IN} of team A"
BODY = "tests/end_to_end/test_any_tenant.py"


def credentials(tenant: Tenant) -> dict[str, str]:
    return {
        "PHONEMFA_LIVE_DOMAIN": tenant.domain,
        "PHONEMFA_LIVE_CLIENT_ID": tenant.client_id,
        "PHONEMFA_LIVE_CLIENT_SECRET": tenant.client_secret,
        "SSL_CERT_FILE": str(tenant.ca_file),
    }


def name_tenant(tenant: Tenant, name: str) -> None:
    tenant.api("PATCH", "/tenants/settings", {"friendly_name": name})
    tenant.forget_requests()


def test_credentials_of_pulumi_are_not_taken_and_incomplete_ones_are_named() -> None:
    assert not LiveTarget.asked_for({"AUTH0_DOMAIN": "login.example.jp", "AUTH0_CLIENT_ID": "id"})
    environ = {"PHONEMFA_LIVE_DOMAIN": "t.example.jp"}
    assert LiveTarget.asked_for(environ), "nor does it fall back to the sandbox"
    with pytest.raises(TargetRefusedError, match="PHONEMFA_LIVE_CLIENT_ID, PHONEMFA_LIVE_CLIENT_"):
        LiveTarget.of(environ)


@pytest.mark.parametrize(
    ("name", "says"),
    [("Mirai Bank", OPT_IN), ("", OPT_IN), ("phonemfa", OPT_IN), (NAME, "someone-elses")],
)
def test_a_tenant_that_is_not_for_tests_is_refused(tenant: Tenant, name: str, says: str) -> None:
    hand_made.action(tenant, hand_made.LEGACY, name="someone-elses", bind="someone-elses")
    name_tenant(tenant, name)
    live = LiveTarget.of(credentials(tenant))
    # Or the sandbox waits for its connection when it stops.
    with closing(live.http), pytest.raises(TargetRefusedError, match=says):
        live.guard()
    assert writes(tenant) == []


@pytest.mark.end_to_end
@pytest.mark.thorough
def test_the_body_passes_at_a_tenant_and_leaves_it_empty(tenant: Tenant, tmp_path: Path) -> None:
    name_tenant(tenant, NAME)
    before = tenant.api("GET", "/guardian/factors")
    ran = run_body("whole_life or channel", credentials(tenant), tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout
    assert "PHONEMFA_LIVE_CPAAS_HOST" in ran.stdout, "what is skipped says why"
    assert writes(tenant), "the tests drove this tenant and no other"
    assert (tenant.actions, tenant.providers, tenant.policies) == ([], [], [])
    assert tenant.api("GET", "/guardian/factors") == before


@pytest.mark.end_to_end
@pytest.mark.thorough
def test_a_failure_shows_nothing_of_the_tenant(tenant: Tenant, tmp_path: Path) -> None:
    name_tenant(tenant, NAME)
    refusal = {"message": f"Scripted for +819012345678 at {tenant.domain}"}
    fault = {"method": "POST", "path": "/actions/actions$", "status": 403, "body": refusal}
    tenant.control("POST", "/faults", fault)
    ran = run_body("whole_life", credentials(tenant), tmp_path)
    assert ran.returncode == 1, ran.stdout
    # The stand-in hides numbers itself, the official plugin repeats them.
    assert "403 Forbidden: Scripted for " in ran.stdout
    assert "domain='<TENANT>'" in ran.stdout
    named = (tenant.domain, tenant.client_id, tenant.client_secret, tenant.token, "+819012345678")
    for hidden in named:
        assert hidden not in ran.stdout + ran.stderr


def run_body(chosen: str, environ: dict[str, str], folder: Path) -> Any:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", BODY, "-k", chosen, "--basetemp", str(folder / "t")]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=PROJECT,
        env=own | environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_tokens_and_numbers_are_hidden_even_where_nobody_named_them() -> None:
    text = "sent to 819012345678 with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
    assert redacted(text, {}) == "sent to <NUMBER> with <TOKEN>"
