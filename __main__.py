"""What `pulumi up` declares: one Auth0 tenant's phone MFA, as the stack's config asks for it."""

import pulumi

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.stack_config import load

loaded = load()
mfa = PhoneMfa("phone-mfa", PhoneMfaArgs.of(loaded))

pulumi.export("actionId", mfa.sender and mfa.sender.action_id)
pulumi.export("actionVersionId", mfa.sender and mfa.sender.version_id)
pulumi.export("phoneProviderId", mfa.delivery and mfa.delivery.provider_id)
pulumi.export("templateIds", mfa.delivery and mfa.delivery.template_ids)
pulumi.export("policy", mfa.policy)
pulumi.export("smsSizes", {kind.value: str(size) for kind, size in loaded.sms_sizes.items()})
