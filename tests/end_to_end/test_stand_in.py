"""What the auth0 plugin answers beside the recorded lives: functions, imports, strangers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.plugin import Plugin
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end
PROGRAMS = Path(__file__).parent / "programs"


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


def test_a_secret_that_somebody_added_is_not_erased_unasked(
    applied: PulumiProject, tenant: Tenant
) -> None:
    (action,) = tenant.api("GET", "/actions/actions")["actions"]
    secrets = [{"name": "ADDED_BY_HAND", "value": "x"}]
    tenant.api("PATCH", f"/actions/actions/{action['id']}", {"secrets": secrets})
    applied.configure(voiceGender="male")
    refused = applied.up(expect=None)
    assert refused.exit != 0
    assert "ADDED_BY_HAND" in refused.text


def test_a_stranger_is_told_so(project: Callable[..., PulumiProject], plugin: Plugin) -> None:
    if plugin.official:
        pytest.skip("the official plugin knows every type")
    refused = project(PROGRAMS / "unknown").up(expect=None)
    assert refused.exit != 0
    assert "auth0:index/role:Role is not in the stand-in plugin" in refused.text
