"""What one stack declares, and the options that keep the provider's traps shut."""

from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.model import StackSettings
from components.settings.stack_config import Loaded
from components.tenant import snapshot
from components.vocabulary import Experience
from tests.components.conftest import NOBODY
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


# --- Which resources there are, and what waits for what ------------------------------------------

FACTOR = {
    "mfa": ("phonemfa:index:PhoneMfa", None),
    "mfa-factor": ("phonemfa:index:Factor", "mfa"),
    "mfa-factor-guardian": (GUARDIAN, "mfa-factor"),
}
UNIFIED = {
    "mfa-sender": ("phonemfa:index:Sender", "mfa"),
    "mfa-sender-action": (ACTION, "mfa-sender"),
    "mfa-delivery": ("phonemfa:index:Delivery", "mfa"),
    "mfa-delivery-provider": (PROVIDER, "mfa-delivery"),
    "mfa-delivery-change-password": (TEMPLATE, "mfa-delivery"),
    "mfa-delivery-otp-enroll": (TEMPLATE, "mfa-delivery"),
    "mfa-delivery-otp-verify": (TEMPLATE, "mfa-delivery"),
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
        pytest.param({"experience": "legacy"}, LEGACY, id="legacy"),
        pytest.param({"transition": True, "bindAction": True}, UNIFIED | BOUND | LEGACY, id="both"),
    ],
)
def test_the_state_of_an_earlier_version_knows_every_resource(
    settings: dict[str, Any], known: dict[str, tuple[str, str | None]]
) -> None:
    """By its name and type below its component: another would be made, and this one deleted."""
    found = declare_phone_mfa(**settings, opts=pulumi.ResourceOptions(protect=True))
    assert all(one.request.protect for one in found.values())
    names = {one.urn: one.name for one in found.values()}
    there = {one.name: (one.type, names.get(one.request.parent)) for one in found.values()}
    assert there == FACTOR | known


TO_LEGACY = {"experience": "legacy", "transition": True}
STANDING = [PROVIDER, TEMPLATE, BINDING, "mfa-sender-action"]


@pytest.mark.parametrize(
    ("settings", "waits", "needs"),
    [
        pytest.param({}, PROVIDER, [ACTION], id="a provider for the deployed Action"),
        pytest.param({"bindAction": True}, PROVIDER, [BINDING], id="or for its binding"),
        pytest.param({}, GUARDIAN, [PROVIDER, TEMPLATE], id="the factor for the delivery"),
        pytest.param({"experience": "legacy"}, GUARDIAN, [BINDING, TENANT], id="or for the switch"),
        # An Action that is bound stands when its binding does.
        pytest.param({"transition": True}, TENANT, STANDING, id="the switch for both senders"),
        pytest.param(TO_LEGACY, TENANT, STANDING, id="and on the way back"),
        pytest.param({"transition": True}, GUARDIAN, [TENANT], id="the factor for the move"),
        pytest.param(TO_LEGACY, GUARDIAN, [TENANT], id="and for the way back"),
    ],
)
def test_users_are_asked_for_codes_only_after_codes_can_be_delivered(
    settings: dict[str, Any], waits: str, needs: list[str]
) -> None:
    found = declare_phone_mfa(**settings)
    needed = [one for one in found.values() if {one.type, one.name} & set(needs)]
    assert {one.type for one in needed} >= {ACTION if "action" in one else one for one in needs}
    assert {one.urn for one in needed} <= set(found.only(waits).request.dependencies)


# --- What each is declared as --------------------------------------------------------------------


def test_the_action_is_deployed_on_a_pinned_runtime_and_replaced_by_creating_first() -> None:
    found = declare_phone_mfa()
    action = found.only(ACTION)
    assert (action.inputs["deploy"], action.inputs["runtime"]) == (True, "node22")
    assert "dependencies" not in action.inputs, "no npm package goes into it"
    assert action.inputs["supportedTriggers"] == {"id": "custom-phone-provider", "version": "v1"}
    assert not action.request.deleteBeforeReplace, "one that sends would be deleted first"
    assert action.request.deleteBeforeReplaceDefined


@pytest.mark.parametrize("kind", [TEMPLATE, BINDING, PROVIDER, GUARDIAN])
def test_what_a_tenant_has_one_of_is_not_deleted_after_its_replacement_was_made(kind: str) -> None:
    found = declare_phone_mfa(bindAction=True).of_type(kind)
    assert found
    assert all(one.request.deleteBeforeReplace for one in found)


def test_the_provider_has_a_name_and_what_is_bound_is_its_action() -> None:
    found = declare_phone_mfa(bindAction=True)
    inputs = found.only(PROVIDER).inputs
    inputs.pop("configuration")
    assert inputs == {"name": "custom", "credentials": {}, "disabled": False}
    binding = found.only(BINDING).inputs
    assert (binding["trigger"], binding["actionId"]) == (
        *("custom-phone-provider", "mfa-sender-action-id"),
    )


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


PLAIN, BLOCKS = {"email", "otp", "recoveryCode"}, {"webauthnRoaming", "webauthnPlatform", "duo"}


@pytest.mark.parametrize(
    ("named", "declared"),
    [
        ({}, dict.fromkeys(PLAIN, False)),
        (
            {"otp": True, "email": False, "push": False},
            {"otp": True, "email": False, "recoveryCode": False, "push": {"enabled": False}},
        ),
    ],
)
def test_a_factor_is_declared_as_named_and_watched_and_one_that_is_not_is_never_written(
    named: dict[str, bool], declared: dict[str, Any]
) -> None:
    guardian = declare_phone_mfa(otherFactors=named).only(GUARDIAN)
    others = PLAIN | BLOCKS | {"push"}
    assert {key: guardian.inputs[key] for key in others & set(guardian.inputs)} == declared
    assert set(guardian.request.ignoreChanges) == others - set(named)


def test_a_secret_stays_a_secret_on_its_way_to_the_action() -> None:
    action = declare_phone_mfa().only(ACTION)
    assert rpc.is_rpc_secret(action.inputs["secrets"])
    secret, *_ = rpc.unwrap_rpc_secret(action.inputs["secrets"])
    assert secret == {"name": "CPAAS_API_KEY", "value": "canary-key"}


DECLARED = {
    "rememberBrowser": {"shown": True, "ticked": False, "inactivity": "12h", "overall": "7d"},
    "oneTimeCode": {"length": 8, "lifetime": "10m"},
}


@pytest.mark.parametrize("declare", [declare_phone_mfa, declare_legacy])
def test_they_are_declared_where_the_stack_says_so_and_not_else(declare: Any) -> None:
    silent = declare().only(GUARDIAN)
    assert not {"settings", "phoneSettings", "emailSettings"} & set(silent.inputs)
    said = declare(**DECLARED).only(GUARDIAN)
    assert said.inputs["settings"] == {
        "displayRememberMeCheckbox": True,
        "rememberMeDefaultValue": False,
        "mfaSessionInactivityTimeout": 43_200,
        "mfaSessionOverallTimeout": 604_800,
    }
    assert said.inputs["phoneSettings"] == {"otpLength": 8, "otpExpirationTime": 600}
    assert not {"settings", "phoneSettings"} & set(said.request.ignoreChanges)


# --- A tenant from before July 2025, and its way to the other generation -------------------------


def test_a_legacy_action_listens_to_the_legacy_trigger() -> None:
    found = declare_legacy()
    action, binding = found.only(ACTION), found.only(BINDING)
    assert action.inputs["supportedTriggers"] == {"id": "send-phone-message", "version": "v2"}
    assert "onExecuteSendPhoneMessage" in action.inputs["code"]
    assert binding.inputs["trigger"] == "send-phone-message"


FRAME = '{% if message_type == "voice" %}'
FRAMED = "{% if message_type == 'voice' %}{{ code }}{% else %}a {{ code }}{% endif %}"


@pytest.mark.parametrize(
    ("text", "voice", "sent"),
    [
        (
            "{{ code }} {{ friendly_name }} enrol",
            "{{ code }}",
            FRAME + "{{ code }}{% else %}{{ code }} {{ tenant.friendly_name }} enrol{% endif %}",
        ),
        (
            "{{ code }} {{tenant.friendly_name}}",
            "{{ code }}",
            FRAME + "{{ code }}{% else %}{{ code }} {{tenant.friendly_name}}{% endif %}",
        ),
        pytest.param(FRAMED, None, FRAMED, id="one that serves both channels already"),
        pytest.param(
            "the same {{ code }}", "the same {{ code }}", "the same {{ code }}", id="same"
        ),
    ],
)
def test_the_factor_has_the_hook_and_both_texts_in_legacy_variables(
    text: str, voice: str | None, sent: str
) -> None:
    own = {
        "otp_enroll": {"text": text, "voice": voice},
        "otp_verify": {"text": "of verify {{ code }}", "voice": "of verify {{ code }}"},
    }
    assert declare_legacy(texts=own).only(GUARDIAN).inputs["phone"] == {
        "enabled": True,
        "messageTypes": ["sms", "voice"],
        "provider": "phone-message-hook",
        "options": {"enrollmentMessage": sent, "verificationMessage": "of verify {{ code }}"},
    }


def test_the_switch_goes_where_the_stack_says() -> None:
    for to, hook in ((Experience.UNIFIED, None), (Experience.LEGACY, "phone-message-hook")):
        found = declare_transition(to)
        unified = found.only(TENANT).inputs["phoneConsolidatedExperience"]
        assert unified is (to is Experience.UNIFIED)
        assert found.only(GUARDIAN).inputs["phone"].get("provider") == hook


QUOTA = {"enforce": True, "perDay": 100, "perHour": 0}
KEPT_QUOTA = {"clients": {"clientCredentials": {"enforce": True, "perDay": 100}}}
ERROR_PAGE = {"html": "", "showLogLink": False, "url": "https://example.jp/error"}
UNSET = {
    "phoneConsolidatedExperience": False,
    "countryCodes": [],
    "defaultTokenQuotas": [],
    "errorPages": [{**ERROR_PAGE, "url": ""}],
    "mtls": [],
    "skipNonVerifiableCallbackUriConfirmationPrompt": "null",
}
HAS = {
    "phoneConsolidatedExperience": False,
    "countryCodes": [{"lists": ["JP"], "mode": "allow"}],
    "defaultRedirectionUri": "https://example.jp/login",
    "defaultTokenQuotas": [{"clients": [{"clientCredentials": [QUOTA]}], "organizations": []}],
    "errorPages": [ERROR_PAGE],
    "mtls": [{"disable": False, "enableEndpointAliases": True}],
    "skipNonVerifiableCallbackUriConfirmationPrompt": "true",
}


@pytest.mark.parametrize(
    ("tenant", "written"),
    [
        (UNSET, {}),
        (
            HAS,
            {
                "countryCodes": {"lists": ["JP"], "mode": "allow"},
                "defaultRedirectionUri": "https://example.jp/login",
                "defaultTokenQuota": KEPT_QUOTA,
                "errorPage": ERROR_PAGE,
                "mtls": {"enableEndpointAliases": True},
                "skipNonVerifiableCallbackUriConfirmationPrompt": "true",
            },
        ),
    ],
    ids=["nothing", "all"],
)
def test_the_switch_writes_back_what_the_tenant_has_and_a_first_write_would_clear(
    tenant: dict[str, Any], written: dict[str, Any]
) -> None:
    switched = {"phoneConsolidatedExperience": False, "customizeMfaInPostloginAction": True}
    assert declare_legacy(tenant=tenant).only(TENANT).inputs == switched | written


@pytest.mark.parametrize("enforce", [True, False])
@pytest.mark.parametrize(
    "limits", [{}, {"perDay": 100}, {"perHour": 9}, {"perDay": 1, "perHour": 2}]
)
def test_a_token_quota_stays_as_it_is_whether_or_not_it_is_enforced(
    enforce: bool, limits: dict[str, int]
) -> None:
    """Left out, `enforce` would be true: the provider's default."""
    quota = QUOTA | {"perDay": 0, "enforce": enforce} | limits
    quotas = [{"clients": [{"clientCredentials": [quota]}], "organizations": []}]
    tenant = UNSET | {"defaultTokenQuotas": quotas}
    kept = declare_legacy(tenant=tenant).only(TENANT).inputs["defaultTokenQuota"]
    assert kept == {"clients": {"clientCredentials": {"enforce": enforce, **limits}}}


# --- What looks before each write ----------------------------------------------------------------

NAMED = "[dev]\ntenant = 't'\n"
ALWAYS = {"GenerationGuard", "CreationGuard", "FinishFailedWrites", "PolicyLast"}


@pytest.mark.parametrize(
    ("owners", "settings", "more"),
    [
        ("", {}, {"SameAddresses"}),
        (NAMED, {}, set()),
        (NAMED, {"oneTimeCode": {"length": 8}, "transition": True}, {"EntitlementGuard"}),
    ],
)
def test_a_stack_has_every_guard_that_it_needs(
    tmp_path: Path, owners: str, settings: dict[str, Any], more: set[str]
) -> None:
    if owners:
        (tmp_path / "tenants.toml").write_text(owners, "utf-8")
    checked = StackSettings.check("dev", GOOD | settings)
    key: Any = None  # none of them looks at it
    loaded = Loaded(settings=checked, cpaas_api_key=key, tenant=NOBODY, project=tmp_path)
    guards = {type(one).__name__: one for one in PhoneMfaArgs.of(loaded).guards}
    assert set(guards) == ALWAYS | more
    asks = vars(guards["GenerationGuard"])["_experience"]
    assert asks is (None if checked.transition else checked.experience), "while it moves: either"
