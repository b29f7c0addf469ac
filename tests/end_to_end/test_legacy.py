"""A tenant from before July 2025, and its way to the unified experience and back."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.end_to_end import hand_made
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import writes
from tests.end_to_end.pulumi_cli import PulumiProject

legacy_tenant = pytest.mark.generation("legacy")
pytestmark = pytest.mark.end_to_end

BINDINGS = "/actions/triggers/send-phone-message/bindings"
# What a first write of the provider's Tenant resource would clear or change if it were careless.
OWN_SETTINGS: dict[str, Any] = {
    "country_codes": {"list": ["JP", "US"], "mode": "allow"},
    "default_redirection_uri": "https://www.example.jp/login",
    "error_page": {"html": "<p>sorry</p>", "show_log_link": False, "url": ""},
    "mtls": {"enable_endpoint_aliases": True},
    "skip_non_verifiable_callback_uri_confirmation_prompt": True,
    "session_lifetime": 24,
    "idle_session_lifetime": 8,
    "flags": {"mfa_show_factor_list_on_enrollment": False, "revoke_refresh_token_grant": True},
    "enabled_locales": ["ja", "en"],
}


@pytest.fixture
def legacy(package: PulumiProject) -> PulumiProject:
    package.configure(experience="legacy")
    return package


@legacy_tenant
def test_a_legacy_stack_sends_through_its_bound_action(
    applied: PulumiProject, tenant: Tenant
) -> None:
    assert applied.changes() == []
    applied.unchanged()

    selected = tenant.api("GET", "/guardian/factors/phone/selected-provider")
    assert selected == {"provider": "phone-message-hook"}
    assert tenant.api("GET", "/tenants/settings")["customize_mfa_in_postlogin_action"] is True
    assert tenant.unknown_routes() == 0
    for method in ("text", "voice"):
        with codes_sent(tenant, count=1, method=method):
            pass


@legacy_tenant
def test_the_tenant_keeps_every_setting_that_the_stack_does_not_own(
    legacy: PulumiProject, tenant: Tenant
) -> None:
    tenant.api("PATCH", "/tenants/settings", OWN_SETTINGS)
    before = tenant.api("GET", "/tenants/settings")
    legacy.up()
    legacy.up("--refresh")
    after = tenant.api("GET", "/tenants/settings")
    owned = {"customize_mfa_in_postlogin_action", "phone_consolidated_experience"}
    assert {key: value for key, value in after.items() if key not in owned} == {
        key: value for key, value in before.items() if key not in owned
    }


@pytest.mark.thorough
@legacy_tenant
def test_actions_of_others_on_the_trigger_stay_bound(legacy: PulumiProject, tenant: Tenant) -> None:
    other = hand_made.action(tenant, hand_made.LEGACY, name="someone-elses", bind="someone-elses")
    legacy.up()
    bound = [one["action"]["id"] for one in tenant.api("GET", BINDINGS)["bindings"]]
    assert other in bound
    assert len(bound) == 2
    legacy.destroy()
    assert [one["action"]["id"] for one in tenant.api("GET", BINDINGS)["bindings"]] == [other]


# The other way round, and by a preview too, without the engine: components/test_guards.py.
@legacy_tenant
def test_a_unified_stack_is_refused_by_a_legacy_tenant_before_anything_is_written(
    package: PulumiProject, tenant: Tenant
) -> None:
    refused = package.refused().text
    assert "pulumi config set phonemfa:experience legacy" in refused
    assert "Traceback" not in refused
    assert writes(tenant) == []


@legacy_tenant
def test_no_login_goes_without_its_code_while_the_tenant_moves_and_moves_back(
    applied: PulumiProject, tenant: Tenant
) -> None:
    legacy = applied
    with codes_sent(tenant):
        legacy.configure(experience="unified", transition=True)
        legacy.up()
        assert tenant.api("GET", "/tenants/settings")["phone_consolidated_experience"] is True
        legacy.configure(transition=False)
        legacy.up()
        names = [one["name"] for one in tenant.actions]
        assert names == ["ntt-cpaas-phone"]
        assert legacy.changes() == []

        legacy.configure(experience="legacy", transition=True)
        legacy.up()
        legacy.configure(transition=False)
        legacy.up()
        names = [one["name"] for one in tenant.actions]
        assert names == ["ntt-cpaas-phone-legacy"]
        assert legacy.changes() == []


@contextmanager
def codes_sent(tenant: Tenant, *, count: int | None = None, method: str = "text") -> Iterator[None]:
    """Logins all the while (or `count` of them), four a second; each must get its code."""
    stop, sent = threading.Event(), list[dict[str, Any]]()
    trust = ssl.create_default_context(cafile=tenant.running.ca_file)
    headers = tenant.running.control_headers

    def log_in_again_and_again() -> None:
        with httpx.Client(base_url=tenant.url, headers=headers, verify=trust, timeout=30) as http:
            while not stop.is_set():
                # Another user each time: one number would meet the Action's own limit.
                body = {"to": f"+8190{10_000_000 + len(sent)}", "delivery_method": method}
                sent.append(http.post("/_sandbox/challenge", json=body).json() | {"to": body["to"]})
                if count is not None and len(sent) >= count:
                    return
                stop.wait(0.25)

    users = threading.Thread(target=log_in_again_and_again)
    users.start()
    try:
        yield
    finally:
        if count is None:
            stop.set()
        users.join(timeout=60)
    assert len(sent) >= (count or 10), "too few logins to prove anything"
    lost = [one for one in sent if one["outcome"] != "success"]
    assert lost == [], f"{len(lost)} of {len(sent)} logins got no code: {lost[:3]}"
    received = tenant.control("GET", "/messages")["messages"]
    assert {one["to"] for one in sent} <= {f"+{one['to'].lstrip('+')}" for one in received}
