"""Asks the auth0 plugin what the tenant is."""

import pulumi
import pulumi_auth0 as auth0

tenant = auth0.get_tenant_output()

pulumi.export("domain", tenant.domain)
pulumi.export("audience", tenant.management_api_identifier)
pulumi.export("unified", tenant.phone_consolidated_experience)
pulumi.export("flags", tenant.flags[0].mfa_show_factor_list_on_enrollment)
