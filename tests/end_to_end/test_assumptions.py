"""The package under the other answer of what nobody established about Auth0.

Each switch of `sandbox.tenant.Assumptions` that changes what the package meets; the rest of them
(wordings, headers, the look of lists) are thrown in tests/sandbox/api. Narrowing the provider is
in `test_package`.
"""

from typing import Any

import pytest

from tests.end_to_end import hand_made
from tests.end_to_end.conftest import CONFIG, Tenant
from tests.end_to_end.pulumi_cli import PulumiProject

pytestmark = [pytest.mark.end_to_end, pytest.mark.fidelity]

BINDINGS = "/actions/triggers/custom-phone-provider/bindings"

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
    assert (tenant.providers, tenant.actions, tenant.policies) == ([], [], [])


@pytest.mark.parametrize(
    ("binding", "runs"),
    [
        pytest.param("required", [(False, False), (True, True)], id="required"),
        pytest.param("forbidden", [(False, True), (True, False), (False, True)], id="forbidden"),
        pytest.param("automatic", [(False, True)], id="bound by a deploy, by default"),
        pytest.param("automatic", [(True, True)], id="bound by a deploy, with bindAction"),
    ],
)
def test_whatever_auth0_says_to_a_binding_a_setting_works_and_the_other_costs_no_code(
    package: PulumiProject, tenant: Tenant, binding: str, runs: list[tuple[bool, bool]]
) -> None:
    """Each run sets `bindAction`, and works or is refused."""
    assume(tenant, custom_phone_provider_binding=binding)
    sends = False
    for bind_action, works in runs:
        package.configure(bindAction=bind_action)
        if works:
            package.up("--refresh")
            assert package.changes() == []
        else:
            refused = package.refused().text
            assert ("409" if binding == "required" else "400 Bad Request") in refused
        sends = sends or works
        assert (tenant.policies != []) == sends, "no login is asked for an unsent code"
        assert not sends or tenant.sends_a_code(), "what worked before still does"
    bound = tenant.api("GET", BINDINGS)["bindings"]
    assert len(bound) == (0 if binding == "forbidden" else 1)
    package.destroy()
    assert tenant.actions == []


@pytest.mark.parametrize("refused", [True, False])
def test_a_provider_that_is_there_already_is_taken_over_and_not_doubled(
    package: PulumiProject, tenant: Tenant, refused: bool
) -> None:
    assume(tenant, second_provider_refused=refused)
    hand_made.provider(tenant, "twilio", "text", sid="s", default_from="+1")
    (before,) = tenant.providers
    package.up()
    (after,) = tenant.providers
    assert (after["id"], after["name"]) == (before["id"], "custom")
    assert after["configuration"]["delivery_methods"] == CONFIG["deliveryMethods"]


@pytest.mark.generation("legacy")
def test_a_tenant_moves_where_that_is_checked(package: PulumiProject, tenant: Tenant) -> None:
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
