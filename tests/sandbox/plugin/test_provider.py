"""What the stand-in makes of states that another plugin wrote, and its switches, both ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi.provider.experimental.provider as protocol
import pytest

from phonemfa.pulumi.preview import read_preview
from sandbox.plugin import STAND_IN
from sandbox.plugin.provider import StandInProvider
from sandbox.plugin.switches import REPLACE_FAILED_BUILD, TOLD, VARIABLE
from sandbox.plugin.values import Path, secret_paths, wire_map

ACTION = "urn:pulumi:t1::demo::auth0:index/action:Action::sender"
TENANT = "urn:pulumi:t1::demo::auth0:index/tenant:Tenant::tenant"
INPUTS: dict[str, Any] = {
    "code": "exports.h = async () => {};",
    "deploy": True,
    "name": "ntt-cpaas",
    "runtime": "node22",
    "secrets": [{"name": "K", "value": "1"}, {"name": "H", "value": "h"}],
    "supportedTriggers": {"id": "custom-phone-provider", "version": "v1"},
}
OFFICIAL: dict[str, Any] = {
    **INPUTS,
    "__meta": "{}",
    "__pulumi_raw_state_delta": {"obj": {}},
    "dependencies": [],
    "id": "a",
    "modules": [],
    "secretsWoVersion": None,
    "secretsWos": [],
    "versionId": "v",
}
WHOLE: Path = ("secrets",)
INSIDE: Path = ("secrets", 0, "value")


def checked(urn: str, inputs: dict[str, Any], *secret: Path) -> protocol.CheckResponse:
    request = protocol.CheckRequest(urn, {}, wire_map(inputs, secret), b"")
    return asyncio.run(StandInProvider().check(request))


def diffed(state: dict[str, Any], *secret: Path) -> protocol.DiffResponse:
    new = checked(ACTION, INPUTS, INSIDE).inputs or {}
    request = protocol.DiffRequest(ACTION, "a", wire_map(state, secret), new, [])
    return asyncio.run(StandInProvider().diff(request))


def test_the_secrets_of_an_action_are_one_secret_as_a_whole() -> None:
    assert secret_paths(checked(ACTION, INPUTS, INSIDE).inputs or {}) == {WHOLE}


@pytest.mark.parametrize("state", [INPUTS | {"versionId": "v"}, OFFICIAL])
@pytest.mark.parametrize("secret", [WHOLE, INSIDE])
def test_a_state_of_another_plugin_is_no_difference(state: dict[str, Any], secret: Path) -> None:
    assert not diffed(state, secret).changes


@pytest.mark.parametrize("thrown", [False, True])
def test_a_failed_build_is_replaced_where_the_switch_says_so(
    monkeypatch: pytest.MonkeyPatch, *, thrown: bool
) -> None:
    monkeypatch.setenv(VARIABLE, REPLACE_FAILED_BUILD if thrown else "")
    found = diffed(OFFICIAL | {"status": "failed"}, WHOLE)
    assert (found.replaces or []) == (["status"] if thrown else [])


@pytest.mark.parametrize(("said", "enforced"), [({}, True), ({"enforce": False}, False)])
def test_a_token_quota_is_enforced_unless_the_program_says_no(
    said: dict[str, Any], *, enforced: bool
) -> None:
    quota = {"clients": {"clientCredentials": {"perHour": 10, **said}}}
    inputs = checked(TENANT, {"defaultTokenQuota": quota}).inputs or {}
    clients = inputs["defaultTokenQuota"].value["clients"].value["clientCredentials"].value  # type: ignore[index,union-attr,call-overload]
    assert clients["enforce"].value is enforced  # type: ignore[index,union-attr,call-overload]


@pytest.mark.parametrize("told", [False, True])
def test_it_says_once_that_it_is_a_stand_in_unless_the_user_was_told(
    monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    if told:
        monkeypatch.setenv(TOLD, "1")
    warned: list[tuple[str, str]] = []

    async def warn(urn: str, text: str) -> None:
        warned.append((urn, text))

    tenant = {f"auth0:{name}": "x" for name in ("domain", "clientId", "clientSecret")}
    request = protocol.ConfigureRequest(tenant, {}, accept_secrets=True, accept_resources=True)
    asyncio.run(StandInProvider(warn).configure(request))
    assert warned == ([] if told else [("", STAND_IN)])


def test_a_report_knows_the_stand_in_by_what_it_says() -> None:
    step = {"op": "same", "urn": "urn:pulumi:dev::phonemfa::pulumi:pulumi:Stack::phonemfa-dev"}
    warnings = [STAND_IN, "another"]
    said = [{"severity": "warning", "message": f"warning: {one}"} for one in warnings]
    preview = read_preview({"steps": [step], "diagnostics": said})
    assert (preview.foreign_plugin, preview.warnings) == (True, ("another",))
