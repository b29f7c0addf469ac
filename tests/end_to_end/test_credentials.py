"""Credentials that the tenant does not take are said once, readably, before anything is written."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

PLACES = "The client is from AUTH0_CLIENT_ID, its secret from AUTH0_CLIENT_SECRET, the domain from"


@pytest.mark.parametrize(
    ("generation", "command"),
    [
        pytest.param(
            "unified",
            ("up", "--yes", "--skip-preview"),
            marks=pytest.mark.generation("unified"),
        ),
        pytest.param(
            "legacy",
            ("preview",),
            marks=[pytest.mark.generation("legacy"), pytest.mark.thorough],
        ),
    ],
)
def test_wrong_credentials_are_said_once(
    package: PulumiProject, tenant: Tenant, generation: str, command: tuple[str, ...]
) -> None:
    package.configure(experience=generation)
    package.environment["AUTH0_CLIENT_SECRET"] = "canary-wrong"
    ran = package.run(*command, expect=None)
    assert ran.exit != 0
    assert "canary" not in ran.text
    # What the engine prints while it works, it lists by resource once more.
    listed = ran.out.partition("Diagnostics:")[2]
    assert listed.count(f"{tenant.domain} refused a token for client {tenant.client_id}") == 1
    assert listed.count(f"{PLACES} AUTH0_DOMAIN.") == 1
    # The language host's own program may be cut off while it ends; ours may not end in one.
    assert "components/" not in ran.text
    assert tenant.api("GET", "/actions/actions")["actions"] == []
