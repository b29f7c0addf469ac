"""The hook writes what a failed run may have left unwritten; a difference is the provider's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.half_done import HalfDone
from components.management import TenantCallError
from sandbox.server import RunningSandbox
from sandbox.tenant import Tenant
from tests.components.conftest import access_of

ACTION = {
    "name": "sender",
    "code": "exports.onExecuteCustomPhoneProvider = async () => {};",
    "runtime": "node22",
    "secrets": [{"name": "CPAAS_API_KEY", "value": "key"}],
}
OURS = {**ACTION, "deploy": True}
"""As the program has it: `deploy` is an order to the provider, and no part of an Action."""
TRIGGER = {"id": "custom-phone-provider", "version": "v1"}
PROVIDER = {
    "name": "custom",
    "disabled": False,
    "configuration": {"deliveryMethods": ["text", "voice"]},
}
TEXTS = {"text": "{{ code }} before", "voice": "{{ code }}"}


def finish(
    running: RunningSandbox,
    kind: str,
    wanted: dict[str, Any],
    *,
    id_: str = "id",
    recorded: dict[str, Any] | None = None,
) -> None:
    """What the engine calls before an update of a resource that its state calls unfinished."""
    args = pulumi.ResourceHookArgs(
        urn="urn",
        id=id_,
        name=kind,
        type=f"auth0:index/{kind[0].lower()}{kind[1:]}:{kind}",
        new_inputs=wanted,
        old_outputs=wanted | {"versionId": "v"} if recorded is None else recorded,
    )
    asyncio.get_event_loop().run_until_complete(HalfDone(access_of(running))._finish(args))


def test_an_action_is_written_and_deployed(running: RunningSandbox, tenant: Tenant) -> None:
    made = tenant.create_action({**ACTION, "code": "// before", "supported_triggers": [TRIGGER]})
    finish(running, "Action", {**OURS, "supportedTriggers": TRIGGER}, id_=made["id"])
    action = tenant.actions.get(made["id"])
    assert action["code"] == ACTION["code"]
    assert action["all_changes_deployed"]
    assert action["deployed_version"]["code"] == ACTION["code"]


def test_an_adopted_action_keeps_its_secrets_and_is_not_deployed(
    running: RunningSandbox, tenant: Tenant
) -> None:
    made = tenant.create_action(
        {**ACTION, "code": "// before", "runtime": "node18-actions", "deploy": True}
        | {"supported_triggers": [TRIGGER]}
    )
    wanted = {
        **{key: value for key, value in ACTION.items() if key != "secrets"},
        "runtime": "node18",
        "dependencies": [{"name": "axios", "version": "1.0.0"}],
        "supportedTriggers": TRIGGER,
    }
    finish(running, "Action", wanted, id_=made["id"])
    action = tenant.actions.get(made["id"])
    assert (action["code"], action["runtime"]) == (ACTION["code"], "node18-actions")
    assert [one["name"] for one in action["dependencies"]] == ["axios"]
    assert [one["name"] for one in action["secrets"]] == ["CPAAS_API_KEY"]
    assert action["deployed_version"]["code"] == "// before"


@pytest.mark.parametrize(
    "recorded",
    [
        {},
        {**ACTION, "code": "// before"},
        {**ACTION, "secrets": []},
        {**ACTION, "secrets": [{"name": "CPAAS_API_KEY", "value": "another"}]},
        {**ACTION, "secrets": None},
    ],
)
def test_what_differs_from_the_record_is_left_to_the_provider(
    running: RunningSandbox, tenant: Tenant, recorded: dict[str, Any]
) -> None:
    made = tenant.create_action({**ACTION, "code": "// before", "supported_triggers": [TRIGGER]})
    wanted = {**ACTION, "supportedTriggers": TRIGGER}
    finish(running, "Action", wanted, id_=made["id"], recorded=recorded)
    assert tenant.actions.get(made["id"])["code"] == "// before"


def test_the_official_plugins_way_to_note_inputs_is_understood(
    running: RunningSandbox, tenant: Tenant
) -> None:
    noted: dict[str, Any] = {"__defaults": []}
    made = tenant.create_action({**ACTION, "code": "// before", "supported_triggers": [TRIGGER]})
    secrets = [{**noted, "name": "CPAAS_API_KEY", "value": "key"}]
    wanted = {**noted, **ACTION, "secrets": secrets, "supportedTriggers": {**noted, **TRIGGER}}
    wanted |= {"deploy": True}
    recorded = {**ACTION, "supportedTriggers": TRIGGER, "deploy": True, "__meta": "{}"}
    finish(running, "Action", wanted, id_=made["id"], recorded=recorded)
    assert tenant.actions.get(made["id"])["deployed_version"]["code"] == ACTION["code"]

    first = {"name": "custom", "credentials": {}, "disabled": True}
    provider = tenant.providers.create({**first, "configuration": {"delivery_methods": ["text"]}})
    methods = {**noted, "deliveryMethods": ["text", "voice"]}
    wanted = {**noted, **PROVIDER, "configuration": methods, "credentials": noted}
    configuration = {"deliveryMethods": ["voice", "text"], "sid": ""}
    recorded = {"name": "custom", "configuration": configuration, "credentials": {"authToken": ""}}
    finish(running, "PhoneProvider", wanted, id_=provider["id"], recorded=recorded)
    assert tenant.providers.get(provider["id"])["disabled"] is False


def test_a_provider_is_written_as_it_is_wanted(running: RunningSandbox, tenant: Tenant) -> None:
    tenant.create_action({**ACTION, "supported_triggers": [TRIGGER], "deploy": True})
    made = tenant.providers.create(
        {
            "name": "custom",
            "credentials": {},
            "disabled": True,
            "configuration": {"delivery_methods": ["text"]},
        }
    )
    finish(running, "PhoneProvider", PROVIDER, id_=made["id"])
    provider = tenant.providers.get(made["id"])
    assert not provider["disabled"]
    assert provider["configuration"]["delivery_methods"] == ["text", "voice"]


def test_an_adopted_providers_account_stays(running: RunningSandbox, tenant: Tenant) -> None:
    account = {"sid": "AC1", "default_from": "+815012345678"}
    made = tenant.providers.create(
        {
            "name": "twilio",
            "credentials": {"auth_token": "token"},
            "disabled": True,
            "configuration": {"delivery_methods": ["text"], **account},
        }
    )
    configuration = {"deliveryMethods": ["text"], "sid": "AC1", "defaultFrom": "+815012345678"}
    wanted = {"name": "twilio", "disabled": False, "configuration": configuration}
    finish(running, "PhoneProvider", wanted, id_=made["id"])
    provider = tenant.providers.get(made["id"])
    assert not provider["disabled"]
    assert provider["configuration"] == {**account, "delivery_methods": ["text"]}


def test_a_template_is_written_as_it_is_wanted(running: RunningSandbox, tenant: Tenant) -> None:
    made = tenant.templates.create(
        {"type": "otp_verify", "disabled": True, "content": {"body": dict(TEXTS)}}
    )
    texts = TEXTS | {"text": "{{ code }} after"}
    wanted = {"disabled": False, "content": {"body": texts}}
    finish(running, "PhoneNotificationTemplate", wanted, id_=made["id"])
    template = tenant.templates.get(made["id"])
    assert (template["disabled"], template["content"]["body"]) == (False, texts)


@pytest.mark.parametrize("actions", [True, None])
def test_a_tenants_switches_are_written_as_they_are_wanted(
    running: RunningSandbox, tenant: Tenant, actions: bool | None
) -> None:
    tenant.reset("legacy")
    wanted: dict[str, Any] = {"phoneConsolidatedExperience": False}
    if actions is not None:
        wanted["customizeMfaInPostloginAction"] = actions
    finish(running, "Tenant", wanted)
    settings = tenant.settings()
    assert settings["phone_consolidated_experience"] is False
    assert bool(settings.get("customize_mfa_in_postlogin_action")) is bool(actions)


def test_a_build_that_is_under_way_is_waited_for(
    running: RunningSandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tenant.create_action({**ACTION, "supported_triggers": [TRIGGER]})
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("components.half_done.asyncio", SimpleNamespace(sleep=wait))
    phases = [{"status": "building", "seconds": 0.2}, {"status": "built", "seconds": 0}]
    tenant.context.builds.scripted.append(phases)
    finish(running, "Action", {**OURS, "supportedTriggers": TRIGGER}, id_=made["id"])
    assert waited
    assert tenant.actions.get(made["id"])["all_changes_deployed"]


def test_code_that_cannot_be_built_is_told(running: RunningSandbox, tenant: Tenant) -> None:
    made = tenant.create_action({**ACTION, "supported_triggers": [TRIGGER]})
    tenant.context.builds.scripted.append([{"status": "failed", "seconds": 0}])
    wanted = {**OURS, "supportedTriggers": TRIGGER}
    with pytest.raises(TenantCallError, match="could not be built"):
        finish(running, "Action", wanted, id_=made["id"])
