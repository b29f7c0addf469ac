"""What could go wrong when this stack is applied to this tenant: all checks, in order."""

from typing import Final

from phonemfa.doctor import access, login, messages, parts
from phonemfa.doctor.findings import Finding
from phonemfa.doctor.reading import Reading

_OF_TENANT: Final = (
    access.scope_checks,
    access.plan_checks,
    access.rate_checks,
    parts.generation_checks,
)
_OF_PARTS: Final = (
    parts.action_checks,
    parts.binding_checks,
    parts.provider_checks,
    parts.legacy_checks,
    parts.template_checks,
    login.channel_checks,
    login.factor_checks,
)


def check(reading: Reading) -> list[Finding]:
    """Every finding about tenant and stack, in the order in which `pulumi up` would meet them."""
    asked = [access.token_checks]
    if not reading.unreachable:
        of_parts = (parts.as_found,) if reading.stack.adopted else _OF_PARTS
        asked += [*_OF_TENANT, *of_parts, *login.CHECKS]
    asked += [messages.text_checks, messages.sender_checks]
    return list(dict.fromkeys(one for check_of in asked for one in check_of(reading)))
