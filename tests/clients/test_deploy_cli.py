"""auth0-deploy-cli exports a sandbox tenant and brings an empty one to the same state."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.server import RunningSandbox, ServerConfig, start
from sandbox.tenant.tenant import Generation
from tests.clients.deploy_cli import EXECUTABLE, DeployCli, node_is_too_old

pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.skipif(node_is_too_old() is not None, reason=str(node_is_too_old())),
]

CODE = "exports.onExecuteCustomPhoneProvider = async (event, api) => {};\n"
LEGACY_CODE = "exports.onExecuteSendPhoneMessage = async (event, api) => {};\n"
LEGACY_TEXTS = {"enrollment_message": "{{code}} e", "verification_message": "{{code}} v"}
SNS = {"aws_region": "ap-northeast-1", "aws_access_key_id": "id"}


def sandbox_of(generation: Generation, folder: Path) -> RunningSandbox:
    return start(ServerConfig(state_dir=folder, tenant_port=0, cpaas_port=0, generation=generation))


@pytest.fixture
def unified(tmp_path: Path) -> Iterator[RunningSandbox]:
    with sandbox_of("unified", tmp_path / "state") as running:
        yield running


@pytest.fixture
def legacy(tmp_path: Path) -> Iterator[RunningSandbox]:
    with sandbox_of("legacy", tmp_path / "state") as running:
        yield running


def deploy(running: RunningSandbox, trigger: str, version: str, code: str) -> None:
    tenant = running.parts.tenant
    tenant.create_action(
        {
            "name": "sender",
            "supported_triggers": [{"id": trigger, "version": version}],
            "code": code,
            "runtime": "node22",
            "secrets": [{"name": "CPAAS_API_KEY", "value": "canary"}],
            "deploy": True,
        }
    )


def bind(running: RunningSandbox, trigger: str) -> None:
    ref = {"ref": {"type": "action_name", "value": "sender"}, "display_name": "sender"}
    running.parts.tenant.bindings.replace(trigger, [ref])


def fill_unified(running: RunningSandbox) -> None:
    tenant = running.parts.tenant
    deploy(running, "custom-phone-provider", "v1", CODE)
    bind(running, "custom-phone-provider")
    methods = {"delivery_methods": ["text", "voice"]}
    tenant.providers.create({"name": "custom", "credentials": {}, "configuration": methods})
    for kind in ("otp_verify", "otp_enroll"):
        texts = {"text": f"{kind} {{{{ code }}}}", "voice": "{{ code }}"}
        tenant.templates.create({"type": kind, "disabled": False, "content": {"body": texts}})
    fill_both(running)
    tenant.guardian.set_message_types(["sms", "voice"])


def fill_legacy(running: RunningSandbox) -> None:
    tenant = running.parts.tenant
    deploy(running, "send-phone-message", "v2", LEGACY_CODE)
    bind(running, "send-phone-message")
    fill_both(running)
    tenant.guardian.set_selected_provider("phone-message-hook")
    tenant.guardian.set_templates(LEGACY_TEXTS)
    tenant.guardian.set_message_types(["sms"])


def fill_both(running: RunningSandbox) -> None:
    tenant = running.parts.tenant
    tenant.guardian.set_factor("sms", enabled=True)
    tenant.guardian.set_factor("otp", enabled=True)
    tenant.guardian.set_policies(["all-applications"])
    tenant.factor_settings.replace("push-notification/providers/sns", SNS)
    tenant.update_settings({"friendly_name": "みらい銀行", "enabled_locales": ["ja", "en"]})


def control(running: RunningSandbox, method: str, path: str, body: Any = None) -> Any:
    trust = ssl.create_default_context(cafile=running.ca_file)
    with httpx.Client(base_url=running.tenant_url, verify=trust) as http:
        answer = http.request(method, f"/_sandbox{path}", json=body).raise_for_status()
    return answer.json() if answer.content else None


def give_secrets_values(folder: Path) -> None:
    """Exports name secrets without their values, as no API gives those away."""
    file = folder / "tenant.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    for action in document["actions"]:
        action["secrets"] = [{**one, "value": "new"} for one in action["secrets"]]
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def meaning(exported: dict[str, str]) -> dict[str, Any]:
    """What an export says, without what an import cannot keep.

    The tool customises every template that a tenant lists, also the defaults; those lose their
    empty `from`, which the API does not take (§5.2), and the list's order is that of creation.
    """
    document = yaml.safe_load(exported["tenant.yaml"])
    for template in document.get("phoneTemplates", []):
        if not template["content"].get("from"):
            template["content"].pop("from", None)
    document.get("phoneTemplates", []).sort(key=lambda one: one["type"])
    return {**exported, "tenant.yaml": document}


def refused(running: RunningSandbox) -> set[tuple[int, str]]:
    """What the tool asked for and did not get, since the last reset."""
    health = control(running, "GET", "/health")["counters"]
    assert (health["unknown_routes"], health["errors"]) == (0, 0)
    return {
        (one["status"], one["path"].removeprefix("/api/v2/guardian/factors/"))
        for one in control(running, "GET", "/requests")["requests"]
        if one["status"] >= 300
    }


FORBIDDEN_UNDER_UNIFIED = {
    (403, "sms/providers/twilio"),
    (403, "sms/templates"),
    (403, "phone/selected-provider"),
}
"""What the unified experience forbids to everybody (§6.6); the tool warns and goes on."""


def test_the_tool_is_installed() -> None:
    assert EXECUTABLE.exists(), "npm ci installs it: scripts/javascript"


def test_an_export_brings_an_empty_unified_tenant_to_the_same_state(
    unified: RunningSandbox, tmp_path: Path
) -> None:
    tool = DeployCli(unified)
    fill_unified(unified)
    exported = tool.export(tmp_path / "first")
    document = yaml.safe_load(exported["tenant.yaml"])
    assert document["tenant"]["phone_consolidated_experience"] is True
    assert document["guardianPhoneFactorMessageTypes"]["message_types"] == ["sms", "voice"]
    assert document["phoneProviders"][0]["name"] == "custom"
    assert CODE in exported.values()
    assert "canary" not in str(exported)
    assert refused(unified) == FORBIDDEN_UNDER_UNIFIED

    give_secrets_values(tmp_path / "first")
    control(unified, "POST", "/reset", {"generation": "unified"})
    tool.apply(tmp_path / "first")

    assert meaning(tool.export(tmp_path / "second")) == meaning(exported)
    assert unified.parts.tenant.deployed_action("custom-phone-provider") is not None
    assert refused(unified) == FORBIDDEN_UNDER_UNIFIED


def test_an_export_of_a_unified_tenant_is_no_change_to_it(
    unified: RunningSandbox, tmp_path: Path
) -> None:
    tool = DeployCli(unified)
    fill_unified(unified)
    exported = tool.export(tmp_path / "first")
    tool.apply(tmp_path / "first")
    assert meaning(tool.export(tmp_path / "second")) == meaning(exported)
    assert refused(unified) == FORBIDDEN_UNDER_UNIFIED


def test_an_export_brings_an_empty_legacy_tenant_to_the_same_state(
    legacy: RunningSandbox, tmp_path: Path
) -> None:
    tool = DeployCli(legacy)
    fill_legacy(legacy)
    exported = tool.export(tmp_path / "first")
    document = yaml.safe_load(exported["tenant.yaml"])
    assert document["guardianPhoneFactorSelectedProvider"] == {"provider": "phone-message-hook"}
    assert document["guardianFactorTemplates"] == [{"name": "sms", **LEGACY_TEXTS}]
    assert LEGACY_CODE in exported.values()

    give_secrets_values(tmp_path / "first")
    control(legacy, "POST", "/reset", {"generation": "legacy"})
    tool.apply(tmp_path / "first")

    assert meaning(tool.export(tmp_path / "second")) == meaning(exported)
    assert refused(legacy) == set()


def test_a_dry_run_tells_a_change_and_makes_none(legacy: RunningSandbox, tmp_path: Path) -> None:
    tool = DeployCli(legacy)
    fill_legacy(legacy)
    tool.export(tmp_path / "first")
    legacy.parts.tenant.guardian.set_policies([])
    control(legacy, "DELETE", "/requests")

    plan = tool.plan(tmp_path / "first")

    assert "GuardianPolicies" in plan, plan
    assert "UPDATE" in plan
    written = [
        one
        for one in control(legacy, "GET", "/requests")["requests"]
        if one["method"] != "GET" and one["path"] != "/oauth/token"
    ]
    assert written == []
    assert legacy.parts.tenant.policies() == []
    assert refused(legacy) == set()
