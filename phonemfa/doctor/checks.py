"""What could go wrong when this stack is applied to this tenant: all checks, in order."""

from phonemfa.doctor import access, login, messages, parts
from phonemfa.doctor.findings import Finding
from phonemfa.doctor.reading import Reading


def check(reading: Reading) -> list[Finding]:
    """Every finding about tenant and stack, in the order in which `pulumi up` would meet them."""
    asked = [access.token_checks]
    if not reading.unreachable:
        asked += [access.scope_checks, access.plan_checks, access.rate_checks]
        asked += [parts.generation_checks, parts.as_found]
        if not reading.stack.adopted:
            asked += [parts.action_checks, parts.binding_checks, parts.provider_checks]
            asked += [parts.legacy_checks, parts.template_checks]
            asked += [login.channel_checks, login.factor_checks]
        asked += [login.policy_checks, login.mfa_settings_checks, login.remembered_browsers]
        asked += [login.code_checks, login.protection_checks]
    asked += [messages.text_checks, messages.sender_checks]
    return list(dict.fromkeys(one for check_of in asked for one in check_of(reading)))
