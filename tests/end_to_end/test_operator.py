"""smoke, break-glass, rollback and rotate in the hands of an operator, on a live (sandbox) tenant.

What the four say is looked at as well: no key, client secret or whole phone number, ever.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from tests.contract import PROJECT
from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.test_legacy import codes_sent

pytestmark = pytest.mark.end_to_end

PHONE = "+819012345678"
NEW_KEY = "canary-new-cpaas-key"
OTHER_KEY = "canary-other-cpaas-key"


@dataclass
class Operator:
    """Runs commands as somebody with the stack's environment, and reads every word of theirs."""

    tenant: Tenant
    folder: Path
    stack: str
    environment: dict[str, str]

    def run(self, *arguments: str, stdin: str = "", expect: int = 0) -> Result:
        """One command; its exit status must be `expect`, and its output may show no secret."""
        command, *options = arguments
        where = ["--stack", self.stack, "--project", str(self.folder)]
        result = CliRunner().invoke(
            app, [command, *where, *options], env=self.environment | {"COLUMNS": "200"}, input=stdin
        )
        text = result.stdout + result.stderr
        assert result.exit_code == expect, text or result.exception
        credentials = self.tenant.running.credentials
        hidden = [PHONE, PHONE[1:], NEW_KEY, OTHER_KEY, credentials.cpaas_api_key]
        for secret in [*hidden, self.tenant.client_secret, self.tenant.token]:
            assert secret not in text
        return result

    def json(self, *arguments: str, stdin: str = "", expect: int = 0) -> Any:
        """The same with --json, decoded: standard output has nothing else."""
        return json.loads(self.run(*arguments, "--json", stdin=stdin, expect=expect).stdout)


def operator_of(tenant: Tenant, stack: PulumiProject) -> Operator:
    address = tenant.running.cpaas_url.removeprefix("https://")
    environment = stack.environment | {"PHONEMFA_CPAAS_ADDRESS": address}
    return Operator(tenant, stack.folder, stack.stack, environment)


@contextmanager
def cpaas_of(tenant: Tenant) -> Iterator[httpx.Client]:
    """The control routes of the CPaaS."""
    trust = ssl.create_default_context(cafile=tenant.ca_file)
    with httpx.Client(base_url=tenant.running.cpaas_url, verify=trust) as http:
        yield http


def writes(tenant: Tenant) -> list[str]:
    return [
        f"{one['method']} {one['path']}"
        for one in tenant.logged()
        if one["method"] != "GET" and "/api/v2/" in one["path"]
    ]


def apply(package: PulumiProject, tenant: Tenant) -> None:
    """The package on its tenant, with the CPaaS's key and a number for tests."""
    key = tenant.running.credentials.cpaas_api_key
    package.configure(secrets={"cpaasApiKey": key}, testNumbers=[PHONE])
    package.up()


def test_a_key_is_rotated_while_every_login_gets_its_code(
    package: PulumiProject, tenant: Tenant
) -> None:
    apply(package, tenant)
    operator, old = operator_of(tenant, package), tenant.running.credentials.cpaas_api_key
    stack_file = package.folder / f"Pulumi.{package.stack}.yaml"
    before = stack_file.read_bytes()

    tenant.forget_requests()
    unknown = operator.run("rotate", "--yes", stdin=NEW_KEY, expect=2)
    assert "does not know it (401)" in unknown.stderr
    assert (stack_file.read_bytes(), writes(tenant)) == (before, [])

    with cpaas_of(tenant) as cpaas:
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()
        with codes_sent(tenant):
            done = operator.json("rotate", "--yes", stdin=f"{NEW_KEY}\n")
            assert done["old_key_may_be_revoked"] is True
            assert done["key_checked"] == "accepted"
            cpaas.request("DELETE", "/_sandbox/keys", json={"key": old}).raise_for_status()
            with codes_sent(tenant, count=5, method="voice"):
                pass
        rotated = stack_file.read_bytes()
        assert rotated != before

        # A key that the CPaaS takes and that sends nothing: the one before comes back. (Another
        # rotation begins only where the first left nothing for Pulumi to do.)
        cpaas.post("/_sandbox/keys", json={"key": OTHER_KEY}).raise_for_status()
        # First the check of the key, two requests a channel; then the test messages.
        answers = [*[{}] * 4, *[{"refusal": "REJECTED_NOT_ENOUGH_CREDITS"}] * 2]
        cpaas.post("/_sandbox/answers", json={"answers": answers}).raise_for_status()
        failed = operator.run("rotate", "--yes", stdin=OTHER_KEY, expect=1)
        assert "NOT_ENOUGH_CREDITS" in failed.stderr
        assert "Do not revoke it" in failed.stderr
        assert stack_file.read_bytes() == rotated
        cpaas.request("DELETE", "/_sandbox/keys", json={"key": OTHER_KEY}).raise_for_status()
    with codes_sent(tenant, count=3):
        pass
    assert tenant.unknown_routes() == 0


def test_an_incident_ends_in_the_tenant_and_in_the_repository(
    package: PulumiProject, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git = repository(package.folder)
    monkeypatch.setattr("components.action_code.SOURCE_DIR", package.folder / "actions" / "src")
    apply(package, tenant)
    operator, good = operator_of(tenant, package), git("rev-parse", "HEAD")
    part = package.folder / "actions" / "src" / "outcome.js"
    part.write_text("// a change that breaks it\n" + part.read_text("utf-8"), "utf-8")
    git("commit", "-qam", "A change that breaks it")
    package.up()

    break_the_glass(operator, tmp_path / "records" / "audit.jsonl")
    take_back(operator, good)

    # Pulumi sees the code; the policy it leaves, until it looks.
    package.up()
    assert tenant.api("GET", "/guardian/policies") == []
    foreseen = json.loads(package.run("preview", "--refresh", "--json").out)["steps"]
    assert {name for op, name in changed(foreseen) if op == "update"} == {
        "phone-mfa-sender-action",
        "phone-mfa-factor-guardian",
    }
    git("checkout", "-q", good, "--", "actions/src")
    listed = operator.json("rollback", "--list")["versions"]
    assert (listed[0]["number"], listed[0]["as_in_repository"]) == (3, True)
    package.up("--refresh")
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    assert running_version(tenant)["number"] == 3, "the repository's code was deployed once more"


def take_back(operator: Operator, good: str) -> None:
    """The version before the bad one, and the commit that it comes from."""
    listed = operator.json("rollback", "--list")["versions"]
    assert [(one["number"], one["running"], one["as_in_repository"]) for one in listed] == [
        (2, True, True),
        (1, False, False),
    ]
    assert "--yes" in operator.run("rollback", expect=2).stderr
    code = operator.folder / "version-1.js"
    done = operator.json("rollback", "--yes", "--write-code", str(code))
    assert (done["rolled_back"]["to"], done["commit"]) == (1, good)
    running = running_version(operator.tenant)
    assert running["code"] == code.read_text("utf-8")
    assert "a change that breaks it" not in running["code"]
    code.unlink()
    with codes_sent(operator.tenant, count=1):
        pass


def running_version(tenant: Tenant) -> dict[str, Any]:
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    version: dict[str, Any] = action["deployed_version"]
    return version


def repository(folder: Path) -> Callable[..., str]:
    """A git repository of the project's folder, with code of its own to change."""
    for name in ("actions", "components"):
        (folder / name).unlink()  # a link to this repository's own
        shutil.copytree(PROJECT / name, folder / name)

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        ran = subprocess.run(
            ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "As applied")
    return git


def break_the_glass(operator: Operator, audit: Path) -> None:
    """As it is called when the checkout, Pulumi and the stack are broken; twice."""
    tenant = operator.tenant
    arguments = ["--reason", "INC-1: no codes", "--audit-file", str(audit)]
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]
    bare = {
        name: value
        for name, value in operator.environment.items()
        if name.startswith("AUTH0_") or name == "SSL_CERT_FILE"
    }

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_PULUMI, *arguments, *more],
            cwd=PROJECT,
            env=bare,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    unasked = run()
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True), unasked.stderr
    assert tenant.api("GET", "/guardian/policies") == ["all-applications"]

    ran = run("--yes")
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout)
    assert (record["before"], record["after"]) == (["all-applications"], [])
    assert (record["outcome"], record["reason"]) == ("done", "INC-1: no codes")
    assert record["actor"]["user"]
    assert "pulumi up --refresh" in ran.stderr
    assert tenant.client_secret not in ran.stdout + ran.stderr + audit.read_text("utf-8")
    assert tenant.api("GET", "/guardian/policies") == []

    tenant.forget_requests()
    again = json.loads(run("--yes").stdout)
    assert (again["outcome"], writes(tenant)) == ("unchanged", [])
    kept = [json.loads(line)["outcome"] for line in audit.read_text("utf-8").splitlines()]
    assert kept == ["done", "unchanged"]
    assert audit.stat().st_mode & 0o777 == 0o600


WITHOUT_PULUMI = """
import runpy, sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pulumi", "pulumi_auth0", "components", "sandbox", "yaml"}:
            raise ImportError(name)
sys.meta_path.insert(0, Gone())
runpy.run_module("phonemfa.break_glass", run_name="__main__")
"""


# -- smoke, on tenants that no stack was applied to --------------------------------------------


@pytest.fixture
def operator(tenant: Tenant, tmp_path: Path) -> Operator:
    """An operator with a stack's file alone."""
    environment = {
        "AUTH0_DOMAIN": tenant.domain,
        "AUTH0_CLIENT_ID": tenant.client_id,
        "AUTH0_CLIENT_SECRET": tenant.client_secret,
        "SSL_CERT_FILE": str(tenant.ca_file),
    }
    made = Operator(tenant, tmp_path, "dev", environment)
    configure(made)
    return made


def configure(operator: Operator, **changes: Any) -> None:
    config = CONFIG | {"testNumbers": [PHONE], **changes}
    domain = {"auth0:domain": config.pop("domain")} if "domain" in config else {}
    content = {"config": domain | {f"phonemfa:{key}": value for key, value in config.items()}}
    path = operator.folder / f"Pulumi.{operator.stack}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def deploy(tenant: Tenant, code: str, *, legacy: bool = False) -> str:
    """An Action with this code, deployed, and what a login of that generation needs beside it."""
    trigger = "send-phone-message" if legacy else "custom-phone-provider"
    name = "ntt-cpaas-phone-legacy" if legacy else "ntt-cpaas-phone"
    body = {
        "name": name,
        "supported_triggers": [{"id": trigger, "version": "v2" if legacy else "v1"}],
        "code": code,
        "runtime": "node22",
    }
    action_id: str = tenant.api("POST", "/actions/actions", body)["id"]
    tenant.api("POST", f"/actions/actions/{action_id}/deploy")
    if legacy:
        binding = {"ref": {"type": "action_id", "value": action_id}, "display_name": name}
        tenant.api("PATCH", f"/actions/triggers/{trigger}/bindings", {"bindings": [binding]})
        hook = {"provider": "phone-message-hook"}
        tenant.api("PUT", "/guardian/factors/phone/selected-provider", hook)
    else:
        provider = {
            "name": "custom",
            "credentials": {},
            "configuration": {"delivery_methods": ["text", "voice"]},
        }
        tenant.api("POST", "/branding/phone/providers", provider)
    return action_id


def unified(body: str) -> str:
    return f"exports.onExecuteCustomPhoneProvider = async (event, api) => {{ {body} }};"


def verdicts(answer: Any) -> dict[str, str]:
    return {one["method"]: one["verdict"] for one in answer["sends"]}


def test_a_sent_message_is_found_in_the_log_and_an_earlier_one_is_not_taken_for_it(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    deploy(tenant, unified(""))
    tenant.api("PUT", "/guardian/factors/sms", {"enabled": True})
    answer = operator.json("smoke", "--yes")
    assert (answer["verdict"], verdicts(answer)) == ("sent", {"text": "sent", "voice": "sent"})
    assert [one["evidence"]["event"] for one in answer["sends"]] == [
        "gd_send_sms",
        "gd_send_voice",
    ]
    assert answer["to"] == "+8190****5678"

    # Now the tenant logs no test message that was sent: a login of before is no evidence.
    service = tenant.running.parts.notifications
    service.assumptions = replace(service.assumptions, test_message_logs=False)
    tenant.api("PUT", "/guardian/factors/phone/message-types", {"message_types": ["sms", "voice"]})
    login = tenant.control("POST", "/challenge", {"to": PHONE, "delivery_method": "text"})
    assert login["outcome"] == "success"
    silent = operator.json("smoke", "--yes", "--wait", "1", expect=2)
    assert verdicts(silent) == {"text": "unknown", "voice": "unknown"}


def test_a_failure_is_told_with_the_actions_own_reason_and_no_number(operator: Operator) -> None:
    drop = "api.notification.drop(`cannot reach ${event.notification.recipient}: no credit`)"
    deploy(operator.tenant, unified(f"if (event.notification.delivery_method === 'voice') {drop}"))
    answer = operator.json("smoke", "--yes", expect=1)
    assert verdicts(answer) == {"text": "sent", "voice": "failed"}
    assert answer["sends"][1]["why"] == "cannot reach ****: no credit"
    assert "no credit" in operator.run("smoke", "--yes", expect=1).stdout


def test_a_tenant_that_could_not_send_is_told_without_a_try(operator: Operator) -> None:
    nothing = operator.json("smoke", "--yes", expect=1)
    assert "no phone provider" in nothing["sends"][0]["why"]
    deploy(operator.tenant, unified(""))
    operator.tenant.control("POST", "/faults", {"path": "/try$", "status": 409, "times": 1})
    assert "refused to send (409)" in operator.json("smoke", "--yes", expect=1)["sends"][0]["why"]


def test_nothing_is_sent_to_a_number_that_the_stack_does_not_list_or_unasked(
    operator: Operator,
) -> None:
    deploy(operator.tenant, unified(""))
    operator.tenant.forget_requests()
    stranger = operator.run("smoke", "--to", "+819087654321", "--yes", expect=2)
    assert "+8190****4321 is not in phonemfa:testNumbers" in stranger.stderr
    assert "+819087654321" not in stranger.stderr
    assert "--yes" in operator.run("smoke", expect=2).stderr
    configure(operator, testNumbers=[])
    assert "has no phonemfa:testNumbers" in operator.run("smoke", "--yes", expect=2).stderr
    assert writes(operator.tenant) == []


def test_a_missing_scope_is_no_failure_of_the_message(operator: Operator) -> None:
    deploy(operator.tenant, unified(""))
    scopes = ["read:actions", "read:phone_providers", "read:phone_templates"]
    client = operator.tenant.control(
        "POST", "/clients", {"scopes": [*scopes, "read:tenant_settings"]}
    )
    operator.environment |= {
        "AUTH0_CLIENT_ID": client["client_id"],
        "AUTH0_CLIENT_SECRET": client["client_secret"],
    }
    assert "read:logs" in operator.run("smoke", "--yes", expect=2).stderr


@pytest.mark.generation("legacy")
def test_a_legacy_tenant_runs_the_action_and_says_how_it_ended(operator: Operator) -> None:
    tenant = operator.tenant
    configure(operator, experience="legacy")
    throws = "if (event.message_options.message_type === 'voice') throw new Error('no credit');"
    code = f"exports.onExecuteSendPhoneMessage = async (event) => {{ {throws} }};"
    action_id = deploy(tenant, code, legacy=True)
    answer = operator.json("smoke", "--yes", expect=1)
    assert verdicts(answer) == {"text": "sent", "voice": "failed"}
    assert "no credit" in answer["sends"][1]["why"]

    # What the tenant can run is the draft: of one that is not deployed it proves nothing.
    tenant.api("PATCH", f"/actions/actions/{action_id}", {"code": f"{code}//"})
    tenant.forget_requests()
    answer = operator.json("smoke", "--yes", expect=2)
    assert (verdicts(answer)["text"], writes(tenant)) == ("unknown", [])
    tenant.api("PATCH", "/actions/triggers/send-phone-message/bindings", {"bindings": []})
    assert "not bound" in operator.json("smoke", "--yes", expect=1)["sends"][0]["why"]


# -- break-glass and rollback, on tenants that no stack was applied to --------------------------


def test_a_policy_that_cannot_be_read_is_switched_all_the_same_and_not_called_proved(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    tenant.api("PUT", "/guardian/policies", ["all-applications"])
    client = tenant.control("POST", "/clients", {"scopes": ["update:mfa_policies"]})
    operator.environment |= {
        "AUTH0_CLIENT_ID": client["client_id"],
        "AUTH0_CLIENT_SECRET": client["client_secret"],
    }
    configure(operator, domain=tenant.domain)
    unread = operator.run("break-glass", "--reason", "INC-1", "--yes", expect=1)
    record = json.loads(unread.stdout)
    assert (record["before"], record["after"], record["outcome"]) == (None, None, "failed")
    assert "cannot be read back" in unread.stderr
    assert "read:mfa_policies" in unread.stderr
    assert tenant.api("GET", "/guardian/policies") == []


def test_a_switch_that_the_tenant_refuses_is_no_success_and_still_on_record(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    tenant.api("PUT", "/guardian/policies", ["all-applications"])
    configure(operator, domain=tenant.domain)
    tenant.control("POST", "/faults", {"method": "PUT", "path": "/policies$", "status": 403})
    refused = operator.run("break-glass", "--reason", "INC-1", "--yes", expect=1)
    assert json.loads(refused.stdout)["outcome"] == "failed"
    assert "403" in refused.stderr
    # A 200 that changed nothing, as if something set it back at once: what is read counts.
    fault = {"method": "PUT", "path": "/policies$", "status": 200, "body": []}
    tenant.control("POST", "/faults", fault)
    undone = operator.run("break-glass", "--reason", "INC-1", "--yes", expect=1)
    assert "something sets the policy back" in undone.stderr
    assert operator.run("break-glass", "--reason", " ", "--yes", expect=2).stdout == ""


def test_code_goes_back_without_the_key_of_then_unless_that_is_asked_for(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    slow = [{"status": "building", "seconds": 0.3}, {"status": "built"}]
    good, bad = unified("/* good */"), unified("/* bad */")
    action_id = deploy(tenant, good)
    action = f"/actions/actions/{action_id}"
    for code, key in ((good, "first"), (bad, "second")):
        secrets = [{"name": "CPAAS_API_KEY", "value": f"canary-{key}"}]
        tenant.api("PATCH", action, {"code": code, "secrets": secrets})
        tenant.api("POST", f"{action}/deploy")
    tenant.control("PUT", "/builds", {"default": slow, "deploy_seconds": 0.3})

    undecided = operator.run("rollback", "--yes", expect=2)
    assert "CPAAS_API_KEY" in undecided.stderr
    assert "--secrets current" in undecided.stderr
    assert running_version(tenant)["number"] == 3

    done = operator.json("rollback", "--yes", "--secrets", "current")
    assert (done["rolled_back"]["to"], done["rolled_back"]["deployed_as"]) == (2, 4)
    assert running(tenant) == (good, "canary-second")

    done = operator.json("rollback", "--to", "2", "--yes", "--secrets", "version")
    assert running(tenant) == (good, "canary-first")
    assert done["rolled_back"]["deployed_as"] == 5

    # A secret that somebody wrote and nobody deployed is not brought in by the way.
    secrets = [{"name": "CPAAS_API_KEY", "value": "canary-third"}]
    tenant.api("PATCH", action, {"secrets": secrets})
    waiting = operator.run("rollback", "--to", "3", "--yes", "--secrets", "current", expect=1)
    assert "other secrets than what runs" in waiting.stderr
    assert running(tenant) == (good, "canary-first")


def running(tenant: Tenant) -> tuple[str, str]:
    """Code and key of the version that runs, as the sandbox has them inside."""
    inside = tenant.running.parts.tenant.deployed_action("custom-phone-provider")
    assert inside is not None
    return inside.code, inside.secrets["CPAAS_API_KEY"]
