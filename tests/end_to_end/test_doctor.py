"""The doctor in front of a live (sandbox) tenant, and beside the engine.

Its credentials, scopes, refusals and exit statuses: phonemfa/doctor, without the engine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from components.settings.model import StackSettings
from phonemfa.cli import app
from phonemfa.doctor.access import requests_of_first_up
from phonemfa.doctor.checks import installed_sdk
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import CONFIG, KEY, PHONE, Tenant
from tests.end_to_end.operators import cpaas_of, operator_of
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

CARRIER_SID = "AC9f8e7d"
MAY_DIFFER = 3
"""Requests: "about" is what the doctor says."""


class Doctor:
    """Runs the command with the environment that Pulumi would have."""

    def __init__(self, folder: Path, tenant: Tenant) -> None:
        self.folder, self.tenant = folder, tenant
        self.environment = {
            "AUTH0_DOMAIN": tenant.domain,
            "AUTH0_CLIENT_ID": tenant.running.client_id,
            "AUTH0_CLIENT_SECRET": tenant.running.client_secret,
            "SSL_CERT_FILE": str(tenant.running.ca_file),
            "PHONEMFA_CPAAS_ADDRESS": tenant.running.cpaas_url.removeprefix("https://"),
            "COLUMNS": "80",
        }

    def run(self, *options: str, **config: Any) -> Result:
        config = {"cpaasApiKey": {"secure": "v1:nobody-opens-it"}} | CONFIG | config
        values = {f"phonemfa:{key}": value for key, value in config.items()}
        text = yaml.safe_dump({"config": values})
        (self.folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
        arguments = ["doctor", "--stack", "dev", "--project", str(self.folder), *options]
        return CliRunner().invoke(app, arguments, env=self.environment)

    def troubles(self, *options: str, **config: Any) -> dict[str, list[str]]:
        """What is no ok and no note, by level and subject."""
        result = self.run("--json", *options, **config)
        content = json.loads(result.stdout)
        assert content["exit"] == result.exit_code
        found: dict[str, list[str]] = {}
        for one in content["findings"]:
            if one["level"] not in {"ok", "note"}:
                found.setdefault(f"{one['level']} {one['subject']}", []).append(one["what"])
        return found


@pytest.fixture
def doctor(tmp_path: Path, tenant: Tenant) -> Doctor:
    folder = tmp_path / "stacks"
    folder.mkdir()
    return Doctor(folder, tenant)


@pytest.mark.generation("unified")
def test_a_first_up_finds_what_the_doctor_foretold(doctor: Doctor, package: PulumiProject) -> None:
    """Before: fit. The `up`: about as many requests as foretold. After: what is there is ours."""
    tenant = doctor.tenant
    tenant.forget_requests()
    result = doctor.run()
    assert result.exit_code == 0, result.output
    assert "The tenant is ready: 1 warning, Pulumi's own side was not" in result.output
    asked = [one for one in tenant.logged() if one["path"] != "/oauth/token"]
    assert asked
    assert {one["method"] for one in asked} == {"GET"}
    assert tenant.unknown_routes() == 0

    tenant.forget_requests()
    package.up()
    made = len(tenant.logged())
    foretold = requests_of_first_up(StackSettings.check("dev", CONFIG), installed_sdk())
    told = [f"{one['method']} {one['path']}" for one in tenant.logged()]
    assert abs(made - foretold) <= MAY_DIFFER, "\n".join(told)
    assert doctor.troubles() == {}


def test_what_is_in_the_way_of_a_first_up_is_told_in_one_look(doctor: Doctor) -> None:
    """A provider, an Action, a text, a policy: each by itself, and nothing of them in full."""
    tenant = doctor.tenant
    hand_made.provider(tenant, "twilio", "text", sid=CARRIER_SID, default_from=PHONE)
    hand_made.action(tenant, hand_made.UNIFIED, name="somebody's", deploy=False)
    hand_made.template(tenant, "otp_verify", {"body": {"text": "{{ code }}"}})
    hand_made.factors(tenant, "all-applications", "otp")
    listed = tenant.api("GET", "/branding/phone/templates")["templates"]
    (template_id,) = [one["id"] for one in listed if "id" in one]

    found = doctor.troubles(policy="never", otherFactors={"otp": False})
    assert set(found) == {
        "fault action",
        "warning provider",
        "warning templates",
        "fault policy",
        "warning factors",
    }
    assert "somebody's" in found["fault action"][0]
    assert CARRIER_SID in found["warning provider"][0]
    assert template_id in found["warning templates"][0]
    assert "no pulumi up does" in found["fault policy"][0]
    assert "otp" in found["warning factors"][0]
    assert "12345678" not in str(found)
    assert "canary" not in doctor.run().output


def test_plan_and_limit_are_told_from_the_tenants_own_answers(doctor: Doctor) -> None:
    doctor.tenant.control("PUT", "/rate-limit", {"burst": 2, "per_second": 2})
    body = {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "This feature is not enabled for this tenant.",
        "errorCode": "feature_not_enabled",
    }
    fault = {"path": "/branding/phone/providers", "status": 403, "body": body, "times": None}
    doctor.tenant.control("POST", "/faults", fault)
    found = doctor.troubles(policy="adaptive")
    assert set(found) == {"fault plan", "warning plan", "warning policy"}
    assert "feature_not_enabled" in found["fault plan"][0]
    assert "2 requests at once" in " ".join(doctor.run("--all").output.replace("│", "").split())


def test_a_stack_that_moves_is_about_both_generations_and_asks_what_the_tenant_answers(
    doctor: Doctor,
) -> None:
    doctor.tenant.forget_requests()
    assert doctor.troubles(transition=True, policy="never") == {}
    asked = {one["path"].partition("?")[0] for one in doctor.tenant.logged()}
    for trigger in ("custom-phone-provider", "send-phone-message"):
        assert f"/api/v2/actions/triggers/{trigger}/bindings" in asked
    assert not any("selected-provider" in one for one in asked), "a unified tenant refuses that"


@pytest.mark.generation("legacy")
def test_a_legacy_tenant_is_looked_at_as_one(doctor: Doctor) -> None:
    """Its Marketplace Action, its Twilio account, and no question that it would refuse."""
    hand_made.marketplace_action(doctor.tenant)
    guardian = "/guardian/factors/sms"
    doctor.tenant.api("PUT", f"{guardian}/selected-provider", {"provider": "twilio"})
    twilio = {"sid": CARRIER_SID, "auth_token": "canary-token", "from": PHONE}
    doctor.tenant.api("PUT", f"{guardian}/providers/twilio", twilio)
    doctor.tenant.forget_requests()
    found = doctor.troubles(experience="legacy", policy="never")
    assert set(found) == {"warning bindings", "warning provider"}
    assert "Marketplace" in found["warning bindings"][0]
    assert CARRIER_SID in found["warning provider"][0]
    assert "canary" not in str(found)
    assert "12345678" not in str(found)
    statuses = {one["status"] for one in doctor.tenant.logged()}
    assert statuses <= {200, 204}

    contradicted = doctor.run()
    assert contradicted.exit_code == 1
    assert "phonemfa:experience legacy" in " ".join(contradicted.output.replace("│", "").split())


def test_the_stacks_own_key_is_had_through_the_engine_and_tried_without_sending(
    package: PulumiProject, tenant: Tenant
) -> None:
    with cpaas_of(tenant) as cpaas:
        cpaas.request("DELETE", "/_sandbox/keys", json={"key": KEY}).raise_for_status()
    revoked = operator_of(tenant, package).run("doctor", "--check-key", expect=1)
    assert "refused (401)" in revoked.stdout
    assert tenant.running.parts.inbox.messages() == []


ENGINE = ("PATH", "PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE")


def test_ready_is_said_only_where_pulumi_up_would_work(
    doctor: Doctor, package: PulumiProject, tmp_path: Path
) -> None:
    engine = {name: package.environment[name] for name in ENGINE}

    def said(status: int, stack: str = package.stack, **changes: str) -> str:
        arguments = ["doctor", "--stack", stack, "--project", str(package.folder)]
        ended = CliRunner().invoke(app, arguments, env=doctor.environment | engine | changes)
        assert ended.exit_code == status, ended.output
        return " ".join(ended.output.split())

    before = package.state()
    assert "Ready for pulumi up" in said(0)
    wrong = {"PULUMI_CONFIG_PASSPHRASE_FILE": "", "PULUMI_CONFIG_PASSPHRASE": "canary-wrong"}
    refused = said(1, **wrong)
    assert "encryption: phonemfa:cpaasApiKey does not open: incorrect passphrase" in refused
    assert "canary" not in refused
    (package.folder / "Pulumi.none.yaml").write_text(package.config.read_text("utf-8"), "utf-8")
    assert "stack: the backend has no stack none → pulumi stack init none" in said(1, "none")
    nowhere = f"file://{tmp_path}/nowhere"
    assert "backend: unable to open state directory" in said(1, PULUMI_BACKEND_URL=nowhere)
    # A client of the tenant alone: it is not failed for what it has no part in.
    home = {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": ""}
    assert "The tenant is ready" in said(0, **home)

    backend = Path(engine["PULUMI_BACKEND_URL"].removeprefix("file://"))
    lock = backend / f".pulumi/locks/organization/{package.name}/{package.stack}/of-another.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = {
        "pid": 4242,
        "username": "joe",
        "hostname": "ci-7",
        "timestamp": "2026-11-29T10:00:00Z",
    }
    lock.write_text(json.dumps(holder), "utf-8")
    assert "the stack is locked by joe@ci-7 (pid 4242)" in said(1)
    assert "created by joe@ci-7 (pid 4242)" in package.up(expect=None).err, "as the engine has it"
    lock.unlink()
    assert "Ready for pulumi up" in said(0)
    assert package.state() == before, "nothing was written"
