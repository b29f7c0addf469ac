"""smoke, break-glass and rollback on tenants that no stack was applied to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.operators import PHONE, Operator, running_version, writes

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def operator(tenant: Tenant, tmp_path: Path) -> Operator:
    """An operator with a stack's file alone."""
    environment = {
        "AUTH0_DOMAIN": tenant.domain,
        "AUTH0_CLIENT_ID": tenant.client_id,
        "AUTH0_CLIENT_SECRET": tenant.client_secret,
        "SSL_CERT_FILE": str(tenant.ca_file),
    }
    made = Operator(tenant, tmp_path, "dev", environment)
    configure(made)
    return made


def configure(operator: Operator, **changes: Any) -> None:
    config = CONFIG | {"testNumbers": [PHONE], **changes}
    domain = {"auth0:domain": config.pop("domain")} if "domain" in config else {}
    content = {"config": domain | {f"phonemfa:{key}": value for key, value in config.items()}}
    path = operator.folder / f"Pulumi.{operator.stack}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def deploy(tenant: Tenant, code: str, *, legacy: bool = False) -> str:
    """An Action with this code, deployed, and what a login of that generation needs beside it."""
    trigger = "send-phone-message" if legacy else "custom-phone-provider"
    name = "ntt-cpaas-phone-legacy" if legacy else "ntt-cpaas-phone"
    body = {
        "name": name,
        "supported_triggers": [{"id": trigger, "version": "v2" if legacy else "v1"}],
        "code": code,
        "runtime": "node22",
    }
    action_id: str = tenant.api("POST", "/actions/actions", body)["id"]
    tenant.api("POST", f"/actions/actions/{action_id}/deploy")
    if legacy:
        binding = {"ref": {"type": "action_id", "value": action_id}, "display_name": name}
        tenant.api("PATCH", f"/actions/triggers/{trigger}/bindings", {"bindings": [binding]})
        hook = {"provider": "phone-message-hook"}
        tenant.api("PUT", "/guardian/factors/phone/selected-provider", hook)
    else:
        provider = {
            "name": "custom",
            "credentials": {},
            "configuration": {"delivery_methods": ["text", "voice"]},
        }
        tenant.api("POST", "/branding/phone/providers", provider)
    return action_id


def unified(body: str) -> str:
    return f"exports.onExecuteCustomPhoneProvider = async (event, api) => {{ {body} }};"


def verdicts(answer: Any) -> dict[str, str]:
    return {one["method"]: one["verdict"] for one in answer["sends"]}


def test_a_sent_message_is_found_in_the_log_and_an_earlier_one_is_not_taken_for_it(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    deploy(tenant, unified(""))
    tenant.api("PUT", "/guardian/factors/sms", {"enabled": True})
    answer = operator.json("smoke", "--yes")
    assert (answer["verdict"], verdicts(answer)) == ("sent", {"text": "sent", "voice": "sent"})
    assert [one["evidence"]["event"] for one in answer["sends"]] == [
        "gd_send_sms",
        "gd_send_voice",
    ]
    assert answer["to"] == "+8190****5678"

    # Now the tenant logs no test message that was sent: a login of before is no evidence.
    service = tenant.running.parts.notifications
    service.assumptions = replace(service.assumptions, test_message_logs=False)
    tenant.api("PUT", "/guardian/factors/phone/message-types", {"message_types": ["sms", "voice"]})
    login = tenant.control("POST", "/challenge", {"to": PHONE, "delivery_method": "text"})
    assert login["outcome"] == "success"
    silent = operator.json("smoke", "--yes", "--wait", "1", expect=2)
    assert verdicts(silent) == {"text": "unknown", "voice": "unknown"}


def test_a_failure_is_told_with_the_actions_own_reason_and_no_number(operator: Operator) -> None:
    drop = "api.notification.drop(`cannot reach ${event.notification.recipient}: no credit`)"
    deploy(operator.tenant, unified(f"if (event.notification.delivery_method === 'voice') {drop}"))
    answer = operator.json("smoke", "--yes", expect=1)
    assert verdicts(answer) == {"text": "sent", "voice": "failed"}
    assert answer["sends"][1]["why"] == "cannot reach ****: no credit"
    assert "no credit" in operator.run("smoke", "--yes", expect=1).stdout


def test_a_tenant_that_could_not_send_is_told_without_a_try(operator: Operator) -> None:
    nothing = operator.json("smoke", "--yes", expect=1)
    assert "no phone provider" in nothing["sends"][0]["why"]
    deploy(operator.tenant, unified(""))
    operator.tenant.control("POST", "/faults", {"path": "/try$", "status": 409, "times": 1})
    assert "refused to send (409)" in operator.json("smoke", "--yes", expect=1)["sends"][0]["why"]


def test_nothing_is_sent_to_a_number_that_the_stack_does_not_list_or_unasked(
    operator: Operator,
) -> None:
    deploy(operator.tenant, unified(""))
    operator.tenant.forget_requests()
    stranger = operator.run("smoke", "--to", "+819087654321", "--yes", expect=2)
    assert "+8190****4321 is not in phonemfa:testNumbers" in stranger.stderr
    assert "+819087654321" not in stranger.stderr
    assert "--yes" in operator.run("smoke", expect=2).stderr
    configure(operator, testNumbers=[])
    assert "has no phonemfa:testNumbers" in operator.run("smoke", "--yes", expect=2).stderr
    assert writes(operator.tenant) == []


def test_a_missing_scope_is_no_failure_of_the_message(operator: Operator) -> None:
    deploy(operator.tenant, unified(""))
    scopes = ["read:actions", "read:phone_providers", "read:phone_templates"]
    scopes += ["read:guardian_factors", "read:mfa_policies"]
    client = operator.tenant.control(
        "POST", "/clients", {"scopes": [*scopes, "read:tenant_settings"]}
    )
    operator.environment |= {
        "AUTH0_CLIENT_ID": client["client_id"],
        "AUTH0_CLIENT_SECRET": client["client_secret"],
    }
    assert "read:logs" in operator.run("smoke", "--yes", expect=2).stderr


@pytest.mark.generation("legacy")
def test_a_legacy_tenant_runs_the_action_and_says_how_it_ended(operator: Operator) -> None:
    tenant = operator.tenant
    configure(operator, experience="legacy")
    throws = "if (event.message_options.message_type === 'voice') throw new Error('no credit');"
    code = f"exports.onExecuteSendPhoneMessage = async (event) => {{ {throws} }};"
    action_id = deploy(tenant, code, legacy=True)
    answer = operator.json("smoke", "--yes", expect=1)
    assert verdicts(answer) == {"text": "sent", "voice": "failed"}
    assert "no credit" in answer["sends"][1]["why"]

    # What the tenant can run is the draft: of one that is not deployed it proves nothing.
    tenant.api("PATCH", f"/actions/actions/{action_id}", {"code": f"{code}//"})
    tenant.forget_requests()
    answer = operator.json("smoke", "--yes", expect=2)
    assert (verdicts(answer)["text"], writes(tenant)) == ("unknown", [])
    tenant.api("PATCH", "/actions/triggers/send-phone-message/bindings", {"bindings": []})
    assert "not bound" in operator.json("smoke", "--yes", expect=1)["sends"][0]["why"]


# -- break-glass and rollback --------------------------------------------------------------------


def test_a_policy_that_cannot_be_read_is_switched_all_the_same_and_not_called_proved(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    tenant.api("PUT", "/guardian/policies", ["all-applications"])
    client = tenant.control("POST", "/clients", {"scopes": ["update:mfa_policies"]})
    operator.environment |= {
        "AUTH0_CLIENT_ID": client["client_id"],
        "AUTH0_CLIENT_SECRET": client["client_secret"],
    }
    configure(operator, domain=tenant.domain)
    unread = operator.run("break-glass", "--reason", "INC-1", "--yes", expect=1)
    record = json.loads(unread.stdout)
    assert (record["before"], record["after"], record["exit"]) == (None, None, 1)
    assert "cannot be read back" in unread.stderr
    assert "read:mfa_policies" in unread.stderr
    assert tenant.api("GET", "/guardian/policies") == []


def test_a_switch_that_the_tenant_refuses_is_no_success_and_still_on_record(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    tenant.api("PUT", "/guardian/policies", ["all-applications"])
    configure(operator, domain=tenant.domain)
    tenant.control("POST", "/faults", {"method": "PUT", "path": "/policies$", "status": 403})
    refused = operator.run("break-glass", "--reason", "INC-1", "--yes", expect=1)
    assert json.loads(refused.stdout)["exit"] == 1
    assert "403" in refused.stderr
    # A 200 that changed nothing, as if something set it back at once: what is read counts.
    fault = {"method": "PUT", "path": "/policies$", "status": 200, "body": []}
    tenant.control("POST", "/faults", fault)
    undone = operator.run("break-glass", "--reason", "INC-1", "--yes", expect=1)
    assert "something sets the policy back" in undone.stderr
    assert operator.run("break-glass", "--reason", " ", "--yes", expect=2).stdout == ""


def test_code_goes_back_without_the_key_of_then_unless_that_is_asked_for(
    operator: Operator,
) -> None:
    tenant = operator.tenant
    slow = [{"status": "building", "seconds": 0.3}, {"status": "built"}]
    good, bad = unified("/* good */"), unified("/* bad */")
    action_id = deploy(tenant, good)
    action = f"/actions/actions/{action_id}"
    for code, key in ((good, "first"), (bad, "second")):
        secrets = [{"name": "CPAAS_API_KEY", "value": f"canary-{key}"}]
        tenant.api("PATCH", action, {"code": code, "secrets": secrets})
        tenant.api("POST", f"{action}/deploy")
    tenant.control("PUT", "/builds", {"default": slow, "deploy_seconds": 0.3})

    undecided = operator.run("rollback", "--yes", expect=2)
    assert "CPAAS_API_KEY" in undecided.stderr
    assert "--secrets current" in undecided.stderr
    assert running_version(tenant)["number"] == 3

    done = operator.json("rollback", "--yes", "--secrets", "current")
    assert (done["rolled_back"]["to"], done["rolled_back"]["deployed_as"]) == (2, 4)
    assert running(tenant) == (good, "canary-second")

    done = operator.json("rollback", "--to", "2", "--yes", "--secrets", "version")
    assert running(tenant) == (good, "canary-first")
    assert done["rolled_back"]["deployed_as"] == 5

    # A secret that somebody wrote and nobody deployed is not brought in by the way.
    secrets = [{"name": "CPAAS_API_KEY", "value": "canary-third"}]
    tenant.api("PATCH", action, {"secrets": secrets})
    waiting = operator.run("rollback", "--to", "3", "--yes", "--secrets", "current", expect=1)
    assert "other secrets than what runs" in waiting.stderr
    assert running(tenant) == (good, "canary-first")


def running(tenant: Tenant) -> tuple[str, str]:
    """Code and key of the version that runs, as the sandbox has them inside."""
    inside = tenant.running.parts.tenant.deployed_action("custom-phone-provider")
    assert inside is not None
    return inside.code, inside.secrets["CPAAS_API_KEY"]
