"""What a first write of the tenant's settings would clear is written back as it was."""

from __future__ import annotations

from typing import Any

import pulumi_auth0 as auth0
import pytest

from components.resources.tenant_switch import carried_over


def found(**clients: Any) -> Any:
    """The getTenant function's answer: blocks are lists, what is unset has a zero value."""
    zero = {"enforce": False, "per_day": 0, "per_hour": 0}
    credentials = [{"client_credentials": [zero | clients]}]
    answer = dict.fromkeys(auth0.GetTenantResult.__annotations__)
    quotas = [{"clients": credentials, "organizations": []}]
    return type("Found", (), answer | _UNSET | {"default_token_quotas": quotas})


_UNSET: dict[str, Any] = {
    "country_codes": [],
    "default_redirection_uri": "",
    "error_pages": [],
    "mtls": [],
    "skip_non_verifiable_callback_uri_confirmation_prompt": "",
}


@pytest.mark.parametrize("enforce", [True, False])
@pytest.mark.parametrize(
    "limits", [{}, {"per_day": 100}, {"per_hour": 9}, {"per_day": 1, "per_hour": 2}]
)
def test_a_token_quota_stays_as_it_is_whether_or_not_it_is_enforced(
    enforce: bool, limits: dict[str, int]
) -> None:
    """Left out, `enforce` would be true: the provider's default."""
    kept = carried_over(found(enforce=enforce, **limits))["default_token_quota"]
    assert kept == {"clients": {"client_credentials": {"enforce": enforce, **limits}}}


def test_a_tenant_without_a_quota_gets_none() -> None:
    tenant = found()
    tenant.default_token_quotas = []
    assert carried_over(tenant)["default_token_quota"] is None
