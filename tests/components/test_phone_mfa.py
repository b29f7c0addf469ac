"""What one stack declares, and the options that keep the provider's traps shut."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from components.guards.generation import contradiction
from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.model import StackSettings
from components.tenant import snapshot
from components.vocabulary import Experience
from tests.components.declared import Declarations, declare
from tests.components.test_settings import GOOD

ACTION = "auth0:index/action:Action"
PROVIDER = "auth0:index/phoneProvider:PhoneProvider"
TEMPLATE = "auth0:index/phoneNotificationTemplate:PhoneNotificationTemplate"
GUARDIAN = "auth0:index/guardian:Guardian"
BINDING = "auth0:index/triggerAction:TriggerAction"
TENANT = "auth0:index/tenant:Tenant"


def declare_phone_mfa(
    *,
    opts: pulumi.ResourceOptions | None = None,
    tenant: dict[str, Any] | None = None,
    **settings: Any,
) -> Declarations:
    declared = snapshot.declared(StackSettings.check("dev", GOOD | settings))

    def program() -> pulumi.Output[Any]:
        key = pulumi.Output.secret("canary-key")
        mfa = PhoneMfa("mfa", PhoneMfaArgs(declared=declared, cpaas_api_key=key), opts)
        assert mfa.sender
        delivered = [mfa.delivery.provider_id, mfa.delivery.template_ids] if mfa.delivery else []
        return pulumi.Output.all(
            mfa.sender.action_id, mfa.sender.version_id, mfa.factor.policy, *delivered
        )

    return declare(program, tenant=tenant)


def declare_legacy(**settings: Any) -> Declarations:
    return declare_phone_mfa(experience="legacy", **settings)


def declare_transition(to: Experience) -> Declarations:
    return declare_phone_mfa(experience=to.value, transition=True)


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
            *[TEMPLATE] * 3,
            GUARDIAN,
        ]
    )


UNIFIED = {
    "mfa": ("phonemfa:index:PhoneMfa", None),
    "mfa-sender": ("phonemfa:index:Sender", "mfa"),
    "mfa-sender-action": (ACTION, "mfa-sender"),
    "mfa-delivery": ("phonemfa:index:Delivery", "mfa"),
    "mfa-delivery-provider": (PROVIDER, "mfa-delivery"),
    "mfa-delivery-change-password": (TEMPLATE, "mfa-delivery"),
    "mfa-delivery-otp-enroll": (TEMPLATE, "mfa-delivery"),
    "mfa-delivery-otp-verify": (TEMPLATE, "mfa-delivery"),
    "mfa-factor": ("phonemfa:index:Factor", "mfa"),
    "mfa-factor-guardian": (GUARDIAN, "mfa-factor"),
}
BOUND = {"mfa-sender-binding": (BINDING, "mfa-sender")}
LEGACY = {
    "mfa-legacy-sender": ("phonemfa:index:Sender", "mfa"),
    "mfa-legacy-sender-action": (ACTION, "mfa-legacy-sender"),
    "mfa-legacy-sender-binding": (BINDING, "mfa-legacy-sender"),
    "mfa-tenant": ("phonemfa:index:TenantSwitch", "mfa"),
    "mfa-tenant-settings": (TENANT, "mfa-tenant"),
}


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        pytest.param({}, UNIFIED, id="unified"),
        pytest.param({"transition": True, "bindAction": True}, UNIFIED | BOUND | LEGACY, id="both"),
    ],
)
def test_the_state_of_an_earlier_version_knows_every_resource(
    settings: dict[str, Any], known: dict[str, tuple[str, str | None]]
) -> None:
    """By its name and type below its component: another would be made, and this one deleted."""
    found = declare_phone_mfa(**settings)
    names = {one.urn: one.name for one in found.values()}
    assert known == {one.name: (one.type, names.get(one.options.parent)) for one in found.values()}


def test_the_action_is_deployed_on_a_pinned_runtime_and_replaced_by_deleting_first() -> None:
    action = declare_phone_mfa().only(ACTION)
    assert action.inputs["deploy"] is True
    assert action.inputs["runtime"] == "node22"
    assert "dependencies" not in action.inputs, "no npm package goes into it"
    assert action.inputs["supportedTriggers"] == {"id": "custom-phone-provider", "version": "v1"}
    assert not action.options.deleteBeforeReplace, "one that sends would be deleted first"
    assert action.options.deleteBeforeReplaceDefined


def test_the_provider_has_a_name_and_waits_for_the_deployed_action() -> None:
    found = declare_phone_mfa()
    provider = found.only(PROVIDER)
    assert provider.inputs["name"] == "custom"
    assert provider.inputs["credentials"] == {}
    assert provider.inputs["disabled"] is False
    assert found.only(ACTION).urn in provider.options.dependencies


def test_the_provider_waits_for_the_binding_when_a_stack_binds_its_action() -> None:
    found = declare_phone_mfa(bindAction=True)
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
        (["text"], ["sms"]),
        (["voice"], ["voice"]),
        (["text", "voice"], ["sms", "voice"]),
        (["voice", "text"], ["sms", "voice"]),
    ],
)
def test_message_types_follow_the_delivery_methods_in_the_order_of_the_api(
    methods: list[str], types: list[str]
) -> None:
    senders = {"text": "smsSender", "voice": "voiceSender"}
    unused = {senders[one]: None for one in senders.keys() - set(methods)}
    guardian = declare_phone_mfa(deliveryMethods=methods, **unused).only(GUARDIAN)
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
    guardian = declare_phone_mfa(otherFactors={"otp": True, "email": False, "push": False}).only(
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
    action = declare_phone_mfa().only(ACTION)
    assert rpc.is_rpc_secret(action.inputs["secrets"])
    secret, *_ = rpc.unwrap_rpc_secret(action.inputs["secrets"])
    assert secret == {"name": "CPAAS_API_KEY", "value": "canary-key"}


class TestLegacy:
    """A tenant from before July 2025."""

    def test_it_is_one_bound_action_the_tenant_switch_and_one_guardian(self) -> None:
        found = declare_legacy()
        auth0_types = sorted(one.type for one in found.values() if one.type.startswith("auth0:"))
        assert auth0_types == sorted([ACTION, BINDING, TENANT, GUARDIAN])

    def test_the_action_listens_to_the_legacy_trigger(self) -> None:
        found = declare_legacy()
        action, binding = found.only(ACTION), found.only(BINDING)
        assert action.inputs["supportedTriggers"] == {"id": "send-phone-message", "version": "v2"}
        assert "onExecuteSendPhoneMessage" in action.inputs["code"]
        assert binding.inputs["trigger"] == "send-phone-message"

    def test_the_factor_has_the_hook_and_both_texts_in_legacy_variables(self) -> None:
        own = {
            "otp_enroll": {"text": "{{ code }} {{ friendly_name }} enrol", "voice": "{{ code }}"},
            "otp_verify": {"text": "{{ code }} {{tenant.friendly_name}}", "voice": "{{ code }}"},
        }
        phone = declare_legacy(texts=own).only(GUARDIAN).inputs["phone"]
        assert phone == {
            "enabled": True,
            "messageTypes": ["sms", "voice"],
            "provider": "phone-message-hook",
            "options": {
                "enrollmentMessage": '{% if message_type == "voice" %}{{ code }}{% else %}'
                "{{ code }} {{ tenant.friendly_name }} enrol{% endif %}",
                "verificationMessage": '{% if message_type == "voice" %}{{ code }}{% else %}'
                "{{ code }} {{tenant.friendly_name}}{% endif %}",
            },
        }

    @pytest.mark.parametrize(
        ("text", "voice"),
        [
            ("{% if message_type == 'voice' %}{{ code }}{% else %}a {{ code }}{% endif %}", None),
            ("the same {{ code }}", "the same {{ code }}"),
        ],
    )
    def test_a_text_that_serves_both_channels_already_stays_as_it_is(
        self, text: str, voice: str | None
    ) -> None:
        own = {kind: {"text": text, "voice": voice} for kind in ("otp_enroll", "otp_verify")}
        options = declare_legacy(texts=own).only(GUARDIAN).inputs["phone"]["options"]
        assert set(options.values()) == {text}

    def test_users_are_asked_only_after_the_binding_and_the_switch(self) -> None:
        found = declare_legacy()
        needed = {found.only(BINDING).urn, found.only(TENANT).urn}
        assert needed <= set(found.only(GUARDIAN).options.dependencies)

    def test_the_switch_writes_back_what_a_first_write_would_clear(self) -> None:
        tenant = {
            "phoneConsolidatedExperience": False,
            "countryCodes": [{"lists": ["JP"], "mode": "allow"}],
            "defaultRedirectionUri": "https://example.jp/login",
            "defaultTokenQuotas": [
                {
                    "clients": [
                        {"clientCredentials": [{"enforce": True, "perDay": 100, "perHour": 0}]}
                    ],
                    "organizations": [],
                }
            ],
            "errorPages": [{"html": "", "showLogLink": False, "url": "https://example.jp/error"}],
            "mtls": [{"disable": False, "enableEndpointAliases": True}],
            "skipNonVerifiableCallbackUriConfirmationPrompt": "true",
        }
        assert declare_legacy(tenant=tenant).only(TENANT).inputs == {
            "phoneConsolidatedExperience": False,
            "customizeMfaInPostloginAction": True,
            "countryCodes": {"lists": ["JP"], "mode": "allow"},
            "defaultRedirectionUri": "https://example.jp/login",
            "defaultTokenQuota": {
                "clients": {"clientCredentials": {"enforce": True, "perDay": 100}}
            },
            "errorPage": {"html": "", "showLogLink": False, "url": "https://example.jp/error"},
            "mtls": {"enableEndpointAliases": True},
            "skipNonVerifiableCallbackUriConfirmationPrompt": "true",
        }

    def test_the_switch_says_nothing_of_settings_that_the_tenant_does_not_have(self) -> None:
        unset = {
            "phoneConsolidatedExperience": False,
            "countryCodes": [],
            "defaultTokenQuotas": [],
            "errorPages": [{"html": "", "showLogLink": False, "url": ""}],
            "mtls": [],
            "skipNonVerifiableCallbackUriConfirmationPrompt": "null",
        }
        assert declare_legacy(tenant=unset).only(TENANT).inputs == {
            "phoneConsolidatedExperience": False,
            "customizeMfaInPostloginAction": True,
        }


class TestTransition:
    """Moving a tenant from one experience to the other."""

    @pytest.mark.parametrize("to", list(Experience))
    def test_both_senders_and_the_delivery_stand_before_the_tenant_is_switched(
        self, to: Experience
    ) -> None:
        found = declare_transition(to)
        needed = {
            one.urn
            for token in (ACTION, BINDING, PROVIDER, TEMPLATE)
            for one in found.of_type(token)
            # An Action that is bound stands when its binding does.
            if one.name != "mfa-legacy-sender-action"
        }
        assert needed <= set(found.only(TENANT).options.dependencies)
        assert len(found.of_type(ACTION)) == 2

    def test_the_tenant_is_switched_before_the_factor_speaks_the_new_language(self) -> None:
        for to in Experience:
            found = declare_transition(to)
            assert found.only(TENANT).urn in found.only(GUARDIAN).options.dependencies

    def test_the_switch_goes_where_the_stack_says(self) -> None:
        unified = declare_transition(Experience.UNIFIED)
        assert unified.only(TENANT).inputs["phoneConsolidatedExperience"] is True
        assert "provider" not in unified.only(GUARDIAN).inputs["phone"]
        legacy = declare_transition(Experience.LEGACY)
        assert legacy.only(TENANT).inputs["phoneConsolidatedExperience"] is False
        assert legacy.only(GUARDIAN).inputs["phone"]["provider"] == "phone-message-hook"


@pytest.mark.parametrize("experience", list(Experience))
def test_a_contradiction_names_the_one_setting_to_change(experience: Experience) -> None:
    is_unified = experience is Experience.UNIFIED
    assert contradiction(tenant_is_unified=is_unified, experience=experience) is None
    wrong = contradiction(tenant_is_unified=not is_unified, experience=experience)
    actual = "legacy" if is_unified else "unified"
    assert wrong
    assert f"pulumi config set phonemfa:experience {actual}" in wrong
