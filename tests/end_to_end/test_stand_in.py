"""What the auth0 plugin answers beside the recorded lives: a function, imports, strangers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.plugin import Plugin
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

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


def test_the_function_tells_what_the_tenant_is(
    project: Callable[..., PulumiProject], tenant: Tenant
) -> None:
    stack = project(PROGRAMS / "functions")
    stack.up()
    settings = tenant.api("GET", "/tenants/settings")
    assert stack.outputs() == {
        "domain": tenant.domain,
        "audience": f"https://{tenant.domain}/api/v2/",
        "unified": True,
        "flags": settings["flags"]["mfa_show_factor_list_on_enrollment"],
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


def test_a_stranger_is_told_so(project: Callable[..., PulumiProject], plugin: Plugin) -> None:
    if plugin.official:
        pytest.skip("the official plugin knows every type")
    refused = project(PROGRAMS / "unknown").up(expect=None)
    assert refused.exit != 0
    assert "auth0:index/role:Role is not in the stand-in plugin" in refused.text
