"""Asks the auth0 plugin's functions about what somebody else made."""

import pulumi
import pulumi_auth0 as auth0

tenant = auth0.get_tenant_output()
action = auth0.get_action_output(name="made-by-hand")
provider = auth0.get_phone_provider_output(id=pulumi.Config().require("provider"))

pulumi.export("domain", tenant.domain)
pulumi.export("audience", tenant.management_api_identifier)
pulumi.export("unified", tenant.phone_consolidated_experience)
pulumi.export("flags", tenant.flags[0].mfa_show_factor_list_on_enrollment)
pulumi.export("actionId", action.id)
pulumi.export("trigger", action.supported_triggers[0].id)
pulumi.export("methods", provider.configurations[0].delivery_methods)
pulumi.export("providerName", provider.name)
