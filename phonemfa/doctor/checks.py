"""What could go wrong when this stack is applied to this tenant: all checks, in order."""

from __future__ import annotations

from components.settings.model import StackSettings
from phonemfa.doctor import access_checks, mfa_settings_checks, policy_checks, tenant_checks
from phonemfa.doctor.answers import Reading
from phonemfa.doctor.findings import Finding
from phonemfa.doctor.sdk import installed_sdk
from phonemfa.doctor.sender_checks import sender_checks
from phonemfa.doctor.text_checks import text_checks


def check(reading: Reading, settings: StackSettings, *, sdk: str = "") -> list[Finding]:
    """Every finding about tenant and stack, in the order in which `pulumi up` would meet them.

    Args:
        reading: what the tenant answered.
        settings: what the stack declares.
        sdk: the version of pulumi-auth0; without it, the installed one.
    """
    sdk = sdk or installed_sdk()
    adopted = [tenant_checks.as_found()] if settings.adopted else []
    return [
        *access_checks.token_checks(reading),
        *access_checks.scope_checks(reading, settings),
        *access_checks.plan_checks(reading, settings),
        *access_checks.rate_checks(reading, settings, sdk),
        *tenant_checks.generation_checks(reading, settings),
        *(adopted or tenant_checks.part_checks(reading, settings)),
        *text_checks(reading, settings),
        *policy_checks.policy_checks(reading, settings),
        *([] if adopted else policy_checks.factor_checks(reading, settings)),
        *mfa_settings_checks.mfa_settings_checks(reading, sdk),
        *mfa_settings_checks.remembered_browsers(reading, settings),
        *sender_checks(settings),
    ]
