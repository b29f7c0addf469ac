"""The doctor in front of a live (sandbox) tenant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from components.settings.model import StackSettings
from phonemfa import scopes
from phonemfa.cli import app
from phonemfa.doctor.access import requests_of_first_up
from phonemfa.doctor.checks import installed_sdk
from phonemfa.scopes import Need
from tests.end_to_end.conftest import CONFIG, KEY, Tenant
from tests.end_to_end.operators import cpaas_of
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end

CARRIER_SID = "AC9f8e7d"
MAY_DIFFER = 3
"""Requests: "about" is what the doctor says."""


class Doctor:
    """Runs the command with the environment that Pulumi would have."""

    def __init__(self, folder: Path, tenant: Tenant) -> None:
        self.folder, self.tenant, self.domain = folder, tenant, ""
        self.environment = {
            "AUTH0_DOMAIN": tenant.domain,
            "AUTH0_CLIENT_ID": tenant.running.client_id,
            "AUTH0_CLIENT_SECRET": tenant.running.client_secret,
            "SSL_CERT_FILE": str(tenant.running.ca_file),
            "PHONEMFA_CPAAS_ADDRESS": tenant.running.cpaas_url.removeprefix("https://"),
            "COLUMNS": "80",
        }

    def run(self, *options: str, stdin: str = "", **config: Any) -> Result:
        config = {"cpaasApiKey": {"secure": "v1:nobody-opens-it"}} | CONFIG | config
        values = {f"phonemfa:{key}": value for key, value in config.items()}
        if self.domain:
            values["auth0:domain"] = self.domain
        text = yaml.safe_dump({"config": values})
        (self.folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
        arguments = ["doctor", "--stack", "dev", "--project", str(self.folder), *options]
        return CliRunner().invoke(app, arguments, env=self.environment, input=stdin)

    def troubles(self, *options: str, stdin: str = "", **config: Any) -> dict[str, list[str]]:
        """What is no ok and no note, by level and subject."""
        result = self.run("--json", *options, stdin=stdin, **config)
        content = json.loads(result.stdout)
        assert content["exit"] == result.exit_code
        found: dict[str, list[str]] = {}
        for one in content["findings"]:
            if one["level"] not in {"ok", "note"}:
                found.setdefault(f"{one['level']} {one['subject']}", []).append(one["what"])
        return found

    def be(self, *granted: str) -> None:
        """Another application, with these scopes alone."""
        client = self.tenant.control("POST", "/clients", {"scopes": list(granted)})
        self.environment |= {
            "AUTH0_CLIENT_ID": client["client_id"],
            "AUTH0_CLIENT_SECRET": client["client_secret"],
        }


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


def test_each_missing_scope_is_told_and_what_it_hides_is_told_as_unlooked_at(
    doctor: Doctor,
) -> None:
    looking = scopes.names(scopes.needed_by([Need.LOOK]))
    doctor.be(*looking)
    result = doctor.run()
    assert result.exit_code == 1
    writes = [one for one in scopes.needed_by([Need.UNIFIED]) if one.name not in looking]
    assert len(writes) > 8
    assert all(one.name in result.output for one in writes)
    assert "that could not be looked at" not in result.output, "reads are enough to look"

    doctor.be("read:actions")
    found = doctor.troubles()
    assert {"unknown provider", "unknown templates", "unknown policy"} <= set(found)
    assert "unknown action" not in found
    assert any("read:phone_providers is missing" in one for one in found["fault scopes"])
    assert found["unknown provider"] == ["could not look: needs read:phone_providers"]


def test_what_is_in_the_way_of_a_first_up_is_told_in_one_look(doctor: Doctor) -> None:
    """A provider, an Action, a text, a policy: each by itself, and nothing of them in full."""
    api = doctor.tenant.api
    api(
        "POST",
        "/branding/phone/providers",
        {
            "name": "twilio",
            "credentials": {"auth_token": "canary-token"},
            "configuration": {
                "sid": CARRIER_SID,
                "default_from": "+819012345678",
                "delivery_methods": ["text"],
            },
        },
    )
    action = {
        "name": "somebody's",
        "supported_triggers": [{"id": "custom-phone-provider", "version": "v1"}],
        "code": "exports.onExecuteCustomPhoneProvider = async () => {};",
    }
    api("POST", "/actions/actions", action)
    template = {
        "type": "otp_verify",
        "disabled": False,
        "content": {"body": {"text": "{{ code }}"}},
    }
    template_id = api("POST", "/branding/phone/templates", template)["id"]
    api("PUT", "/guardian/factors/otp", {"enabled": True})
    api("PUT", "/guardian/policies", ["all-applications"])

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


def test_an_answer_that_cannot_be_read_is_one_unknown_and_exit_status_two(doctor: Doctor) -> None:
    answer: dict[str, Any]
    for answer in ({"raw_body": "<html>"}, {"body": {"policy": "always"}}):
        fault = {"path": "/guardian/policies$", "status": 200, **answer}
        doctor.tenant.control("POST", "/faults", fault)
        assert list(doctor.troubles()) == ["unknown policy"], answer


def test_a_stack_that_moves_is_about_both_generations_and_asks_what_the_tenant_answers(
    doctor: Doctor,
) -> None:
    doctor.tenant.forget_requests()
    assert doctor.troubles(transition=True, policy="never") == {}
    asked = {one["path"].partition("?")[0] for one in doctor.tenant.logged()}
    for trigger in ("custom-phone-provider", "send-phone-message"):
        assert f"/api/v2/actions/triggers/{trigger}/bindings" in asked
    assert not any("selected-provider" in one for one in asked), "a unified tenant refuses that"


def bind_marketplace_action(tenant: Tenant, *, name: str) -> None:
    """What installing an integration leaves behind; no public endpoint does it."""
    action_id = tenant.bind_foreign_action(name)
    content = tenant.control("GET", "/state?secrets=true")["content"]
    content["actions"][action_id]["installed_integration_id"] = "integration-1"
    tenant.control("PUT", "/state", {"content": content})


@pytest.mark.generation("legacy")
def test_a_legacy_tenant_is_looked_at_as_one(doctor: Doctor) -> None:
    """Its Marketplace Action, its Twilio account, and no question that it would refuse."""
    bind_marketplace_action(doctor.tenant, name="NTT CPaaS")
    guardian = "/guardian/factors/sms"
    doctor.tenant.api("PUT", f"{guardian}/selected-provider", {"provider": "twilio"})
    twilio = {"sid": CARRIER_SID, "auth_token": "canary-token", "from": "+819012345678"}
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


def test_the_key_is_tried_when_asked_for_and_nothing_is_sent(
    doctor: Doctor, package: PulumiProject
) -> None:
    running = doctor.tenant.running
    assert "--check-key tries it" in doctor.run("--all").output
    doctor.environment["PHONEMFA_CPAAS_API_KEY"] = running.credentials.cpaas_api_key
    assert list(doctor.troubles("--check-key")) == ["warning policy"]
    assert doctor.run("--check-key", "--all").output.count("accepted (400") == 2
    wrong = doctor.troubles("--key-stdin", stdin="canary-wrong\n")
    assert len(wrong["fault cpaas key"]) == 2
    assert "canary" not in str(wrong)

    # The stack's own key, through the engine; the account has revoked it.
    with cpaas_of(doctor.tenant) as cpaas:
        cpaas.request("DELETE", "/_sandbox/keys", json={"key": KEY}).raise_for_status()
    del doctor.environment["PHONEMFA_CPAAS_API_KEY"]
    doctor.environment |= {name: package.environment[name] for name in ENGINE}
    arguments = ["doctor", "--stack", package.stack, "--project", str(package.folder)]
    result = CliRunner().invoke(app, [*arguments, "--check-key"], env=doctor.environment)
    assert result.exit_code == 1
    assert "refused (401)" in result.output
    assert "canary" not in result.output
    assert running.parts.inbox.messages() == []


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


def test_a_token_of_ones_own_goes_before_the_application_as_it_does_in_pulumi(
    doctor: Doctor,
) -> None:
    doctor.environment |= {
        "AUTH0_API_TOKEN": doctor.tenant.token,
        "AUTH0_CLIENT_ID": "",
        "AUTH0_CLIENT_SECRET": "",
    }
    doctor.tenant.forget_requests()
    assert list(doctor.troubles()) == ["warning policy"]
    assert all(one["path"] != "/oauth/token" for one in doctor.tenant.logged())
    doctor.domain = doctor.tenant.domain
    doctor.environment["AUTH0_DOMAIN"] = "localhost:1"
    assert "localhost:1" in doctor.troubles()["unknown token"][0], "two tenants are told"
    doctor.environment["AUTH0_DOMAIN"] = ""
    assert list(doctor.troubles()) == ["warning policy"]
    doctor.environment["AUTH0_API_TOKEN"] = "e30.canary.e30"
    doctor.tenant.forget_requests()
    assert "token has ended" in doctor.troubles()["unknown token"][0]
    assert len(doctor.tenant.logged()) == 1, "no question more with a token that is none"
    refused = doctor.run()
    assert refused.exit_code == 2
    assert "canary" not in refused.output


def test_without_a_token_the_rest_is_still_looked_at(doctor: Doctor) -> None:
    doctor.environment["AUTH0_CLIENT_SECRET"] = "canary-wrong"
    refused = doctor.run("--all")
    assert refused.exit_code == 2
    assert "refused a token" in refused.output
    assert "answers over TLS, and rejects requests without a key" in " ".join(
        refused.output.split()
    )
    assert "canary" not in refused.output
    doctor.environment["AUTH0_DOMAIN"] = "localhost:1"
    assert "No answer from https://localhost:1" in doctor.troubles()["unknown token"][0]
    doctor.environment |= {"AUTH0_CLIENT_ID": "", "AUTH0_CLIENT_SECRET": ""}
    (missing,) = doctor.troubles()["unknown token"]
    assert "AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET" in missing


def test_bad_config_and_unknown_stacks_are_exit_status_two(doctor: Doctor) -> None:
    bad = doctor.run(cpaasBaseHost="https://x")
    assert (bad.exit_code, "cpaasBaseHost" in bad.output) == (2, True)
    arguments = ["doctor", "--stack", "nope", "--project", str(doctor.folder)]
    unknown = CliRunner().invoke(app, arguments)
    assert unknown.exit_code == 2
    assert "Stacks with a file: dev" in unknown.output
    doctor.environment["PHONEMFA_CPAAS_ADDRESS"] = "https://localhost"
    assert doctor.run().exit_code == 2
