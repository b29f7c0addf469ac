"""The program of the contract's `failed-tenant`: the tenant's settings alone."""

import pulumi
import pulumi_auth0 as auth0

auth0.Tenant(
    "tenant",
    customize_mfa_in_postlogin_action=pulumi.Config().require_bool("customizeMfa"),
    phone_consolidated_experience=True,
)
