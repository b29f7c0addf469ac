"""What the auth0 plugin answers beside the recorded lives: functions, imports, strangers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.plugin import Plugin
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed
from tests.end_to_end.test_drift_of_secrets import SEAL, SECRET, opened
from tests.end_to_end.test_traces import CONFIG, NOT_IN_THE_PLAN, TEXT

pytestmark = pytest.mark.end_to_end
PROGRAMS = Path(__file__).parent / "programs"
SWITCHES = "PHONEMFA_STAND_IN"


@pytest.fixture
def made_by_hand(tenant: Tenant) -> dict[str, Any]:
    """An Action, a provider and a template that no stack made."""
    body = {
        "name": "made-by-hand",
        "supported_triggers": [{"id": "custom-phone-provider", "version": "v1"}],
        "code": "exports.h = async () => {};",
        "runtime": "node22",
    }
    action = tenant.api("POST", "/actions/actions", body)
    tenant.api("POST", f"/actions/actions/{action['id']}/deploy")
    provider = {
        "name": "custom",
        "credentials": {},
        "configuration": {"delivery_methods": ["text"]},
        "disabled": False,
    }
    content = {
        "from": "+815012345678",
        "body": {"text": "{{ code }} is your code", "voice": "{{ code }}"},
    }
    template = {"type": "otp_verify", "disabled": False, "content": content}
    return {
        "action": action["id"],
        "provider": tenant.api("POST", "/branding/phone/providers", provider)["id"],
        "template": tenant.api("POST", "/branding/phone/templates", template)["id"],
    }


def test_the_functions_tell_what_is_in_the_tenant(
    project: Callable[..., PulumiProject], tenant: Tenant, made_by_hand: dict[str, Any]
) -> None:
    stack = project(PROGRAMS / "functions")
    stack.configure(provider=made_by_hand["provider"])
    stack.up()
    settings = tenant.api("GET", "/tenants/settings")
    assert stack.outputs() == {
        "domain": tenant.domain,
        "audience": f"https://{tenant.domain}/api/v2/",
        "unified": True,
        "flags": settings["flags"]["mfa_show_factor_list_on_enrollment"],
        "actionId": made_by_hand["action"],
        "trigger": "custom-phone-provider",
        "methods": ["text"],
        "providerName": "custom",
    }


@pytest.mark.thorough
def test_an_import_takes_over_what_is_there_without_a_change(
    project: Callable[..., PulumiProject], tenant: Tenant, made_by_hand: dict[str, Any]
) -> None:
    stack = project(PROGRAMS / "unified")
    for token, name in (
        ("auth0:index/phoneProvider:PhoneProvider", "provider"),
        ("auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate", "template"),
        ("auth0:index/action:Action", "action"),
    ):
        arguments = [token, "sender" if name == "action" else name, made_by_hand[name]]
        stack.run("import", *arguments, "--yes", "--protect=false", "--generate-code=false")
    before = tenant.control("GET", "/state")
    stack.run("refresh", "--preview-only", "--expect-no-changes")
    assert tenant.control("GET", "/state") == before


@pytest.mark.thorough  # found and repaired: test_drift.py
def test_what_is_gone_from_the_tenant_is_made_again(applied: PulumiProject, tenant: Tenant) -> None:
    for template in tenant.api("GET", "/branding/phone/templates")["templates"]:
        if template["type"] == "otp_verify":
            tenant.api("DELETE", f"/branding/phone/templates/{template['id']}")
    applied.run("refresh", "--preview-only", "--expect-no-changes", expect=7)
    applied.up("--refresh")
    assert changed(applied.preview_steps()) == []
    customised = {
        one["type"]
        for one in tenant.api("GET", "/branding/phone/templates")["templates"]
        if "id" in one
    }
    assert "otp_verify" in customised


@pytest.fixture
def recorded(project: Callable[..., PulumiProject]) -> PulumiProject:
    """The program of the recorded lives, whose settings are those of their first step."""
    stack = project(PROGRAMS / "unified")
    stack.configure(secrets={"key": "k-1"}, text=TEXT["unified"], **CONFIG)
    return stack


@pytest.mark.thorough  # without the engine: sandbox/plugin/test_client.py; off: `no-adaptive-mfa`
def test_what_the_plan_or_a_scope_refuses_may_be_a_warning(
    recorded: PulumiProject, tenant: Tenant
) -> None:
    recorded.environment[SWITCHES] = "adaptive-mfa-warns"
    recorded.configure(policy="confidence-score")
    scope = {"statusCode": 403, "message": "Insufficient scope", "errorCode": "insufficient_scope"}
    for method, path, body in (
        ("PUT", "/policies$", NOT_IN_THE_PLAN),
        ("GET", "/guardian/settings$", scope),
    ):
        fault = {"method": method, "path": path, "status": 403, "times": None, "body": body}
        tenant.control("POST", "/faults", fault)
    said = recorded.up().text
    assert (
        f"warning: the policy was not written: 403 Forbidden: {NOT_IN_THE_PLAN['message']}" in said
    )
    assert "warning: the MFA settings of the tenant could not be read: 403" in said
    assert tenant.api("GET", "/guardian/policies") == []


@pytest.mark.thorough  # without the engine: sandbox/plugin/test_provider.py; off: `failed-build`
def test_an_action_whose_build_failed_may_be_replaced_on_the_next_plan(
    recorded: PulumiProject, tenant: Tenant
) -> None:
    recorded.environment[SWITCHES] = "replace-failed-build"
    recorded.up()
    (first,) = tenant.api("GET", "/actions/actions")["actions"]
    tenant.control("PUT", "/builds", {"default": [{"status": "failed", "seconds": 0}]})
    recorded.configure(code="exports.h = async () => { /* does not build */ };")
    assert "failed to build" in recorded.up(expect=None).text
    tenant.control("PUT", "/builds", {"default": [{"status": "built", "seconds": 0}]})
    recorded.configure(code="exports.h = async () => { /* builds */ };")
    assert ("replace", "sender") in changed(recorded.preview_steps("--refresh"))
    # Nothing but a program that has no sender in service may do that: end_to_end/test_failed_build.
    recorded.run("destroy", "--yes")
    assert first["id"] not in [
        one["id"] for one in tenant.api("GET", "/actions/actions")["actions"]
    ]


def as_the_official_plugin_writes(resource: dict[str, Any]) -> None:
    """An Action's secrets are one; the bridge keeps notes of its own in the outputs."""
    if resource["type"].endswith(":Action"):
        for side in "inputs", "outputs":
            secrets = json.dumps(opened(resource[side]["secrets"]))
            resource[side]["secrets"] = {SEAL: SECRET, "plaintext": secrets}
        resource["outputs"] |= {"dependencies": [], "modules": [], "secretsWos": []}
    resource["outputs"] |= {"__meta": "{}", "__pulumi_raw_state_delta": {"obj": {}}}


def as_the_stand_in_of_july_wrote(resource: dict[str, Any]) -> None:
    """Each value of an Action's secrets is a secret, and there is no note of defaults."""
    if resource["type"].endswith(":Action"):
        for side in "inputs", "outputs":
            resource[side]["secrets"] = [
                {
                    "name": one["name"],
                    "value": {SEAL: SECRET, "plaintext": json.dumps(one["value"])},
                }
                for one in opened(resource[side]["secrets"])
            ]


@pytest.mark.thorough  # without the engine: sandbox/plugin/test_provider.py
@pytest.mark.parametrize("other", [as_the_official_plugin_writes, as_the_stand_in_of_july_wrote])
def test_a_state_that_another_plugin_wrote_is_continued(
    applied: PulumiProject, tenant: Tenant, other: Callable[[dict[str, Any]], None]
) -> None:
    whole = json.loads(applied.run("stack", "export", "--show-secrets").out)
    ours = copy.deepcopy(whole)
    for one in whole["deployment"]["resources"]:
        if one["type"].startswith("auth0:"):
            other(one)
    assert whole != ours
    applied.run("stack", "import", stdin=json.dumps(whole))
    assert changed(applied.preview_steps()) == []
    applied.run("refresh", "--preview-only", "--expect-no-changes")
    tenant.forget_requests()
    applied.up()
    assert tenant.requests() == []
    applied.configure(smsSender="0005299999")
    applied.up()
    assert changed(applied.preview_steps()) == []
    applied.run("destroy", "--yes")
    assert tenant.api("GET", "/actions/actions")["actions"] == []


def test_a_stranger_is_told_so(project: Callable[..., PulumiProject], plugin: Plugin) -> None:
    if plugin.official:
        pytest.skip("the official plugin knows every type")
    refused = project(PROGRAMS / "unknown").up(expect=None)
    assert refused.exit != 0
    assert "auth0:index/role:Role is not in the stand-in plugin" in refused.text
