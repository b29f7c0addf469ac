"""Phone MFA of one Auth0 tenant for each stack; Pulumi.<stack>.yaml says what each wants."""

import pulumi

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.stack_config import load

mfa = PhoneMfa("phone-mfa", PhoneMfaArgs.of(load()))

pulumi.export("actionId", mfa.sender and mfa.sender.action_id)
pulumi.export("policy", mfa.factor.policy)
