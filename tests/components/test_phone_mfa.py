"""What one stack declares, and the options that keep the provider's traps shut."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.texts import Texts
from components.vocabulary import DeliveryMethod, MessageType
from tests.components.declared import Declarations, declare

ACTION = "auth0:index/action:Action"
PROVIDER = "auth0:index/phoneProvider:PhoneProvider"
TEMPLATE = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"
GUARDIAN = "auth0:index/guardian:Guardian"
BINDING = "auth0:index/triggerAction:TriggerAction"


def declare_phone_mfa(**changes: Any) -> Declarations:
    opts = changes.pop("opts", None)
    arguments: dict[str, Any] = {
        "action_name": "sender",
        "action_code": "exports.onExecuteCustomPhoneProvider = async () => {};",
        "action_secrets": {"CPAAS_BASE_URL": "cpaas.example.com"},
        "delivery_methods": [DeliveryMethod.TEXT, DeliveryMethod.VOICE],
        "texts": {
            MessageType.OTP_ENROLL: Texts(text="{{ code }} enrol", voice="{{ code }}"),
            MessageType.OTP_VERIFY: Texts(text="{{ code }} verify", voice="{{ code }}"),
        },
        "policy": "all-applications",
        "other_factors": {},
    } | changes

    def program() -> pulumi.Output[Any]:
        mfa = PhoneMfa("mfa", PhoneMfaArgs(**arguments), opts)
        return pulumi.Output.all(
            mfa.sender.action_id,
            mfa.sender.version_id,
            mfa.delivery.provider_id,
            mfa.delivery.template_ids,
            mfa.factor.policy,
        )

    return declare(program)


def test_a_unified_stack_is_one_action_one_provider_its_templates_and_one_guardian() -> None:
    found = declare_phone_mfa()
    assert sorted(one.type for one in found.values()) == sorted(
        [
            "phonemfa:index:PhoneMfa",
            "phonemfa:index:Sender",
            "phonemfa:index:Delivery",
            "phonemfa:index:Factor",
            ACTION,
            PROVIDER,
            TEMPLATE,
            TEMPLATE,
            GUARDIAN,
        ]
    )


def test_every_resource_hangs_under_its_component_and_carries_its_name() -> None:
    found = declare_phone_mfa()
    parents = {one.name: found_parent(found, one.options.parent) for one in found.values()}
    assert parents == {
        "mfa": None,
        "mfa-sender": "mfa",
        "mfa-sender-action": "mfa-sender",
        "mfa-delivery": "mfa",
        "mfa-delivery-provider": "mfa-delivery",
        "mfa-delivery-otp-enroll": "mfa-delivery",
        "mfa-delivery-otp-verify": "mfa-delivery",
        "mfa-factor": "mfa",
        "mfa-factor-guardian": "mfa-factor",
    }


def found_parent(found: Declarations, urn: str) -> str | None:
    return next((one.name for one in found.values() if one.urn == urn), None)


def test_the_action_is_deployed_on_a_pinned_runtime_and_replaced_by_deleting_first() -> None:
    action = declare_phone_mfa().only(ACTION)
    assert action.inputs["deploy"] is True
    assert action.inputs["runtime"] == "node22"
    assert action.inputs["supportedTriggers"] == {"id": "custom-phone-provider", "version": "v1"}
    assert action.options.deleteBeforeReplace
    assert action.options.deleteBeforeReplaceDefined


def test_the_provider_has_a_name_and_waits_for_the_deployed_action() -> None:
    found = declare_phone_mfa()
    provider = found.only(PROVIDER)
    assert provider.inputs["name"] == "custom"
    assert provider.inputs["credentials"] == {}
    assert provider.inputs["disabled"] is False
    assert found.only(ACTION).urn in provider.options.dependencies


def test_the_provider_waits_for_the_binding_when_a_stack_binds_its_action() -> None:
    found = declare_phone_mfa(bind_action=True)
    binding = found.only(BINDING)
    assert binding.inputs["trigger"] == "custom-phone-provider"
    assert binding.inputs["actionId"] == "mfa-sender-action-id"
    assert binding.urn in found.only(PROVIDER).options.dependencies


def test_nothing_is_bound_unless_asked() -> None:
    assert declare_phone_mfa().of_type(BINDING) == []


def test_users_are_asked_for_codes_only_after_codes_can_be_delivered() -> None:
    found = declare_phone_mfa()
    needed = {one.urn for one in (found.only(PROVIDER), *found.of_type(TEMPLATE))}
    assert needed <= set(found.only(GUARDIAN).options.dependencies)


def test_templates_are_replaced_by_deleting_first() -> None:
    for template in declare_phone_mfa().of_type(TEMPLATE):
        assert template.options.deleteBeforeReplace


@pytest.mark.parametrize(
    ("methods", "types"),
    [
        ([DeliveryMethod.TEXT], ["sms"]),
        ([DeliveryMethod.VOICE], ["voice"]),
        ([DeliveryMethod.TEXT, DeliveryMethod.VOICE], ["sms", "voice"]),
        ([DeliveryMethod.VOICE, DeliveryMethod.TEXT], ["sms", "voice"]),
    ],
)
def test_message_types_follow_the_delivery_methods_in_the_order_of_the_api(
    methods: list[DeliveryMethod], types: list[str]
) -> None:
    guardian = declare_phone_mfa(delivery_methods=methods).only(GUARDIAN)
    assert guardian.inputs["phone"] == {"enabled": True, "messageTypes": types}


def test_a_factor_that_nobody_named_is_never_written() -> None:
    guardian = declare_phone_mfa().only(GUARDIAN)
    every_other = {
        "email",
        "otp",
        "recoveryCode",
        "webauthnRoaming",
        "webauthnPlatform",
        "duo",
        "push",
    }
    assert set(guardian.options.ignoreChanges) == every_other


def test_a_named_factor_is_declared_as_named_and_watched() -> None:
    guardian = declare_phone_mfa(other_factors={"otp": True, "email": False, "push": False}).only(
        GUARDIAN
    )
    assert guardian.inputs["otp"] is True
    assert guardian.inputs["email"] is False
    assert guardian.inputs["push"] == {"enabled": False}
    assert set(guardian.options.ignoreChanges) == {
        "recoveryCode",
        "webauthnRoaming",
        "webauthnPlatform",
        "duo",
    }


def test_protecting_the_stack_protects_every_resource() -> None:
    found = declare_phone_mfa(opts=pulumi.ResourceOptions(protect=True))
    unprotected = [one.name for one in found.values() if not one.options.protect]
    assert unprotected == []


def test_a_secret_stays_a_secret_on_its_way_to_the_action() -> None:
    def program() -> pulumi.Output[Any]:
        arguments = PhoneMfaArgs(
            action_name="sender",
            action_code="code",
            action_secrets={"CPAAS_API_KEY": pulumi.Output.secret("canary-key")},
            delivery_methods=[DeliveryMethod.TEXT],
            texts={},
            policy="never",
            other_factors={},
        )
        return PhoneMfa("mfa", arguments).sender.action_id

    action = declare(program).only(ACTION)
    assert rpc.is_rpc_secret(action.inputs["secrets"])
    (secret,) = rpc.unwrap_rpc_secret(action.inputs["secrets"])
    assert secret == {"name": "CPAAS_API_KEY", "value": "canary-key"}
