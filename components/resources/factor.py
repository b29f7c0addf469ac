"""The factor: the phone as a second factor, and the policy that asks for it.

Owns the tenant's Guardian resource, of which there is one: every other MFA factor is in it too,
so what becomes of those is decided here. Refuses to know how a code is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_auth0 as auth0

SWITCHES: Final = ("email", "otp", "recovery_code")
"""Other factors that Guardian has as a plain switch."""

BLOCKS: Final = ("webauthn_roaming", "webauthn_platform", "duo", "push")
"""Other factors that Guardian has as a block with an `enabled` switch."""

_PROPERTY_NAMES: Final = {
    "email": "email",
    "otp": "otp",
    "recovery_code": "recoveryCode",
    "webauthn_roaming": "webauthnRoaming",
    "webauthn_platform": "webauthnPlatform",
    "duo": "duo",
    "push": "push",
}


@dataclass(frozen=True, kw_only=True)
class LegacyTexts:
    """A legacy tenant's two texts, each for SMS and voice alike (Liquid, legacy variables)."""

    enrollment: pulumi.Input[str]
    verification: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The phone as a factor.

    `provider` and `texts` are for legacy tenants only, where the factor holds what a unified
    tenant's phone provider and templates hold.
    """

    message_types: pulumi.Input[Sequence[pulumi.Input[str]]]
    enabled: bool = True
    provider: str | None = None
    texts: LegacyTexts | None = None


@dataclass(frozen=True, kw_only=True)
class Remembering:
    """Whether a browser that passed MFA is asked again; times in seconds."""

    shown: bool
    ticked: bool
    inactivity: int
    overall: int


@dataclass(frozen=True, kw_only=True)
class Codes:
    """What the phone factor's codes look like; the lifetime in seconds."""

    length: int
    lifetime: int


@dataclass(frozen=True, kw_only=True)
class FactorArgs:
    """What the factor needs.

    `other_factors` names each other factor that is switched on or off; one that is not named
    stays as the tenant has it, and so do `remembering` and `codes` where they are None. Both need
    pulumi-auth0 3.54.
    """

    policy: pulumi.Input[str]
    phone: Phone
    other_factors: Mapping[str, bool] = field(default_factory=dict)
    remembering: Remembering | None = None
    codes: Codes | None = None
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
            policy=args.policy,
            phone=_phone(args.phone),
            **_declared(args.other_factors),
            **_mfa_settings(args),
            opts=pulumi.ResourceOptions(
                parent=self,
                # A policy that asks for a code before one can be delivered locks users out.
                depends_on=list(args.after),
                ignore_changes=_left_alone(args.other_factors),
            ),
        )
        self.policy = guardian.policy
        self.register_outputs({"policy": self.policy})


def _phone(args: Phone) -> auth0.GuardianPhoneArgsDict:
    phone: auth0.GuardianPhoneArgsDict = {"enabled": args.enabled}
    if args.enabled:
        phone["message_types"] = args.message_types
    # Deprecated by the provider for unified tenants; for legacy ones there is no other way.
    if args.provider:
        phone["provider"] = args.provider
    if args.texts:
        phone["options"] = {
            "enrollment_message": args.texts.enrollment,
            "verification_message": args.texts.verification,
        }
    return phone


def _declared(other_factors: Mapping[str, bool]) -> dict[str, Any]:
    # All seven are declared. One left out would count as "off" from the second apply on
    # (provider-traps.md); one left alone is declared off and then ignored, which writes nothing.
    switches: dict[str, Any] = {name: other_factors.get(name, False) for name in SWITCHES}
    blocks = {name: {"enabled": other_factors[name]} for name in BLOCKS if name in other_factors}
    return switches | blocks


def _mfa_settings(args: FactorArgs) -> dict[str, Any]:
    # By name: an SDK below 3.54 has no such arguments.
    declared: dict[str, Any] = {}
    if args.remembering:
        declared["settings"] = {
            "display_remember_me_checkbox": args.remembering.shown,
            "remember_me_default_value": args.remembering.ticked,
            "mfa_session_inactivity_timeout": args.remembering.inactivity,
            "mfa_session_overall_timeout": args.remembering.overall,
        }
    if args.codes:
        declared["phone_settings"] = {
            "otp_length": args.codes.length,
            "otp_expiration_time": args.codes.lifetime,
        }
    return declared


def _left_alone(other_factors: Mapping[str, bool]) -> list[str]:
    return [_PROPERTY_NAMES[name] for name in (*SWITCHES, *BLOCKS) if name not in other_factors]
