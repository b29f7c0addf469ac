"""The doctor in front of a live (sandbox) tenant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from tests.end_to_end.conftest import CONFIG, Tenant

pytestmark = pytest.mark.end_to_end


class Doctor:
    """Runs the command with the environment that Pulumi would have."""

    def __init__(self, folder: Path, tenant: Tenant) -> None:
        self.folder, self.tenant = folder, tenant
        self.environment = {
            "AUTH0_DOMAIN": tenant.domain,
            "AUTH0_CLIENT_ID": tenant.running.client_id,
            "AUTH0_CLIENT_SECRET": tenant.running.client_secret,
            "SSL_CERT_FILE": str(tenant.running.ca_file),
            "COLUMNS": "250",
        }

    def run(self, *options: str, **config: Any) -> Result:
        values = {f"phonemfa:{key}": value for key, value in (CONFIG | config).items()}
        text = yaml.safe_dump({"config": values})
        (self.folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
        arguments = ["doctor", "--stack", "dev", "--project", str(self.folder), *options]
        return CliRunner().invoke(app, arguments, env=self.environment)


@pytest.fixture
def doctor(tmp_path: Path, tenant: Tenant) -> Doctor:
    folder = tmp_path / "stacks"
    folder.mkdir()
    return Doctor(folder, tenant)


def test_a_fit_tenant_is_told_so_without_a_single_write(doctor: Doctor) -> None:
    doctor.tenant.forget_requests()
    result = doctor.run()
    assert result.exit_code == 0, result.output
    requests = [one for one in doctor.tenant.logged() if one["path"] != "/oauth/token"]
    assert requests
    assert {one["method"] for one in requests} == {"GET"}
    assert doctor.tenant.unknown_routes() == 0


def bind_marketplace_action(tenant: Tenant, *, name: str) -> None:
    """What installing an integration leaves behind; no public endpoint does it."""
    action_id = tenant.bind_foreign_action(name)
    content = tenant.control("GET", "/state?secrets=true")["content"]
    content["actions"][action_id]["installed_integration_id"] = "integration-1"
    tenant.control("PUT", "/state", {"content": content})


@pytest.mark.generation("legacy")
def test_a_marketplace_action_is_recognised_in_a_live_tenant(doctor: Doctor) -> None:
    bind_marketplace_action(doctor.tenant, name="NTT CPaaS")
    findings = json.loads(doctor.run("--json", experience="legacy").output)
    (binding,) = [one for one in findings if one["subject"] == "send-phone-message"]
    assert binding["level"] == "warning"
    assert "Marketplace" in binding["what"]


@pytest.mark.generation("legacy")
def test_a_contradiction_is_exit_status_one(doctor: Doctor) -> None:
    result = doctor.run(experience="unified")
    assert result.exit_code == 1
    assert "phonemfa:experience legacy" in " ".join(result.output.split())


def test_read_scopes_are_enough(doctor: Doctor) -> None:
    scopes = ["actions", "phone_providers", "phone_templates", "tenant_settings"]
    client = doctor.tenant.control(
        "POST", "/clients", {"scopes": [f"read:{scope}" for scope in scopes]}
    )
    doctor.environment |= {
        "AUTH0_CLIENT_ID": client["client_id"],
        "AUTH0_CLIENT_SECRET": client["client_secret"],
    }
    assert doctor.run().exit_code == 0


def test_a_missing_scope_is_named(doctor: Doctor) -> None:
    client = doctor.tenant.control("POST", "/clients", {"scopes": ["read:actions"]})
    doctor.environment |= {
        "AUTH0_CLIENT_ID": client["client_id"],
        "AUTH0_CLIENT_SECRET": client["client_secret"],
    }
    result = doctor.run()
    assert result.exit_code == 2
    assert "read:phone_provider" in result.output


def test_wrong_credentials_and_a_wrong_address_are_told_apart(doctor: Doctor) -> None:
    doctor.environment["AUTH0_CLIENT_SECRET"] = "canary-wrong"
    refused = doctor.run()
    assert refused.exit_code == 2
    assert "refused a token" in refused.output
    assert "canary" not in refused.output
    doctor.environment["AUTH0_DOMAIN"] = "localhost:1"
    assert "No answer from https://localhost:1" in doctor.run().output


def test_missing_variables_bad_config_and_unknown_stacks_are_exit_status_two(
    doctor: Doctor,
) -> None:
    bad = doctor.run(cpaasBaseHost="https://x")
    assert (bad.exit_code, "cpaasBaseHost" in bad.output) == (2, True)
    doctor.environment |= {"AUTH0_CLIENT_ID": "", "AUTH0_CLIENT_SECRET": ""}
    missing = doctor.run()
    assert missing.exit_code == 2
    assert "AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET" in missing.output
    arguments = ["doctor", "--stack", "nope", "--project", str(doctor.folder)]
    unknown = CliRunner().invoke(app, arguments)
    assert unknown.exit_code == 2
    assert "Stacks with a file: dev" in unknown.output
