"""What counts as drift, what of it is the same thing told twice, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.tenant import guardian as factor
from phonemfa.drift.findings import Level, Repair
from tests.phonemfa.drift.worlds import (
    LATER,
    NO_OTHERS,
    World,
    dict_of,
    foreign_binding,
    world,
)

STACKS: list[dict[str, Any]] = [
    {"experience": "unified"},
    {"experience": "unified", "bindAction": False, "deliveryMethods": ["text"]},
    {"experience": "unified", "transition": True},
    {"experience": "unified", "policy": "never", "language": "en"},
    {"experience": "unified", "otherFactors": {"otp": False}},
    {"experience": "legacy"},
    {"experience": "legacy", "transition": True, "policy": "adaptive"},
]
UNIFIED, LEGACY = "custom-phone-provider", "send-phone-message"


@pytest.mark.parametrize("config", STACKS, ids=str)
def test_where_all_agree_nothing_is_found(config: dict[str, Any]) -> None:
    assert world(**config).findings() == {}


# --- Provider and texts --------------------------------------------------------------------------


def test_another_vendor_in_the_providers_place_is_told_with_what_up_will_do_to_it() -> None:
    at = world()
    twilio = {"id": "pro_2", "name": "twilio", "configuration": {"delivery_methods": ["text"]}}
    at.set_live(providers=(twilio,))
    at.see("provider", gone=True)
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == ("provider", Repair.UP)
    assert "made anew, another vendor, other delivery methods" in finding.what
    assert "overwrites" in finding.how


def test_a_provider_and_a_text_that_are_gone_are_made_again() -> None:
    at = world()
    kind = at.live.templates[0]["type"]
    at.set_live(providers=(), templates=at.live.templates[1:])
    found = at.findings()
    assert set(found) == {"provider", f"template:{kind}"}
    assert {one.repair for one in found.values()} == {Repair.UP}
    assert "gone" in found["provider"].what


def test_a_second_provider_is_told_and_left() -> None:
    at = world()
    at.set_live(providers=({"id": "pro_0", "name": "twilio"}, *at.live.providers))
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == ("provider:pro_0", Repair.BY_HAND)


def test_delivery_methods_have_no_order() -> None:
    at = world()
    dict_of(at.live.providers[0])["configuration"] = {"delivery_methods": ["voice", "text"]}
    assert at.findings() == {}


def test_a_text_that_was_made_anew_blocks_pulumi_up() -> None:
    at = world()
    dict_of(at.live.templates[0])["id"] = "tem_new"
    kind = at.live.templates[0]["type"]
    at.see(f"template-{kind}", gone=True)
    (finding,) = at.findings().values()
    assert (finding.id, finding.blocks) == (f"template:{kind}", True)


def test_a_sender_in_a_text_cannot_be_updated_away() -> None:
    at = world()
    template = dict_of(at.live.templates[0])
    template["content"] = {**template["content"], "from": "+815012345678"}
    (finding,) = at.findings().values()
    assert finding.repair is Repair.BY_HAND
    assert "--target-replace 'urn:pulumi:dev::" in finding.how
    assert "5012345678" not in finding.found


def test_texts_of_types_that_the_stack_does_not_declare_are_nobodys_business_here() -> None:
    at = world()
    theirs = {"id": "tem_x", "type": "blocked_account", "disabled": True, "content": {}}
    at.set_live(templates=(*at.live.templates[:-1], theirs))
    assert at.findings() == {}


def test_a_legacy_tenants_texts_and_provider_are_compared() -> None:
    at = world(experience="legacy")
    texts = {**at.live.legacy_texts, "verification_message": "x {{ code }}"}
    at.set_live(selected_provider="auth0", legacy_texts=texts)
    assert set(at.findings()) == {"provider", "template:verification_message"}
    at.see("guardian", "phone.provider", "phone.options.verificationMessage")
    assert set(at.findings()) == {"provider", "template:verification_message"}


# --- Login --------------------------------------------------------------------------------------


def test_a_factor_that_is_off_is_one_finding_with_all_that_goes_with_it() -> None:
    at = world(experience="legacy")
    at.set_live(factors={"sms": False, **NO_OTHERS}, message_types=None)
    paths = ("phone.enabled", "phone.messageTypes[0]", "phone.provider")
    at.see("guardian", *paths, "phone.options.enrollmentMessage")
    assert set(at.findings()) == {"factor"}


def test_an_empty_policy_list_means_never() -> None:
    at, never = world(), world(policy="never")
    for one in (at, never):
        one.set_live(policies=())
    assert set(at.findings()) == {"policy"}
    assert never.findings() == {}


def test_message_types_have_no_order() -> None:
    at = world()
    at.set_live(message_types=("voice", "sms"))
    assert at.findings() == {}
    at.set_live(message_types=("voice",))
    assert set(at.findings()) == {"message-types"}


@pytest.mark.parametrize("factor", NO_OTHERS)
def test_an_unnamed_factor_that_was_switched_is_a_notice_and_a_named_one_is_drift(
    factor: str,
) -> None:
    on = {"sms": True, **NO_OTHERS, factor: True}
    key = {"recovery-code": "recoveryCode", "push-notification": "push"}.get(factor)
    camel = key or factor.replace("-r", "R").replace("-p", "P")
    for config, level in ({}, Level.NOTICE), ({"otherFactors": {camel: False}}, Level.DRIFT):
        at = world(**config)
        at.set_live(factors=on)
        (finding,) = at.findings().values()
        assert (finding.id, finding.level) == (f"other-factor:{factor}", level)


def test_a_factor_that_was_on_before_the_stack_is_no_news() -> None:
    at = world()
    guardian = next(one for one in at.resources if one["type"].endswith("Guardian"))
    guardian["outputs"] |= {"otp": True, "duo": {"enabled": True}}
    at.set_live(factors={"sms": True, **NO_OTHERS, "otp": True, "duo": True})
    assert at.findings() == {}


REMEMBERED = {
    "display_remember_me_checkbox": True,
    "remember_me_default_value": False,
    "mfa_session_inactivity_timeout": 604_800,
    "mfa_session_overall_timeout": 2_592_000,
}
CODES = {"otp_length": 6, "otp_expiration_time": 300}


def mfa_settings(remembered: dict[str, Any], codes: dict[str, Any]) -> dict[str, Any]:
    return {
        factor.SETTINGS: REMEMBERED | remembered,
        factor.PHONE_SETTINGS: CODES | codes,
        factor.EMAIL_SETTINGS: CODES,
    }


@pytest.mark.parametrize("name", [*REMEMBERED, *CODES])
def test_an_mfa_setting_is_drift_where_the_stack_declares_it_and_news_where_it_does_not(
    name: str,
) -> None:
    changed = {name: not REMEMBERED[name]} if "remember_me" in name else {name: 7_200 + len(name)}
    own = (changed, {}) if name in REMEMBERED else ({}, changed)
    declaring: dict[str, Any] = {"rememberBrowser": {}, "oneTimeCode": {}}
    for config, level in ({}, Level.NOTICE), (declaring, Level.DRIFT):
        at = world(**config)
        at.set_live(mfa_settings=mfa_settings({}, {}))
        assert at.findings() == {}, "as Auth0 has them, and as both blocks say by default"
        at.set_live(mfa_settings=mfa_settings(*own))
        (finding,) = at.findings().values()
        assert (finding.kind, finding.level) == ("mfa-setting", level)
        assert finding.id.endswith(name)


def test_mfa_settings_that_a_tenant_does_not_tell_are_said_where_the_stack_declares_them() -> None:
    assert world().findings() == {}
    (finding,) = world(oneTimeCode={"length": 8}).findings().values()
    assert (finding.id, finding.level) == ("not-compared:guardian", Level.NOTICE)
    assert "oneTimeCode.length" in finding.what


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_a_switched_tenant_is_one_finding_that_blocks_pulumi_up(experience: str) -> None:
    at = world(experience=experience)
    flipped = {"phone_consolidated_experience": experience == "legacy"}
    at.set_live(settings={**at.live.settings, **flipped}, selected_provider=None, legacy_texts={})
    at.see("guardian", "phone.provider", "phone.options.enrollmentMessage")
    (finding,) = at.findings().values()
    assert (finding.id, finding.blocks) == ("tenant-switch:phone_consolidated_experience", True)
    assert not (experience == "unified" and finding.recorded), "no resource holds it there"


def test_in_a_transition_pulumi_up_switches_the_tenant_itself() -> None:
    at = world(transition=True)
    at.set_live(settings={"phone_consolidated_experience": False})
    (finding,) = at.findings().values()
    assert (finding.repair, finding.blocks) == (Repair.UP, False)


# --- A tenant as it was found --------------------------------------------------------------------


@pytest.fixture
def adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Somebody's Action with a package and secrets of its own, Twilio, the phone switched off."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "found.js").write_text("exports.theirs = 1;", encoding="utf-8")
    action = {
        "name": "theirs",
        "code": "found.js",
        "runtime": "node18",
        "triggerVersion": "v1",
        "dependencies": ["axios@1.7.0"],
        "binding": "Their SMS",
    }
    at = world(
        adopted={
            "phone": {"enabled": False},
            "action": action,
            "provider": {"name": "twilio", "deliveryMethods": ["text"], "disabled": True},
            "templates": {"otp_verify": {"from": "+815012345678", "disabled": True}},
        },
        policy="never",
    )
    at.action["secrets"] = [{"name": "TWILIO_TOKEN", "updated_at": LATER}]
    return at


def test_a_tenant_as_it_was_found_has_no_drift(adopted: World) -> None:
    assert adopted.findings() == {}


def test_what_changes_after_a_tenant_was_adopted_is_drift(adopted: World) -> None:
    adopted.action["dependencies"] = []
    dict_of(adopted.live.providers[0])["disabled"] = False
    content = {"from": "+819012345678"}
    dict_of(adopted.live.templates[0]).update(content=content, disabled=False)
    adopted.set_live(factors={"sms": True, **NO_OTHERS}, message_types=("sms",))
    found = adopted.findings()
    kinds = {one.kind for one in found.values()}
    assert kinds == {"action-dependencies", "provider", "template", "factor"}
    template = found["template:otp_verify"]
    assert (template.repair, "another sender" in template.what) == (Repair.UP, True)


def test_other_code_that_runs_of_an_adopted_action_is_a_notice_and_never_deployed(
    adopted: World,
) -> None:
    adopted.action["deployed_version"]["code"] = "exports.theirs = 2;"
    adopted.action["all_changes_deployed"] = False
    (finding,) = adopted.findings().values()
    assert finding.id == f"action-undeployed:{UNIFIED}"
    assert (finding.level, finding.repair) == (Level.NOTICE, Repair.NOTHING)


def test_secrets_that_an_adopted_action_had_are_declared_until_they_are_gone() -> None:
    at = world(retiredSecrets=["TWILIO_TOKEN"])
    assert at.findings() == {}
    assert "TWILIO_TOKEN" in {one["name"] for one in at.action["secrets"]}


# --- What the engine sees ------------------------------------------------------------------------


def test_drift_that_the_state_agrees_with_is_told_as_such() -> None:
    at = world()
    at.set_live(policies=())
    assert at.findings()["policy"].recorded
    at.see("guardian", "policy", policy="never")
    assert not at.findings()["policy"].recorded


def test_what_only_the_engine_sees_is_told_in_its_words() -> None:
    at = world(experience="legacy")
    at.see("tenant", "countryCodes.mode", countryCodes={"mode": "deny"})
    at.see("guardian", "phoneNumbers", phoneNumbers="+819012345678")
    found = at.findings()
    assert set(found) == {"tenant-setting:countryCodes", "other:phoneNumbers"}
    assert found["tenant-setting:countryCodes"].found == "countryCodes: mode: deny"
    assert "9012345678" not in found["other:phoneNumbers"].found


def test_a_resource_of_a_type_that_no_rule_knows_is_not_lost() -> None:
    at = world()
    unknown = at.resources[0] | {"type": "auth0:index/prompt:Prompt", "urn": "urn:x::prompt"}
    at.resources.append(unknown)
    at.see("prompt", "identifierFirst")
    assert set(at.findings()) == {"other:prompt"}


def test_drift_comes_before_notices() -> None:
    at = world(experience="legacy")
    bindings = (*at.live.bindings[LEGACY], foreign_binding("audit"))
    at.set_live(bindings={LEGACY: bindings}, policies=())
    levels = [one.level for one in at.findings(f"binding:{LEGACY}/audit").values()]
    assert levels == [Level.DRIFT, Level.NOTICE]
