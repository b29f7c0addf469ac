"""What `pulumi up` declares: one Auth0 tenant's phone MFA, as the stack's config asks for it."""

import pulumi

from components.generation import GenerationGuard
from components.half_done import HalfDone
from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.policy_last import PolicyLast
from components.settings import load
from components.text_rules import sms_sizes

loaded = load()
settings = loaded.settings
mfa = PhoneMfa(
    "phone-mfa",
    PhoneMfaArgs.of(loaded),
    pulumi.ResourceOptions(
        protect=settings.protect,
        transformations=[
            GenerationGuard(settings.experience, in_transition=settings.transition),
            HalfDone(loaded.tenant),
            PolicyLast.of(loaded),
        ],
    ),
)

pulumi.export("actionId", mfa.sender and mfa.sender.action_id)
pulumi.export("actionVersionId", mfa.sender and mfa.sender.version_id)
pulumi.export("phoneProviderId", mfa.delivery and mfa.delivery.provider_id)
pulumi.export("templateIds", mfa.delivery and mfa.delivery.template_ids)
pulumi.export("policy", mfa.factor.policy)
pulumi.export("smsSizes", {kind.value: str(size) for kind, size in sms_sizes(loaded.texts).items()})
