"""The hooks reach the tenant as the auth0 provider does: its config first, then its variables."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import config as runtime_config

from components.settings.stack_config import load
from components.tenant.stack_access import TenantAccess
from tests.components.declared import declare

STACK = {
    "phonemfa:experience": "unified",
    "phonemfa:deliveryMethods": '["text"]',
    "phonemfa:policy": "never",
    "phonemfa:cpaasBaseHost": "abc123.api.example.com",
    "phonemfa:smsSender": "0005212345",
    "phonemfa:cpaasApiKey": "key",
}
VARIABLES = {
    "AUTH0_DOMAIN": "https://variable.example.com/",
    "AUTH0_CLIENT_ID": "variable-id",
    "AUTH0_CLIENT_SECRET": "variable-secret",
    "AUTH0_API_TOKEN": "variable-token",
}
CONFIG = {
    "auth0:domain": "config.example.com",
    "auth0:clientId": "config-id",
    "auth0:clientSecret": "config-secret",
    "auth0:apiToken": "config-token",
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    runtime_config.set_all_config({}, [])


def access(config: dict[str, str]) -> tuple[TenantAccess, list[Any]]:
    """The access, and each of its two secrets as (value, whether it is secret), or None."""
    found: list[TenantAccess] = []
    secrets: list[Any] = []

    def program() -> pulumi.Output[Any]:
        runtime_config.set_all_config(STACK | config, ["phonemfa:cpaasApiKey"])
        tenant = load().tenant
        found.append(tenant)

        async def look() -> None:
            both = map(tenant.secrets.get, ("client_secret", "api_token"))
            secrets.extend([one and (await one.future(), await one.is_secret()) for one in both])

        looking: Any = asyncio.ensure_future(look())
        return pulumi.Output.from_input(looking)

    declare(program)
    return found[0], secrets


def test_variables_are_taken_where_the_config_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    found, secrets = access({})
    assert (found.access.domain, found.access.client_id) == ("variable.example.com", "variable-id")
    assert secrets == [("variable-secret", True), ("variable-token", True)]


def test_the_config_goes_before_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        if name != "AUTH0_DOMAIN":
            monkeypatch.setenv(name, value)
    found, secrets = access(CONFIG)
    assert (found.access.domain, found.access.client_id) == ("config.example.com", "config-id")
    assert secrets == [("config-secret", True), ("config-token", True)]


def test_two_tenants_stop_the_program_before_anything_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "variable.example.com")
    with pytest.raises(pulumi.RunError, match=r"config\.example\.com.*variable\.example\.com"):
        access(CONFIG)


def test_what_is_nowhere_is_empty_and_told_later_by_whoever_needs_it() -> None:
    found, secrets = access({})
    assert (found.access.domain, found.access.client_id) == ("", "")
    assert secrets == [None, None]


def warned_of(config: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `load` warns of."""
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)

    def program() -> None:
        runtime_config.set_all_config(config, ["phonemfa:cpaasApiKey"])
        load()

    declare(program)
    return told


def test_a_long_text_is_a_warning_of_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warned_of(STACK, monkeypatch) == []
    long = json.dumps({"otp_verify": {"text": "{{ code }} " + "認証コードです。" * 30}})
    (warning,) = warned_of(STACK | {"phonemfa:texts": long}, monkeypatch)
    assert "otp_verify" in warning


def test_a_tenant_as_it_was_found_needs_no_key_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    adopted = {key: value for key, value in STACK.items() if "cpaas" not in key}
    adopted.pop("phonemfa:smsSender")
    adopted["phonemfa:adopted"] = json.dumps({"phone": {"enabled": False}})
    assert len(warned_of(adopted, monkeypatch)) == 1


def test_sizes_count_the_code_and_the_autofill_line_of_the_stack() -> None:
    def sizes(config: dict[str, str]) -> dict[str, int]:
        found: dict[str, int] = {}

        def program() -> None:
            runtime_config.set_all_config(STACK | config, ["phonemfa:cpaasApiKey"])
            found.update({kind.value: one.units for kind, one in load().sms_sizes.items()})

        declare(program)
        return found

    plain = sizes({})
    longer = sizes({"phonemfa:oneTimeCode": '{"length": 10}'})
    line = sizes({"phonemfa:originBoundCode": "login.example.co.jp"})
    assert {longer[kind] - plain[kind] for kind in plain} == {4}
    assert {line[kind] - plain[kind] for kind in plain} == {len("\n@login.example.co.jp #123456")}
