"""The tenant's own switches: which phone experience it has, and MFA factors through Actions.

No other setting of the tenant changes: the provider's first write clears what the program leaves
out of a short list (provider-traps.md), so each of those is read from the tenant and written back
as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_auth0 as auth0

from components.tenant.model import known, seen
from components.tenant.stack_access import TenantAccess
from components.tenant.tenant_settings import TenantSettings


class TenantSwitch(pulumi.ComponentResource):
    """The tenant's phone experience; if legacy, "Customize MFA Factors using Actions" too.

    It is switched once everything in `after` is ready for it. `access` says what is wrong with
    credentials that are not taken.
    """

    ready: pulumi.Resource

    def __init__(
        self,
        name: str,
        declared: TenantSettings,
        after: Sequence[pulumi.Resource] = (),
        access: TenantAccess | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("phonemfa:index:TenantSwitch", name, {}, opts)
        kept: pulumi.Output[Any] = pulumi.Output.from_input(self._kept(access))
        self.ready = auth0.Tenant(
            f"{name}-settings",
            phone_consolidated_experience=seen(declared.unified),
            customize_mfa_in_postlogin_action=known(declared.mfa_in_actions, None),
            country_codes=kept["country_codes"],
            default_redirection_uri=kept["default_redirection_uri"],
            default_token_quota=kept["default_token_quota"],
            error_page=kept["error_page"],
            mtls=kept["mtls"],
            skip_non_verifiable_callback_uri_confirmation_prompt=kept["skip_prompt"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
        self.register_outputs({})

    async def _kept(self, access: TenantAccess | None) -> dict[str, Any]:
        # A function of the provider that fails ends the program in a traceback, whoever catches.
        if access is not None and access.known:
            async with access.connect():
                pass  # It has a token.
        opts = pulumi.InvokeOutputOptions(parent=self)
        tenant = await auth0.get_tenant_output(opts=opts).future()
        return carried_over(tenant)


def carried_over(tenant: Any) -> dict[str, Any]:
    """What the tenant has of the settings that a first write would clear; None where unset."""
    prompt = tenant.skip_non_verifiable_callback_uri_confirmation_prompt
    return {
        "country_codes": _first(tenant.country_codes, ("lists", "mode")),
        "default_redirection_uri": tenant.default_redirection_uri or None,
        "default_token_quota": _quota(tenant.default_token_quotas),
        "error_page": _first(tenant.error_pages, ("html", "show_log_link", "url")),
        "mtls": _first(tenant.mtls, ("enable_endpoint_aliases",)),
        "skip_prompt": prompt if prompt in {"true", "false"} else None,
    }


def _first(blocks: Sequence[Any] | None, keys: Sequence[str]) -> dict[str, Any] | None:
    # The function answers a block as a list of at most one; unset members come as zero values.
    if not blocks:
        return None
    block = {key: _member(blocks[0], key) for key in keys}
    return block if any(block.values()) else None


def _quota(quotas: Sequence[Any] | None) -> dict[str, Any] | None:
    if not quotas:
        return None
    kept = {}
    for holder in ("clients", "organizations"):
        holders = _member(quotas[0], holder)
        credentials = _member(holders[0], "client_credentials") if holders else None
        if credentials:
            limits = {key: _member(credentials[0], key) for key in ("per_day", "per_hour")}
            given = {key: value for key, value in limits.items() if value}
            # Left out, the provider's default is true: a quota that only counts would refuse.
            given["enforce"] = bool(_member(credentials[0], "enforce"))
            kept[holder] = {"client_credentials": given}
    return kept or None


def _member(block: Any, key: str) -> Any:
    # Blocks come as generated classes from a plain call and as dicts out of an Output.
    return block.get(key) if isinstance(block, Mapping) else getattr(block, key, None)
