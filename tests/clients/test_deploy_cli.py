"""auth0-deploy-cli exports a sandbox tenant and brings an empty one to the same state."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.action_code import Trigger, assemble
from sandbox.server.running import RunningSandbox, start
from sandbox.tenant import Generation
from tests.clients.deploy_cli import EXECUTABLE, DeployCli, node_is_too_old
from tests.clients.tenants import assert_nothing_was_missing, control
from tests.sandbox.quick import quick
from tests.sandbox.sending import let_it_send

pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.skipif(node_is_too_old() is not None, reason=str(node_is_too_old())),
]

TRIGGERS: dict[Generation, Trigger] = {
    "unified": "custom-phone-provider",
    "legacy": "send-phone-message",
}
LEGACY_TEXTS = {"enrollment_message": "{{code}} e", "verification_message": "{{code}} v"}
SNS = {"aws_region": "ap-northeast-1", "aws_access_key_id": "id"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(quick(tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def tool(running: RunningSandbox) -> Iterator[DeployCli]:
    with DeployCli(running) as tool:
        yield tool


def fill(running: RunningSandbox) -> None:
    """A tenant that sends, with something of everything that the sandbox has."""
    tenant = running.parts.tenant
    let_it_send(tenant, {"CPAAS_API_KEY": "canary"})
    if tenant.generation == "legacy":
        tenant.guardian.set_templates(LEGACY_TEXTS)
    else:
        ref = {"ref": {"type": "action_name", "value": "phone"}, "display_name": "phone"}
        tenant.bindings.replace(TRIGGERS["unified"], [ref])
        for kind in ("otp_verify", "otp_enroll"):
            texts = {"text": f"{kind} {{{{ code }}}}", "voice": "{{ code }}"}
            tenant.templates.create({"type": kind, "disabled": False, "content": {"body": texts}})
    tenant.guardian.set_factor("otp", enabled=True)
    tenant.guardian.set_policies(["all-applications"])
    tenant.factor_settings.replace("push-notification/providers/sns", SNS)
    tenant.tenant_settings.patch({"friendly_name": "みらい銀行", "enabled_locales": ["ja", "en"]})


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
    assert_nothing_was_missing(running)
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


REFUSED: dict[str, set[tuple[int, str]]] = {"unified": FORBIDDEN_UNDER_UNIFIED, "legacy": set()}


def test_the_tool_is_installed() -> None:
    assert EXECUTABLE.exists(), "npm ci installs it: tools/node-packages"


def test_what_the_tool_exports_is_what_it_takes_for_the_same(
    running: RunningSandbox, tool: DeployCli, tmp_path: Path
) -> None:
    # One test: two on two workers would compile the tool's schemas twice.
    live_with_the_tool("unified", running, tool, tmp_path / "unified")
    live_with_the_tool("legacy", running, tool, tmp_path / "legacy")


def live_with_the_tool(
    generation: Generation, running: RunningSandbox, tool: DeployCli, tmp_path: Path
) -> None:
    control(running, "POST", "/reset", {"generation": generation})
    fill(running)

    exported = tool.export(tmp_path / "first")
    says_what_the_tenant_has(exported, generation)
    assert "canary" not in str(exported)

    tool.apply(tmp_path / "first")
    assert meaning(tool.export(tmp_path / "again")) == meaning(exported), "import of an export"

    tenant = running.parts.tenant
    tenant.guardian.set_policies([])
    before = len(writes(running))
    plan = tool.plan(tmp_path / "first")
    assert "GuardianPolicies" in plan, plan
    assert "UPDATE" in plan
    assert len(writes(running)) == before, "a dry run writes nothing"
    assert tenant.policies() == []
    assert refused(running) == REFUSED[generation]

    give_secrets_values(tmp_path / "first")
    control(running, "POST", "/reset", {"generation": generation})
    tool.apply(tmp_path / "first")
    assert meaning(tool.export(tmp_path / "second")) == meaning(exported), "into an empty tenant"
    assert refused(running) == REFUSED[generation]
    assert tenant.deployed_action(TRIGGERS[generation]) is not None


def says_what_the_tenant_has(exported: dict[str, str], generation: Generation) -> None:
    document = yaml.safe_load(exported["tenant.yaml"])
    assert assemble(TRIGGERS[generation]) in exported.values()
    if generation == "unified":
        assert document["tenant"]["phone_consolidated_experience"] is True
        assert document["guardianPhoneFactorMessageTypes"]["message_types"] == ["sms", "voice"]
        assert document["phoneProviders"][0]["name"] == "custom"
    else:
        selected = document["guardianPhoneFactorSelectedProvider"]
        assert selected == {"provider": "phone-message-hook"}
        assert document["guardianFactorTemplates"] == [{"name": "sms", **LEGACY_TEXTS}]


def writes(running: RunningSandbox) -> list[Any]:
    return [
        one
        for one in control(running, "GET", "/requests")["requests"]
        if one["method"] != "GET" and one["path"] != "/oauth/token"
    ]
