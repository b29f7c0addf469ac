"""What counts as a difference, how the engine is told of it, and the switches, both ways."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock, call

import pulumi.provider.experimental.provider as protocol
import pytest

from phonemfa.pulumi.preview import read_preview
from sandbox.plugin import STAND_IN
from sandbox.plugin.provider import StandInProvider
from sandbox.plugin.resources import RESOURCES
from sandbox.plugin.schema import differences, problems
from sandbox.plugin.switches import REPLACE_FAILED_BUILD, TOLD, VARIABLE
from sandbox.plugin.values import EACH, UNKNOWN, Path, secret_paths, wire_map

URN = "urn:pulumi:t1::demo::{}::it"
ACTION = RESOURCES["auth0:index/action:Action"].schema
PROVIDER = RESOURCES["auth0:index/phoneProvider:PhoneProvider"].schema
TEMPLATE = RESOURCES["auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"].schema
GUARDIAN = RESOURCES["auth0:index/guardian:Guardian"].schema
TENANT = RESOURCES["auth0:index/tenant:Tenant"].schema

REQUIRED: dict[str, Any] = {
    "code": "exports.h = async () => {};",
    "name": "ntt-cpaas",
    "supportedTriggers": {"id": "custom-phone-provider", "version": "v1"},
}
SECRETS = [{"name": "K", "value": "1"}, {"name": "H", "value": "h"}]
ACTION_INPUTS = REQUIRED | {"deploy": True, "runtime": "node22", "secrets": SECRETS}
ACTION_STATE = ACTION_INPUTS | {"versionId": "v"}
ROTATED = ACTION_INPUTS | {"secrets": [{"name": "K", "value": "2"}, {"name": "H", "value": "h"}]}
LEFT_OUT = REQUIRED | {"deploy": True, "secrets": SECRETS}
TAKEN_BACK = [("deploy", "update"), ("secrets[0]", "delete"), ("secrets[1]", "delete")]
UNKNOWN_CODE = ACTION_INPUTS | {"code": UNKNOWN}
A, B = ({"name": name, "version": "1.0.0"} for name in "ab")
PACKAGES, REVERSED = {"dependencies": [A, B]}, {"dependencies": [B, A]}
REORDERED = [("phone.messageTypes[0]", "update"), ("phone.messageTypes[1]", "update")]
ZEROS: tuple[Any, ...] = (None, False, "", [], {})


def methods(*names: str) -> dict[str, Any]:
    return {"configuration": {"deliveryMethods": [*names]}}


def types(*names: str) -> dict[str, Any]:
    return {"phone": {"enabled": True, "messageTypes": [*names]}, "policy": "never"}


DIFFERENCES: dict[str, tuple[Any, Any, Any, list[tuple[str, str]]]] = {
    "equal inputs": (ACTION, ACTION_STATE, ACTION_INPUTS, []),
    "a secret": (ACTION, ACTION_STATE, ROTATED, [("secrets[0].value", "update")]),
    "what the tenant fills in": (ACTION, ACTION_STATE, LEFT_OUT, []),
    "what is taken back returns to its default": (ACTION, ACTION_STATE, REQUIRED, TAKEN_BACK),
    "an unknown value": (ACTION, ACTION_STATE, UNKNOWN_CODE, [("code", "update")]),
    **{
        f"{zero!r} for an absent value": (PROVIDER, {"disabled": None}, {"disabled": zero}, [])
        for zero in ZEROS
    },
    "a set": (PROVIDER, methods("text", "voice"), methods("voice", "text"), []),
    "a set with one less": (
        PROVIDER,
        methods("text", "voice"),
        methods("text"),
        [("configuration.deliveryMethods[1]", "delete")],
    ),
    "packages in another order": (ACTION, ACTION_STATE | PACKAGES, ACTION_INPUTS | REVERSED, []),
    "another package": (
        ACTION,
        ACTION_STATE | PACKAGES,
        ACTION_INPUTS | {"dependencies": [A]},
        [("dependencies[1]", "delete")],
    ),
    "a list's order": (GUARDIAN, types("sms", "voice"), types("voice", "sms"), REORDERED),
    "a factor's block that is left out": (GUARDIAN, types("sms"), {"policy": "never"}, []),
    "a factor's switch that is left out": (GUARDIAN, {"otp": True}, {}, [("otp", "update")]),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_what_is_a_difference(case: str) -> None:
    schema, state, inputs, found = DIFFERENCES[case]
    assert [(one.path, one.change) for one in differences(schema, state, inputs)] == found


def test_a_template_of_another_type_is_another_template() -> None:
    (found,) = differences(TEMPLATE, {"type": "otp_verify"}, {"type": "otp_enroll"})
    assert (found.path, found.replace) == ("type", True)


def sender(**configuration: Any) -> dict[str, Any]:
    methods = {"deliveryMethods": ["text"]}
    return {"name": "twilio", "credentials": {}, "configuration": methods | configuration}


def codes(length: int, seconds: int) -> dict[str, Any]:
    """Guardian's inputs with these limits of a code."""
    settings = {"otpLength": length, "otpExpirationTime": seconds}
    return {"policy": "never", "phoneSettings": settings}


EMPTY_SENDER = {"content": {"from": ""}}
UNKNOWN_BUT = {"sid", "deliveryMethods[1]"}
COUNTRY_MODE = "countryCodes.mode"
WRONG = {"policy": "sometimes", "phone": {"provider": "x"}, "wat": 1}
NOTED = {"__defaults": [], "policy": "never", "push": {"__defaults": [], "enabled": False}}
NO_OBJECTS: tuple[Any, ...] = ("x", 1, True, [], [{}])
NO_LISTS: tuple[Any, ...] = ("text", 1, {})
NO_TEXTS: tuple[Any, ...] = ([], ["x"], {}, {"x": 1})
PROBLEMS: dict[str, tuple[Any, dict[str, Any], set[str]]] = {
    "all are told": (GUARDIAN, WRONG, {"policy", "phone.enabled", "phone.provider", "wat"}),
    "the official plugin's notes": (GUARDIAN, NOTED, set()),
    "unknown values": (GUARDIAN, {"policy": UNKNOWN, "phone": UNKNOWN}, set()),
    "a number": (PROVIDER, sender(sid="AC1", defaultFrom="+1"), set()),
    "a messaging service": (PROVIDER, sender(sid="AC1", mssid="MG1"), set()),
    "both": (PROVIDER, sender(sid="AC1", mssid="MG1", defaultFrom="+1"), {"defaultFrom", "mssid"}),
    "no account": (PROVIDER, sender(mssid="MG1"), {"mssid"}),
    "a method": (PROVIDER, sender(deliveryMethods=["text", "sms"]), {"deliveryMethods[1]"}),
    "no method": (PROVIDER, sender(deliveryMethods=[]), {"deliveryMethods"}),
    "one too many": (PROVIDER, sender(deliveryMethods=["text"] * 3), {"deliveryMethods"}),
    "an empty account": (PROVIDER, sender(sid=""), {"sid"}),
    "beside what is unknown": (PROVIDER, sender(sid="", deliveryMethods=[UNKNOWN, 1]), UNKNOWN_BUT),
    "an empty sender": (
        TEMPLATE,
        {"type": "otp_verify", "content": {"from": ""}},
        {"content.from"},
    ),
    "a short code": (GUARDIAN, codes(3, 30), {"phoneSettings.otpLength"}),
    "a long life": (GUARDIAN, codes(10, 3601), {"phoneSettings.otpExpirationTime"}),
    "limits": (GUARDIAN, codes(4, 3600), set()),
    "a country list": (TENANT, {"countryCodes": {"lists": ["JP"], "mode": "x"}}, {COUNTRY_MODE}),
    **{
        f"{wrong!r} for an object": (GUARDIAN, {"policy": "never", "phone": wrong}, {"phone"})
        for wrong in NO_OBJECTS
    },
    **{
        f"{wrong!r} for a list": (PROVIDER, sender(deliveryMethods=wrong), {"deliveryMethods"})
        for wrong in NO_LISTS
    },
    **{
        f"{wrong!r} for a text": (ACTION, REQUIRED | {"code": wrong}, {"code"})
        for wrong in NO_TEXTS
    },
    **{
        f"{wrong!r} in a list": (ACTION, REQUIRED | {"dependencies": [wrong]}, {"dependencies[0]"})
        for wrong in ("x@1", None, 1)
    },
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_is_a_problem(case: str) -> None:
    schema, inputs, wrong = PROBLEMS[case]
    found = {path.removeprefix("configuration.") for path, _ in problems(schema, inputs)}
    assert found == wrong


OFFICIAL: dict[str, Any] = {
    **ACTION_STATE,
    "__meta": "{}",
    "__pulumi_raw_state_delta": {"obj": {}},
    "dependencies": [],
    "id": "a",
    "modules": [],
    "secretsWoVersion": None,
    "secretsWos": [],
}
WHOLE: Path = ("secrets",)
INSIDE: Path = ("secrets", EACH, "value")


def checked(token: str, inputs: dict[str, Any], *secret: Path) -> Any:
    request = protocol.CheckRequest(URN.format(token), {}, wire_map(inputs, secret), b"")
    return asyncio.run(StandInProvider(AsyncMock()).check(request)).inputs


def diffed(state: dict[str, Any], *secret: Path) -> protocol.DiffResponse:
    new = checked("auth0:index/action:Action", ACTION_INPUTS, INSIDE)
    urn = URN.format("auth0:index/action:Action")
    request = protocol.DiffRequest(urn, "a", wire_map(state, secret), new, [])
    return asyncio.run(StandInProvider(AsyncMock()).diff(request))


def test_the_secrets_of_an_action_are_one_secret_as_a_whole() -> None:
    new = checked("auth0:index/action:Action", ACTION_INPUTS, INSIDE)
    assert secret_paths(new) == {WHOLE}


@pytest.mark.parametrize("state", [ACTION_STATE, OFFICIAL])
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
    inputs = checked("auth0:index/tenant:Tenant", {"defaultTokenQuota": quota})
    clients = inputs["defaultTokenQuota"].value["clients"].value["clientCredentials"].value
    assert clients["enforce"].value is enforced


def configured(warn: AsyncMock, domain: str = "x") -> StandInProvider:
    said = {"domain": domain, "clientId": "x", "clientSecret": "x"}
    tenant = {f"auth0:{name}": value for name, value in said.items()}
    request = protocol.ConfigureRequest(tenant, {}, accept_secrets=True, accept_resources=True)
    provider = StandInProvider(warn)
    asyncio.run(provider.configure(request))
    return provider


@pytest.mark.parametrize("written", ["x.test", "https://x.test", "http://x.test"])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_domain_is_taken_as_go_auth0_takes_it_without_a_scheme_and_with_its_slash(
    written: str, end: str
) -> None:
    api = configured(AsyncMock(), written + end)._api
    assert (api.domain, api.audience) == (f"x.test{end}", f"https://x.test{end}/api/v2/")


@pytest.mark.parametrize("told", [False, True])
def test_it_says_once_that_it_is_a_stand_in_unless_the_user_was_told(
    monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    if told:
        monkeypatch.setenv(TOLD, "1")
    warn = AsyncMock()
    configured(warn)
    assert warn.await_args_list == ([] if told else [call("", STAND_IN)])


def test_a_report_knows_the_stand_in_by_what_it_says() -> None:
    step = {"op": "same", "urn": "urn:pulumi:dev::phonemfa::pulumi:pulumi:Stack::phonemfa-dev"}
    warnings = [STAND_IN, "another"]
    said = [{"severity": "warning", "message": f"warning: {one}"} for one in warnings]
    preview = read_preview({"steps": [step], "diagnostics": said})
    assert (preview.foreign_plugin, preview.warnings) == (True, ("another",))
