"""How often the stand-in asks a tenant, and of what it warns: as the official plugin does."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pulumi.provider.experimental.provider as protocol
import pytest

from sandbox.plugin import client
from sandbox.plugin.client import Management, ManagementError
from sandbox.plugin.provider import InitFailedError, StandInProvider
from sandbox.plugin.resources import RESOURCES
from sandbox.plugin.resources.base import PartialFailureError
from sandbox.plugin.resources.guardian import GuardianResource
from sandbox.plugin.resources.tenant import get_tenant
from sandbox.plugin.switches import ADAPTIVE_MFA_WARNS, VARIABLE
from sandbox.plugin.values import wire_map

POLICIES = ("PUT", "/guardian/policies")
TEMPLATE, PROVIDER = "/branding/phone/templates/t", "/branding/phone/providers/p"
METHODS: dict[str, Any] = {"delivery_methods": {"text": True}}
MADE: dict[str, Any] = {"supported_triggers": [{"id": "x", "version": "v1"}]}
SETTINGS = ("GET", "/guardian/settings")
BROKEN = (500, {"message": "An internal error occurred"})
SECRET = (400, {"message": "No: Bearer canary-secret to +819012345678"})
NO_SCOPE = (403, {"message": "Insufficient scope", "errorCode": "insufficient_scope"})
NO_PLAN = (403, {"message": "Not included", "errorCode": "insufficient_entitlement"})


class Tenant:
    """One that has nothing and fails as it is told, with what it was asked and how fast."""

    def __init__(self) -> None:
        self.faults: dict[tuple[str, str], tuple[int, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.waits: list[float] = []
        self.api = Management(
            domain="t", client_id="c", client_secret="s", audience="a", sleep=self._wait
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v2")
        self.asked.append((request.method, path))
        empty: Any = [] if path in {"/guardian/policies", "/guardian/factors"} else {}
        token = {"access_token": "t", "expires_in": 3600}
        usual = 200, token if path == "/oauth/token" else empty
        status, body = self.faults.get((request.method, path), usual)
        return httpx.Response(status, json=body)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def make(self, policy: str = "never") -> dict[str, Any]:
        """Guardian is created; its state."""
        return asyncio.run(GuardianResource().create(self.api, {"policy": policy}))[1]


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    tenant = Tenant()
    http = httpx.AsyncClient(transport=httpx.MockTransport(tenant))
    monkeypatch.setattr(client, "BoundedAsyncClient", lambda **_: http)
    return tenant


@pytest.mark.parametrize(
    ("asked", "fault", "tries"),
    [
        (POLICIES, BROKEN, 4),
        (SETTINGS, BROKEN, 4),
        (("GET", "/guardian/policies"), BROKEN, 4),
        (POLICIES, SECRET, 1),
    ],
)
def test_a_500_is_tried_four_times_in_two_seconds_and_a_refusal_repeated_word_for_word(
    tenant: Tenant, asked: tuple[str, str], fault: tuple[int, Any], tries: int
) -> None:
    tenant.faults[asked] = fault
    with pytest.raises(PartialFailureError) as refused:
        tenant.make()
    assert fault[1]["message"] in str(refused.value)
    assert tenant.asked.count(asked) == tries
    assert tries == 1 or 1 < sum(tenant.waits) < 3


@pytest.mark.parametrize(
    ("left_out", "path"),
    [("messageTypes", "message-types"), ("provider", "selected-provider")],
)
def test_what_a_phone_block_leaves_out_is_written_without_it_and_refused_by_the_tenant(
    tenant: Tenant, left_out: str, path: str
) -> None:
    refused = 400, {"message": "Payload validation error: 'Missing required property'"}
    tenant.faults["PUT", f"/guardian/factors/phone/{path}"] = refused
    tenant.faults["GET", "/tenants/settings"] = 200, {"phone_consolidated_experience": False}
    phone = {"enabled": True, "options": {"enrollmentMessage": "e"}, "provider": "auth0"}
    phone = {key: one for key, one in phone.items() if key != left_out}
    with pytest.raises(PartialFailureError, match="Missing required property"):
        asyncio.run(GuardianResource().create(tenant.api, {"policy": "never", "phone": phone}))


def test_a_missing_scope_for_the_tenants_mfa_settings_is_a_warning(tenant: Tenant) -> None:
    tenant.faults[SETTINGS] = NO_SCOPE
    state = tenant.make()
    assert "settings" not in state
    assert {"phoneSettings", "emailSettings"} <= state.keys()
    (warning,) = tenant.api.warnings
    assert "403 Forbidden: Insufficient scope" in warning


def test_a_warning_is_told_once_for_the_resource_that_it_is_of(tenant: Tenant) -> None:
    warn = AsyncMock()
    provider = StandInProvider(warn)
    provider._api = tenant.api
    tenant.faults[SETTINGS] = NO_SCOPE
    urns = [f"urn:pulumi:t1::demo::auth0:index/guardian:Guardian::{one}" for one in "ab"]
    for urn in urns:
        asyncio.run(provider.read(protocol.ReadRequest(urn, "id", {}, {})))
    assert [call.args[0] for call in warn.await_args_list] == urns


@pytest.mark.parametrize(
    ("answer", "raised", "says"),
    [
        ([], ManagementError, "a form that Auth0 does not have"),
        ({"id": 1}, ManagementError, "a form that Auth0 does not have"),
        ({"id": "a"}, InitFailedError, "An internal error occurred"),
    ],
)
def test_an_action_that_is_not_made_whole_is_told_without_its_secrets(
    tenant: Tenant, answer: Any, raised: type[Exception], says: str
) -> None:
    tenant.faults |= {("POST", "/actions/actions"): (201, answer)}
    tenant.faults["GET", "/actions/actions/a"] = BROKEN
    provider = StandInProvider(AsyncMock())
    provider._api = tenant.api
    secrets = [{"name": "K", "value": "canary-secret"}]
    trigger = {"id": "custom-phone-provider", "version": "v1"}
    inputs = {"code": "", "name": "n", "secrets": secrets, "supportedTriggers": trigger}
    urn = "urn:pulumi:t1::demo::auth0:index/action:Action::it"
    request = protocol.CreateRequest(urn, wire_map(inputs), 0, preview=False)
    with pytest.raises(raised, match=says) as failed:
        asyncio.run(provider.create(request))
    assert "canary-secret" not in f"{failed.value} {failed.value!r}"


BINDINGS = "/actions/triggers/t/bindings"
NO_TEXT = {"bindings": [{"action": {"id": []}, "display_name": "x"}]}


@pytest.mark.parametrize(
    ("token", "resource_id", "path", "answer"),
    [
        ("action:Action", "a", "/actions/actions/a", []),
        ("action:Action", "a", "/actions/actions/a", {"supported_triggers": []}),
        ("action:Action", "a", "/actions/actions/a", {"supported_triggers": [1]}),
        ("triggerActions:TriggerActions", "t", BINDINGS, {"bindings": 1}),
        ("triggerAction:TriggerAction", "t::a", BINDINGS, {}),
        ("triggerAction:TriggerAction", "t::a", BINDINGS, NO_TEXT),
        ("action:Action", "a", "/actions/actions/a", MADE | {"dependencies": [1]}),
        ("phoneNotificationTemplate:PhoneNotificationTemplate", "t", TEMPLATE, {}),
        (
            "phoneNotificationTemplate:PhoneNotificationTemplate",
            *("t", TEMPLATE, {"id": "t", "content": []}),
        ),
        ("phoneProvider:PhoneProvider", "p", PROVIDER, {"configuration": METHODS}),
        ("guardian:Guardian", "g", "/guardian/policies", {"policies": []}),
        ("guardian:Guardian", "g", "/guardian/factors", {}),
        ("guardian:Guardian", "g", "/guardian/factors", [{"name": "sms"}]),
        ("guardian:Guardian", "g", "/guardian/factors/phone/settings", []),
        ("tenant:Tenant", "t", "/tenants/settings", {"country_codes": {"x": 1}}),
    ],
)
def test_an_answer_of_no_tenant_is_told_however_deep_it_is_wrong(
    tenant: Tenant, token: str, resource_id: str, path: str, answer: Any
) -> None:
    tenant.faults["GET", path] = (200, answer)
    with pytest.raises(ManagementError, match=r"GET .* in a form that Auth0 does not have"):
        asyncio.run(RESOURCES[f"auth0:index/{token}"].read(tenant.api, resource_id, {}))


LEGACY = {
    "/guardian/factors": [{"name": "sms", "enabled": True}],
    "/guardian/factors/phone/message-types": {"message_types": ["sms"]},
    "/tenants/settings": {"phone_consolidated_experience": False},
    "/guardian/factors/phone/selected-provider": {"provider": "twilio"},
    "/guardian/factors/sms/templates": {"enrollment_message": "e"},
    "/guardian/factors/sms/providers/twilio": {"sid": "AC1"},
}


def test_a_legacy_phone_is_read_from_all_its_places(tenant: Tenant) -> None:
    tenant.faults |= {("GET", path): (200, answer) for path, answer in LEGACY.items()}
    phone = tenant.make()["phone"]
    assert phone == {
        "enabled": True,
        "messageTypes": ["sms"],
        "provider": "twilio",
        "options": {"enrollmentMessage": "e", "sid": "AC1"},
    }
    for path in ("message-types", "selected-provider"):
        asked = "GET", f"/guardian/factors/phone/{path}"
        kept, tenant.faults[asked] = tenant.faults[asked], (200, {})
        with pytest.raises(PartialFailureError, match=f"{path} in a form that Auth0 does not"):
            tenant.make()
        tenant.faults[asked] = kept


def test_the_data_source_tells_it_too(tenant: Tenant) -> None:
    tenant.faults["GET", "/tenants/settings"] = (200, {"flags": 1})
    with pytest.raises(ManagementError, match="in a form that Auth0 does not have"):
        asyncio.run(get_tenant(tenant.api))


@pytest.mark.parametrize("factor", ["phone", "email"])
def test_a_missing_scope_for_a_factors_settings_is_an_error(tenant: Tenant, factor: str) -> None:
    tenant.faults["GET", f"/guardian/factors/{factor}/settings"] = NO_SCOPE
    with pytest.raises(PartialFailureError, match="Insufficient scope"):
        tenant.make()
    with pytest.raises(ManagementError, match="Insufficient scope"):
        asyncio.run(GuardianResource().read(tenant.api, "id", {}))
    assert tenant.api.warnings == []


def test_a_plan_without_adaptive_mfa_fails_or_warns_as_the_switch_says(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.faults[POLICIES] = NO_PLAN
    with pytest.raises(PartialFailureError, match="Not included"):
        tenant.make("confidence-score")
    monkeypatch.setenv(VARIABLE, ADAPTIVE_MFA_WARNS)
    assert tenant.make("confidence-score")["policy"] == "never"
    (warning,) = tenant.api.warnings
    assert "the policy was not written: 403 Forbidden: Not included" in warning
    tenant.faults[POLICIES] = NO_SCOPE
    with pytest.raises(PartialFailureError, match="Insufficient scope"):
        tenant.make("confidence-score")
