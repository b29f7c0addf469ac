"""What the auth0 plugin answers beside the recorded lives: a function, and strangers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.engine.plugin import Plugin
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = pytest.mark.end_to_end
PROGRAMS = Path(__file__).parent / "programs"


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


def test_a_stranger_is_told_so(project: Callable[..., PulumiProject], plugin: Plugin) -> None:
    if plugin.official:
        pytest.skip("the official plugin knows every type")
    refused = project(PROGRAMS / "unknown").up(expect=None)
    assert refused.exit != 0
    assert "auth0:index/role:Role is not in the stand-in plugin" in refused.text
