"""Every assumption is a real switch: the other answer makes the tenant behave the other way."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import httpx
import pytest

from sandbox.tenant.assumptions import Assumptions
from tests.sandbox.api.support import (
    CUSTOM_PHONE_ACTION,
    CUSTOM_PROVIDER,
    POST_LOGIN_ACTION,
    TWILIO_PROVIDER,
    Sandbox,
)

Observe = Callable[[Sandbox], Any]
FACTORS, SETTINGS = "/guardian/factors", "/tenants/settings"
BINDINGS = "/actions/triggers/custom-phone-provider/bindings"
ACTIONS, ACTION = "/actions/actions", "/actions/actions/{action}"
PROVIDERS, PROVIDER = "/branding/phone/providers", "/branding/phone/providers/{provider}"
TEMPLATES = "/branding/phone/templates"

LOGIN = ("POST", ACTIONS, POST_LOGIN_ACTION)
SENDER = (("POST", ACTIONS, CUSTOM_PHONE_ACTION), ("POST", f"{ACTION}/deploy"))
CUSTOM, TWILIO = ("POST", PROVIDERS, CUSTOM_PROVIDER), ("POST", PROVIDERS, TWILIO_PROVIDER)
TEMPLATE = ("POST", TEMPLATES, {"type": "otp_verify", "content": {"body": {"text": "t"}}})
FACTOR_ON = ("PUT", f"{FACTORS}/sms", {"enabled": True})
NARROWER = {"configuration": {"delivery_methods": ["text"]}}
CODES = ("PUT", f"{FACTORS}/phone/settings", {"otp_length": 6, "otp_expiration_time": 300})
MFA_SETTINGS = ("/settings", "/factors/phone/settings", "/factors/email/settings")
NUMBER = {"authenticator": {"id": "sms|x", "type": "sms", "phone_number": "+819012345678"}}


def secrets(*names: str, **more: str) -> dict[str, Any]:
    return POST_LOGIN_ACTION | {"secrets": [{"name": one, **more} for one in names]}


def types(*wanted: str) -> tuple[str, str, Any]:
    return "PUT", f"{FACTORS}/phone/message-types", {"message_types": list(wanted)}


def bind(kind: str, value: str) -> tuple[str, str, Any]:
    return "PATCH", BINDINGS, {"bindings": [{"ref": {"type": kind, "value": value}}]}


def status(answer: httpx.Response) -> int:
    return answer.status_code


def last(*calls: Any, see: Callable[[httpx.Response], Any] = status) -> Observe:
    """What the last call shows, by default its status; the others have to succeed."""

    def observe(sandbox: Sandbox) -> Any:
        answer = httpx.Response(200)
        for method, path, *body in calls:
            assert answer.is_success, answer.text
            provider = sandbox.tenant.providers.current() or {"id": ""}
            action = next(iter(sandbox.tenant.actions.all()), {"id": ""})
            there = path.format(action=action["id"], provider=provider["id"])
            answer = sandbox.call(method, there, *body)
        return see(answer)

    return observe


def each(*observed: Observe) -> Observe:
    """All of it, one after the other on one tenant."""
    return lambda sandbox: [one(sandbox) for one in observed]


def legacy(*calls: Any, see: Callable[[httpx.Response], Any]) -> Observe:
    """The same of a tenant that was legacy before, and its generation then."""

    def observe(sandbox: Sandbox) -> Any:
        sandbox.tenant.switch("legacy")
        return last(*calls, see=see)(sandbox), sandbox.tenant.generation

    return observe


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


def runs(sandbox: Sandbox) -> bool:
    return sandbox.tenant.deployed_action("custom-phone-provider") is not None


def wrong_method(sandbox: Sandbox) -> int:
    assert sandbox.call("DELETE", "/nowhere").status_code == 404
    return sandbox.call("DELETE", FACTORS).status_code


def logged(code: str, details: dict[str, Any], see: Callable[[Any], Any], **params: str) -> Observe:
    def look(sandbox: Sandbox) -> Any:
        sandbox.tenant.logs.add(code, "", details)
        answer = sandbox.call("GET", "/logs", params=params)
        return see(answer.json()) if answer.is_success else answer.status_code

    return look


OBSERVED: dict[str, Observe] = {
    "unique_action_names": last(LOGIN, LOGIN),
    "secret_without_value_keeps_value": last(
        ("POST", ACTIONS, secrets("A", value="1")), ("PATCH", ACTION, secrets("A"))
    ),
    "new_secret_needs_value": last(("POST", ACTIONS, secrets("A"))),
    "delete_action_in_use_refused": last(*SENDER, CUSTOM, ("DELETE", ACTION)),
    "entity_limit_status": last(("POST", ACTIONS, secrets(*map(str, range(31)), value=""))),
    "custom_phone_provider_binding": each(
        last(*SENDER, ("GET", BINDINGS), see=lambda one: len(one.json()["bindings"])),
        *(runs, last(bind("action_name", "sender")), runs),
    ),
    "unknown_bound_action_status": last(bind("action_id", "nope")),
    "custom_provider_needs_deployed_action": each(
        last(TWILIO, ("PATCH", PROVIDER, {"name": "custom"})),
        last(("DELETE", PROVIDER), CUSTOM),
    ),
    "second_provider_refused": last(TWILIO, TWILIO),
    "narrowing_below_message_types_refused": last(
        *SENDER, CUSTOM, FACTOR_ON, types("sms", "voice"), ("PATCH", PROVIDER, NARROWER)
    ),
    "provider_in_use_protected": each(
        last(TWILIO, FACTOR_ON, ("PATCH", PROVIDER, {"disabled": True})),
        last(("DELETE", PROVIDER)),
    ),
    "try_needs_deployed_action": last(
        *SENDER, CUSTOM, ("DELETE", ACTION), ("POST", f"{PROVIDER}/try", {"to": "+81"})
    ),
    "missing_template_parts": last(TEMPLATE, see=lambda one: set(one.json()["content"]["body"])),
    "customised_templates_first": last(
        TEMPLATE, ("GET", TEMPLATES), see=lambda one: re.findall('"type":"([^"]+)"', one.text)
    ),
    "message_types_need_factor": last(types("sms")),
    "message_types_need_provider": last(FACTOR_ON, types("sms")),
    "selected_provider_allowed_under_unified": last(("GET", f"{FACTORS}/phone/selected-provider")),
    "entitled_to_mfa_settings": each(
        *(last(("GET", f"/guardian{path}"), see=said) for path in MFA_SETTINGS),
        *(last(one, see=said) for one in (CODES, ("GET", f"{FACTORS}?include_settings=true"))),
    ),
    "adaptive_mfa": last(("PUT", "/guardian/policies", ["confidence-score"])),
    "unset_sms_templates": legacy(("GET", f"{FACTORS}/sms/templates"), see=said),
    "unset_phone_templates": legacy(("GET", f"{FACTORS}/phone/templates"), see=said),
    "nested_settings_merge": last(
        ("PATCH", SETTINGS, {"change_password": {"html": "<p>"}}),
        ("GET", SETTINGS),
        see=lambda one: one.json()["change_password"],
    ),
    "unified_switch_checked": legacy(
        *(FACTOR_ON, types("sms")),
        ("PATCH", SETTINGS, {"phone_consolidated_experience": True}),
        see=status,
    ),
    "log_phone_numbers": logged("gd_send_sms", NUMBER, str),
    "log_search_by_type": logged("fn", {}, len, q="type:gd_send_sms"),
    # Within one day: by days alone, it begins and ends with the same one.
    "log_search_by_time": logged(
        "fn", {}, len, q="date:[2027-01-15T00:00:00 TO 2027-01-15T23:00:00}"
    ),
    "wrong_client_error": lambda of: of.ask_token(client_secret="wrong").json()["error"],
    "unauthenticated_message": lambda of: of.http.get(f"/api/v2{FACTORS}").json()["message"],
    "token_answers_no_store": lambda of: of.ask_token().headers.get("cache-control"),
    "parameters_checked_before_token": lambda of: (
        of.http.put(f"/api/v2{FACTORS}/sms", json={}).status_code
    ),
    "wrong_method_status": wrong_method,
    "rate_limit_headers_always": last(
        ("GET", FACTORS), see=lambda one: "x-ratelimit-limit" in one.headers
    ),
    "unknown_query_keys_refused": last(("GET", f"{FACTORS}?x=1")),
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
    assert len(sandbox.must("GET", BINDINGS)["bindings"]) == 1
    sandbox.must("DELETE", f"/actions/actions/{action_id}")
    assert sandbox.must("GET", BINDINGS)["bindings"] == []
