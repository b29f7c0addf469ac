"""Every assumption is a real switch: the other answer makes the tenant behave the other way."""

import dataclasses
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest

from sandbox.tenant.assumptions import Assumptions
from tests.sandbox.api.support import (
    CUSTOM_PHONE_ACTION,
    CUSTOM_PROVIDER,
    POST_LOGIN_ACTION,
    TWILIO_PROVIDER,
    Sandbox,
)

PHONE_BINDINGS = "/actions/triggers/custom-phone-provider/bindings"
PROVIDERS = "/branding/phone/providers"


def factor_on(sandbox: Sandbox) -> None:
    sandbox.must("PUT", "/guardian/factors/sms", {"enabled": True})


def message_types(sandbox: Sandbox, *types: str) -> Any:
    path = "/guardian/factors/phone/message-types"
    return sandbox.call("PUT", path, {"message_types": list(types)}).status_code


def with_secret(sandbox: Sandbox) -> str:
    body = POST_LOGIN_ACTION | {"secrets": [{"name": "A", "value": "1"}]}
    return str(sandbox.must("POST", "/actions/actions", body)["id"])


def same_name_twice(sandbox: Sandbox) -> Any:
    sandbox.must("POST", "/actions/actions", POST_LOGIN_ACTION)
    return sandbox.call("POST", "/actions/actions", POST_LOGIN_ACTION).status_code


def secret_without_value(sandbox: Sandbox) -> Any:
    path = f"/actions/actions/{with_secret(sandbox)}"
    return sandbox.call("PATCH", path, {"secrets": [{"name": "A"}]}).status_code


def new_secret_needs_value(sandbox: Sandbox) -> Any:
    body = POST_LOGIN_ACTION | {"secrets": [{"name": "A"}]}
    return sandbox.call("POST", "/actions/actions", body).status_code


def delete_action_in_use(sandbox: Sandbox) -> Any:
    action_id = sandbox.deployed()
    sandbox.must("POST", PROVIDERS, CUSTOM_PROVIDER)
    return sandbox.call("DELETE", f"/actions/actions/{action_id}").status_code


def too_many_secrets(sandbox: Sandbox) -> Any:
    secrets = [{"name": f"S{one}", "value": ""} for one in range(31)]
    body = POST_LOGIN_ACTION | {"secrets": secrets}
    return sandbox.call("POST", "/actions/actions", body).status_code


def phone_binding(sandbox: Sandbox) -> Any:
    action_id = sandbox.deployed()
    bound = len(sandbox.must("GET", PHONE_BINDINGS)["bindings"])
    runs_unbound = sandbox.tenant.deployed_action("custom-phone-provider") is not None
    ref = {"ref": {"type": "action_id", "value": action_id}}
    status = sandbox.call("PATCH", PHONE_BINDINGS, {"bindings": [ref]}).status_code
    runs = sandbox.tenant.deployed_action("custom-phone-provider") is not None
    return bound, runs_unbound, status, runs


def bind_what_is_not_there(sandbox: Sandbox) -> Any:
    ref = {"ref": {"type": "action_id", "value": "nope"}}
    return sandbox.call("PATCH", PHONE_BINDINGS, {"bindings": [ref]}).status_code


def custom_without_action(sandbox: Sandbox) -> Any:
    created = sandbox.call("POST", PROVIDERS, CUSTOM_PROVIDER)
    if created.is_success:
        return created.status_code
    made = sandbox.must("POST", PROVIDERS, TWILIO_PROVIDER)
    changed = sandbox.call("PATCH", f"{PROVIDERS}/{made['id']}", {"name": "custom"})
    return created.status_code, changed.status_code


def second_provider(sandbox: Sandbox) -> Any:
    sandbox.must("POST", PROVIDERS, TWILIO_PROVIDER)
    return sandbox.call("POST", PROVIDERS, TWILIO_PROVIDER).status_code


def narrow(sandbox: Sandbox) -> Any:
    sandbox.deployed()
    made = sandbox.must("POST", PROVIDERS, CUSTOM_PROVIDER)
    factor_on(sandbox)
    assert message_types(sandbox, "sms", "voice") == 200
    body = {"configuration": {"delivery_methods": ["text"]}}
    return sandbox.call("PATCH", f"{PROVIDERS}/{made['id']}", body).status_code


def provider_in_use(sandbox: Sandbox) -> Any:
    made = sandbox.must("POST", PROVIDERS, TWILIO_PROVIDER)
    factor_on(sandbox)
    path = f"{PROVIDERS}/{made['id']}"
    disabled = sandbox.call("PATCH", path, {"disabled": True}).status_code
    return disabled, sandbox.call("DELETE", path).status_code


def try_without_action(sandbox: Sandbox) -> Any:
    action_id = sandbox.deployed()
    made = sandbox.must("POST", PROVIDERS, CUSTOM_PROVIDER)
    sandbox.must("DELETE", f"/actions/actions/{action_id}")
    return sandbox.call("POST", f"{PROVIDERS}/{made['id']}/try", {"to": "+81"}).status_code


def half_a_template(sandbox: Sandbox) -> Any:
    body = {"type": "otp_verify", "content": {"body": {"text": "t"}}}
    return set(sandbox.must("POST", "/branding/phone/templates", body)["content"]["body"])


def template_order(sandbox: Sandbox) -> Any:
    body = {"type": "otp_verify", "content": {"body": {"text": "t"}}}
    sandbox.must("POST", "/branding/phone/templates", body)
    listed = sandbox.must("GET", "/branding/phone/templates")["templates"]
    return [one["type"] for one in listed]


def message_types_without_factor(sandbox: Sandbox) -> Any:
    return message_types(sandbox, "sms")


def message_types_without_provider(sandbox: Sandbox) -> Any:
    factor_on(sandbox)
    return message_types(sandbox, "sms")


def selected_provider(sandbox: Sandbox) -> Any:
    return sandbox.call("GET", "/guardian/factors/phone/selected-provider").status_code


def mfa_settings(sandbox: Sandbox) -> Any:
    paths = ("/settings", "/factors/phone/settings", "/factors/email/settings")
    asked = [f"/guardian{path}" for path in (*paths, "/factors?include_settings=true")]
    codes = {"otp_length": 6, "otp_expiration_time": 300}
    written = sandbox.call("PUT", "/guardian/factors/phone/settings", codes)
    answers = [*(sandbox.call("GET", path) for path in asked), written]
    return [(one.status_code, "not_entitled" in one.text) for one in answers]


def adaptive_policy(sandbox: Sandbox) -> Any:
    answer = sandbox.call("PUT", "/guardian/policies", ["confidence-score"])
    return answer.status_code, "insufficient_entitlement" in answer.text


def unset_templates(family: str) -> Callable[[Sandbox], Any]:
    def observe(sandbox: Sandbox) -> Any:
        sandbox.tenant.switch("legacy")
        answer = sandbox.call("GET", f"/guardian/factors/{family}/templates")
        return answer.status_code, answer.text

    return observe


def nested_settings(sandbox: Sandbox) -> Any:
    sandbox.must("PATCH", "/tenants/settings", {"change_password": {"html": "<p>"}})
    return sandbox.must("GET", "/tenants/settings")["change_password"]


def switch_on(sandbox: Sandbox) -> Any:
    sandbox.tenant.switch("legacy")
    factor_on(sandbox)
    assert message_types(sandbox, "sms") == 200
    body = {"phone_consolidated_experience": True}
    status = sandbox.call("PATCH", "/tenants/settings", body).status_code
    return status, sandbox.tenant.generation


def wrong_client(sandbox: Sandbox) -> Any:
    return sandbox.ask_token(client_secret="wrong").json()["error"]


def no_token(sandbox: Sandbox) -> Any:
    return sandbox.http.get("/api/v2/guardian/factors").json()["message"]


def token_caching(sandbox: Sandbox) -> Any:
    return sandbox.ask_token().headers.get("cache-control")


def order_of_checks(sandbox: Sandbox) -> Any:
    return sandbox.http.put("/api/v2/guardian/factors/sms", json={}).status_code


def wrong_method(sandbox: Sandbox) -> Any:
    assert sandbox.call("DELETE", "/nowhere").status_code == 404
    return sandbox.call("DELETE", "/guardian/factors").status_code


def limit_headers(sandbox: Sandbox) -> Any:
    return "x-ratelimit-limit" in sandbox.call("GET", "/guardian/factors").headers


def unknown_query_key(sandbox: Sandbox) -> Any:
    return sandbox.call("GET", "/guardian/factors?x=1").status_code


def logged_number(sandbox: Sandbox) -> Any:
    details = {"authenticator": {"id": "sms|x", "type": "sms", "phone_number": "+819012345678"}}
    sandbox.tenant.logs.add("gd_send_sms", "sent", details)
    (entry,) = sandbox.must("GET", "/logs")
    return entry["details"]["authenticator"]["phone_number"]


def log_found(search: str) -> Callable[[Sandbox], Any]:
    def look(sandbox: Sandbox) -> Any:
        sandbox.tenant.logs.add("fn", "failed", {})
        answer = sandbox.call("GET", "/logs", params={"q": search})
        return len(answer.json()) if answer.is_success else answer.status_code

    return look


OBSERVED: dict[str, Callable[[Sandbox], Any]] = {
    "unique_action_names": same_name_twice,
    "secret_without_value_keeps_value": secret_without_value,
    "new_secret_needs_value": new_secret_needs_value,
    "delete_action_in_use_refused": delete_action_in_use,
    "entity_limit_status": too_many_secrets,
    "custom_phone_provider_binding": phone_binding,
    "unknown_bound_action_status": bind_what_is_not_there,
    "custom_provider_needs_deployed_action": custom_without_action,
    "second_provider_refused": second_provider,
    "narrowing_below_message_types_refused": narrow,
    "provider_in_use_protected": provider_in_use,
    "try_needs_deployed_action": try_without_action,
    "missing_template_parts": half_a_template,
    "customised_templates_first": template_order,
    "message_types_need_factor": message_types_without_factor,
    "message_types_need_provider": message_types_without_provider,
    "selected_provider_allowed_under_unified": selected_provider,
    "entitled_to_mfa_settings": mfa_settings,
    "adaptive_mfa": adaptive_policy,
    "unset_sms_templates": unset_templates("sms"),
    "unset_phone_templates": unset_templates("phone"),
    "nested_settings_merge": nested_settings,
    "unified_switch_checked": switch_on,
    "log_phone_numbers": logged_number,
    "log_search_by_type": log_found("type:gd_send_sms"),
    # Within one day: by days alone, it begins and ends with the same one.
    "log_search_by_time": log_found("date:[2027-01-15T00:00:00 TO 2027-01-15T23:00:00}"),
    "wrong_client_error": wrong_client,
    "unauthenticated_message": no_token,
    "token_answers_no_store": token_caching,
    "parameters_checked_before_token": order_of_checks,
    "wrong_method_status": wrong_method,
    "rate_limit_headers_always": limit_headers,
    "unknown_query_keys_refused": unknown_query_key,
}
"""What shows the answer to each open question."""


def values(name: str) -> tuple[Any, ...]:
    return get_args(get_type_hints(Assumptions)[name]) or (False, True)


def test_every_assumption_is_observed_here() -> None:
    assert set(OBSERVED) == {one.name for one in dataclasses.fields(Assumptions)}


@pytest.mark.parametrize("name", OBSERVED)
def test_each_answer_makes_a_difference(name: str) -> None:
    seen = [
        OBSERVED[name](Sandbox(assumptions=Assumptions(**{name: value}))) for value in values(name)
    ]
    assert all(one not in seen[:position] for position, one in enumerate(seen)), seen


@pytest.mark.parametrize("name", OBSERVED)
def test_a_switch_can_be_thrown_while_the_tenant_runs(name: str) -> None:
    default = getattr(Assumptions(), name)
    other = next(value for value in values(name) if value != default)
    sandbox = Sandbox()
    answer = sandbox.http.put("/_sandbox/assumptions", json={name: other})
    assert answer.json() == dataclasses.asdict(Assumptions(**{name: other}))
    assert OBSERVED[name](sandbox) == OBSERVED[name](
        Sandbox(assumptions=Assumptions(**{name: other}))
    )


def test_a_bound_action_can_be_deleted_where_its_deploy_bound_it() -> None:
    automatic = Assumptions(custom_phone_provider_binding="automatic")
    sandbox = Sandbox(assumptions=automatic)
    action_id = sandbox.deployed(CUSTOM_PHONE_ACTION)
    sandbox.must("POST", f"/actions/actions/{action_id}/deploy")
    assert len(sandbox.must("GET", PHONE_BINDINGS)["bindings"]) == 1
    sandbox.must("DELETE", f"/actions/actions/{action_id}")
    assert sandbox.must("GET", PHONE_BINDINGS)["bindings"] == []
