"""A creation that failed names `phonemfa recover` exactly where the tenant has the object."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.guards.name_recover import NameRecover
from components.tenant import action, phone_template
from components.tenant.stack_access import TenantAccess
from sandbox.server.running import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

TRIGGER = {"id": "custom-phone-provider", "version": "v1"}
ACTION = (action.TOKEN, {"name": "sender", "supportedTriggers": TRIGGER})
TEMPLATE = (phone_template.TOKEN, {"type": "otp_verify"})
RECOVER = "python -m phonemfa recover --stack prod"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", found.append)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    return found


def failed(access: TenantAccess, of: tuple[str, dict[str, Any]], operation: str = "create") -> None:
    """What the engine calls after the provider failed."""
    token, inputs = of
    args = pulumi.ErrorHookArgs(
        urn="urn", id="", name="it", type=token, new_inputs=inputs, failed_operation=operation
    )
    again = asyncio.get_event_loop().run_until_complete(NameRecover(access)._failed(args))
    assert again is False, "a creation is not repeated"


def make(tenant: Tenant) -> None:
    tenant.versions.create({"name": "sender", "code": "// 1", "supported_triggers": [TRIGGER]})
    body = {"text": "{{ code }}", "voice": "{{ code }}"}
    tenant.templates.create({"type": "otp_verify", "content": {"body": body}})


@pytest.mark.parametrize("of", [ACTION, TEMPLATE])
def test_what_the_tenant_has_is_named_and_the_command(
    running: RunningSandbox, tenant: Tenant, said: list[str], of: tuple[str, dict[str, Any]]
) -> None:
    failed(access_of(running), of)
    assert said == [], "another refusal"
    make(tenant)
    failed(access_of(running), of, "update")
    assert said == []
    failed(access_of(running), of)
    (text,) = said
    assert text.startswith("it: the tenant has a")
    assert RECOVER in text


@pytest.mark.usefixtures("tenant")
def test_a_tenant_that_does_not_answer_may_have_it(
    running: RunningSandbox, said: list[str]
) -> None:
    failed(replace(access_of(running), secrets={}), ACTION)
    (text,) = said
    assert "is not known" in text
    assert RECOVER in text
