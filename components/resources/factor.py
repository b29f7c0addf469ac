"""The factor: the phone as a second factor, and the policy that asks for it.

A tenant has one Guardian resource, with every other MFA factor in it: what becomes of those is
decided here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_auth0 as auth0
from pydantic.alias_generators import to_snake

from components.tenant.guardian import OTHER_FACTORS, WITH_DEFAULT, Guardian
from components.tenant.model import LEFT_ALONE, known, seen


class Factor(pulumi.ComponentResource):
    """The phone factor, its message types, and the MFA policy.

    What `declared` leaves alone stays as the tenant has it.
    """

    policy: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        declared: Guardian,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("phonemfa:index:Factor", name, {}, opts)
        guardian = auth0.Guardian(
            f"{name}-guardian",
            policy=seen(declared.policy),
            phone=_phone(declared),
            **_declared(declared.other_factors),
            **_with_default(declared),
            opts=pulumi.ResourceOptions(
                parent=self,
                # A policy that asks for a code before one can be delivered locks users out.
                depends_on=list(after),
                ignore_changes=_left_alone(declared.other_factors),
                # Deleting it switches all MFA off: of the one and the same, whichever is deleted.
                delete_before_replace=True,
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
        phone["options"] = {"enrollment_message": enrollment, "verification_message": verification}
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


def _with_default(guardian: Guardian) -> dict[str, Any]:
    # By name: an older SDK does not have every argument.
    declared: dict[str, dict[str, Any]] = {}
    for part in WITH_DEFAULT:
        value = getattr(guardian, part.field)
        if value is not LEFT_ALONE:
            block, name = map(to_snake, part.pulumi.split("."))
            declared.setdefault(block, {})[name] = value
    return declared


def _left_alone(other_factors: Mapping[str, bool]) -> list[str]:
    return [
        part.pulumi.partition(".")[0] for part in OTHER_FACTORS if part.field not in other_factors
    ]
