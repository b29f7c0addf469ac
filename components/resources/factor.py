"""The factor: the phone as a second factor, and the policy that asks for it.

A tenant has one Guardian resource, with every other MFA factor in it: what becomes of those is
decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_auth0 as auth0

from components.tenant.guardian import OTHER_FACTORS, Guardian
from components.tenant.model import known, seen


@dataclass(frozen=True, kw_only=True)
class FactorArgs:
    """What the factor needs.

    What `guardian` leaves alone stays as the tenant has it. MFA settings need pulumi-auth0 3.54.
    """

    guardian: Guardian
    after: Sequence[pulumi.Resource] = ()


class Factor(pulumi.ComponentResource):
    """The phone factor, its message types, and the MFA policy."""

    policy: pulumi.Output[str]

    def __init__(
        self, name: str, args: FactorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("phonemfa:index:Factor", name, {}, opts)
        guardian = auth0.Guardian(
            f"{name}-guardian",
            policy=seen(args.guardian.policy),
            phone=_phone(args.guardian),
            **_declared(args.guardian.other_factors),
            **_mfa_settings(args.guardian),
            opts=pulumi.ResourceOptions(
                parent=self,
                # A policy that asks for a code before one can be delivered locks users out.
                depends_on=list(args.after),
                ignore_changes=_left_alone(args.guardian.other_factors),
            ),
        )
        self.policy = guardian.policy
        self.register_outputs({"policy": self.policy})


def _phone(guardian: Guardian) -> auth0.GuardianPhoneArgsDict:
    enabled = seen(guardian.phone_enabled)
    phone: auth0.GuardianPhoneArgsDict = {"enabled": enabled}
    if not enabled:
        return phone
    phone["message_types"] = list(seen(guardian.message_types))
    # Deprecated by the provider for unified tenants; for legacy ones there is no other way.
    provider = known(guardian.selected_provider, "")
    enrollment, verification = guardian.enrollment_message, guardian.verification_message
    if provider:
        phone["provider"] = provider
    if isinstance(enrollment, str) and isinstance(verification, str):
        phone["options"] = {
            "enrollment_message": enrollment,
            "verification_message": verification,
        }
    return phone


def _declared(other_factors: Mapping[str, bool]) -> dict[str, Any]:
    # All seven are declared. One left out would count as "off" from the second apply on
    # (provider-traps.md); one left alone is declared off and then ignored, which writes nothing.
    # A block that is left alone is not declared at all.
    declared: dict[str, Any] = {}
    for part in OTHER_FACTORS:
        is_block, name = part.pulumi.endswith(".enabled"), part.field
        if not is_block:
            declared[name] = other_factors.get(name, False)
        elif name in other_factors:
            declared[name] = {"enabled": other_factors[name]}
    return declared


def _mfa_settings(guardian: Guardian) -> dict[str, Any]:
    # By name: an SDK below 3.54 has no such arguments.
    blocks = {
        "settings": {
            "display_remember_me_checkbox": guardian.remember_me_shown,
            "remember_me_default_value": guardian.remember_me_default,
            "mfa_session_inactivity_timeout": guardian.session_inactivity,
            "mfa_session_overall_timeout": guardian.session_overall,
        },
        "phone_settings": {
            "otp_length": guardian.code_length,
            "otp_expiration_time": guardian.code_lifetime,
        },
    }
    declared = {
        name: {key: value for key, value in block.items() if isinstance(value, (bool, int))}
        for name, block in blocks.items()
    }
    return {name: block for name, block in declared.items() if block}


def _left_alone(other_factors: Mapping[str, bool]) -> list[str]:
    return [
        part.pulumi.partition(".")[0] for part in OTHER_FACTORS if part.field not in other_factors
    ]
