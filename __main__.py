"""What `pulumi up` declares: one Auth0 tenant's phone MFA, as the stack's config asks for it."""

import pulumi

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings import load

loaded = load()
mfa = PhoneMfa(
    "phone-mfa",
    PhoneMfaArgs.of(loaded),
    pulumi.ResourceOptions(protect=loaded.settings.protect),
)

pulumi.export("actionId", mfa.sender.action_id)
pulumi.export("actionVersionId", mfa.sender.version_id)
pulumi.export("phoneProviderId", mfa.delivery.provider_id)
pulumi.export("templateIds", mfa.delivery.template_ids)
pulumi.export("policy", mfa.factor.policy)
