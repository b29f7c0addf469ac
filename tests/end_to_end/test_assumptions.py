"""The package under the other answer of what nobody established about Auth0.

Each switch of `sandbox.tenant.Assumptions` that changes what the package meets; the rest of them
(wordings, headers, the look of lists) are thrown in tests/sandbox/api. Narrowing the provider has a
module of its own: `test_narrowing`.
"""

from typing import Any

import pytest

from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = [pytest.mark.end_to_end, pytest.mark.fidelity]

BINDINGS = "/actions/triggers/custom-phone-provider/bindings"
PROVIDERS = "/branding/phone/providers"

STRICT: dict[str, Any] = {
    "unique_action_names": True,
    "delete_action_in_use_refused": True,
    "custom_provider_needs_deployed_action": True,
    "second_provider_refused": True,
    "provider_in_use_protected": True,
    "message_types_need_factor": True,
    "message_types_need_provider": True,
    "unified_switch_checked": True,
    "unknown_query_keys_refused": True,
    "parameters_checked_before_token": True,
}
"""Every question at once answered with a refusal."""

LENIENT: dict[str, Any] = {
    **dict.fromkeys(STRICT, False),
    "try_needs_deployed_action": False,
    "selected_provider_allowed_under_unified": True,
    "nested_settings_merge": True,
    "missing_template_parts": "absent",
    "customised_templates_first": False,
}
"""Every question at once answered with permission."""


def assume(tenant: Tenant, **switches: Any) -> None:
    tenant.control("PUT", "/assumptions", switches)


@pytest.mark.parametrize("switches", [STRICT, LENIENT], ids=["strict", "lenient"])
def test_a_whole_life_passes_where_everything_or_nothing_is_refused(
    package: PulumiProject, tenant: Tenant, switches: dict[str, Any]
) -> None:
    assume(tenant, **switches)
    package.configure(policy="adaptive")
    package.up()
    assert tenant.sends_a_code()
    package.configure(policy="always", smsSender="0005299999")
    package.up("--refresh")
    assert package.changes() == []
    package.destroy()
    assert tenant.providers == []
    assert tenant.actions == []
    assert tenant.policies == []


def test_where_a_binding_is_required_the_setting_makes_it_work(
    package: PulumiProject, tenant: Tenant
) -> None:
    assume(tenant, custom_phone_provider_binding="required")
    refused = package.refused()
    assert "409" in refused.text, refused.text
    assert tenant.policies == [], "no login is asked for an unsent code"

    package.configure(bindAction=True)
    package.up("--refresh")

    assert tenant.sends_a_code()
    assert package.changes() == []
    package.destroy()
    assert tenant.actions == []


def test_where_a_binding_is_forbidden_the_default_works_and_the_setting_is_refused(
    package: PulumiProject, tenant: Tenant
) -> None:
    assume(tenant, custom_phone_provider_binding="forbidden")
    package.up()
    assert tenant.sends_a_code()

    package.configure(bindAction=True)
    package.refused()
    assert tenant.sends_a_code(), "what worked before still does"

    package.configure(bindAction=False)
    package.up("--refresh")
    assert package.changes() == []


@pytest.mark.parametrize("bound", [False, True], ids=["default", "bindAction"])
def test_where_a_deploy_binds_by_itself_either_setting_works(
    package: PulumiProject, tenant: Tenant, bound: bool
) -> None:
    assume(tenant, custom_phone_provider_binding="automatic")
    package.configure(bindAction=bound)
    package.up()
    assert tenant.sends_a_code()
    assert len(tenant.api("GET", BINDINGS)["bindings"]) == 1
    assert package.changes() == []
    package.destroy()
    assert tenant.actions == []


@pytest.mark.parametrize("refused", [True, False])
def test_a_provider_that_is_there_already_is_taken_over_and_not_doubled(
    package: PulumiProject, tenant: Tenant, refused: bool
) -> None:
    assume(tenant, second_provider_refused=refused)
    twilio = {
        "name": "twilio",
        "credentials": {"auth_token": "t"},
        "configuration": {"sid": "s", "default_from": "+1", "delivery_methods": ["text"]},
    }
    before = tenant.api("POST", PROVIDERS, twilio)["id"]
    package.up()
    (after,) = tenant.providers
    assert (after["id"], after["name"]) == (before, "custom")
    assert after["configuration"]["delivery_methods"] == CONFIG["deliveryMethods"]


@pytest.mark.generation("legacy")
def test_a_legacy_tenant_moves_where_the_switch_is_checked(
    package: PulumiProject, tenant: Tenant
) -> None:
    assume(tenant, unified_switch_checked=True, narrowing_below_message_types_refused=True)
    package.configure(experience="legacy")
    package.up()
    assert tenant.sends_a_code()
    package.configure(experience="unified", transition=True)
    package.up()
    package.configure(transition=False)
    package.up()
    assert tenant.api("GET", "/tenants/settings")["phone_consolidated_experience"] is True
    assert tenant.sends_a_code()
    assert package.changes() == []
