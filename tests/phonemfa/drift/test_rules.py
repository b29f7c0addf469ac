"""What counts as drift, what repairs it, what of it is the same thing told twice, and what is none.

Every kind of drift is made in a sandbox tenant by its scenario (tests/sandbox/drift); here is what
no scenario does, and what a finding says beside its kind.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.tenant import guardian as factor
from phonemfa.drift.findings import Level, Repair
from tests.phonemfa.drift.worlds import (
    LATER,
    LATER_STILL,
    LEGACY,
    NO_OTHERS,
    UNIFIED,
    WRITTEN,
    World,
    foreign_binding,
    world,
)

CODE, UNDEPLOYED = f"action-code:{UNIFIED}", f"action-undeployed:{UNIFIED}"
SECRETS, NAMES = f"secret-changed:{UNIFIED}", f"secret-names:{UNIFIED}"
SETTINGS = f"action-settings:{UNIFIED}"
EXTRA = {"name": "EXTRA", "updated_at": WRITTEN}

STACKS: list[dict[str, Any]] = [
    {"experience": "unified"},
    {"experience": "unified", "bindAction": False, "deliveryMethods": ["text"]},
    {"experience": "unified", "transition": True},
    {"experience": "unified", "policy": "never", "language": "en"},
    {"experience": "unified", "otherFactors": {"otp": False}},
    {"experience": "unified", "retiredSecrets": ["TWILIO_TOKEN"]},
    {"experience": "legacy"},
    {"experience": "legacy", "transition": True, "policy": "adaptive"},
]


@pytest.mark.parametrize("config", STACKS, ids=str)
def test_where_all_agree_nothing_is_found(config: dict[str, Any]) -> None:
    assert world(**config).findings() == {}


def deploy(at: World, **values: Any) -> None:
    """Another version runs, which is not the stack's own."""
    at.action["deployed_version"] = at.action["deployed_version"] | values


def write_secrets(at: World, *, deployed: bool) -> None:
    """Every secret written again by hand, later than the stack's own deploy."""
    at.action["secrets"] = [one | {"updated_at": LATER} for one in at.action["secrets"]]
    at.action["all_changes_deployed"] = deployed
    if deployed:
        deploy(at, id="another", created_at=LATER_STILL, secrets=at.action["secrets"])


def add_secret(at: World, secret: dict[str, Any] = EXTRA) -> None:
    at.action["secrets"].append(secret)
    at.action["deployed_version"]["secrets"] = at.action["secrets"]


def edit(at: World) -> None:
    """The draft's code, by hand."""
    at.action["code"] += "// by hand"
    at.action["all_changes_deployed"] = False


def turn_round(at: World) -> None:
    at.live.providers[0]["configuration"] = {"delivery_methods": ["voice", "text"]}
    at.set_live(message_types=("voice", "sms"))


def own_deploy(at: World) -> None:
    """The stack's own, of newer secrets: they are older than it."""
    at.action["secrets"] = [one | {"updated_at": LATER} for one in at.action["secrets"]]
    at.action["deployed_version"] |= {"created_at": LATER_STILL, "secrets": at.action["secrets"]}


def untold(at: World) -> None:
    del at.action["deployed_version"]["code"], at.action["deployed_version"]["runtime"]


def add_template(at: World) -> None:
    theirs = {"id": "tem_x", "type": "blocked_account", "disabled": True, "content": {}}
    at.set_live(templates=(*at.live.templates[:-1], theirs))


def were_on(at: World) -> None:
    """Factors that were on before the stack came."""
    guardian = next(one for one in at.resources if one["type"].endswith("Guardian"))
    guardian["outputs"] |= {"otp": True, "duo": {"enabled": True}}
    at.set_live(factors={"sms": True, **NO_OTHERS, "otp": True, "duo": True})


NO_DRIFT: dict[str, Callable[[World], object]] = {
    "lists in another order": turn_round,
    "the same code deployed again": lambda at: deploy(at, id="x", created_at=LATER, number=2),
    "a version that does not tell its code": untold,
    "a deploy of the stack's own": own_deploy,
    "texts of types that the stack does not declare": add_template,
    "factors that were on before": were_on,
}


@pytest.mark.parametrize("change", NO_DRIFT.values(), ids=NO_DRIFT)
def test_what_is_no_drift(change: Callable[[World], object]) -> None:
    at = world()
    change(at)
    assert at.findings() == {}


# --- The Action ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("running", "words"),
    [
        ("declared", "what runs is still the declared code"),
        ("edited", "is deployed and sends"),
        ("// a third", "what runs is neither it nor"),
        (None, "the Action's draft was edited"),
    ],
)
def test_an_edited_draft_is_told_with_what_runs_beside_it(running: str | None, words: str) -> None:
    at = world()
    declared = at.action["code"]
    edit(at)
    at.see("action-0", "code")
    if running:
        known = {"declared": declared, "edited": at.action["code"]}
        deploy(at, code=known.get(running, running))
    else:
        del at.action["deployed_version"]
    finding = at.findings()[CODE]
    assert words in finding.what
    assert finding.repair is Repair.UP
    assert "by hand" not in f"{finding}", "whoever wrote it may have written a key into it"


def test_a_rollback_is_told_though_no_refresh_sees_it() -> None:
    at = world()
    deploy(at, code="older", created_at=LATER, number=3)
    at.action["all_changes_deployed"] = False
    finding = at.finds(UNDEPLOYED, repair=Repair.DEPLOY, since=LATER, recorded=False)
    assert "version 3" in finding.what


@pytest.mark.parametrize("part", ["code", "runtime", "dependencies", "secrets", "flag", "version"])
def test_whatever_the_deployed_version_differs_in_is_told(part: str) -> None:
    at = world()
    version = at.action["deployed_version"]
    values = {
        "code": "x",
        "runtime": "node18-actions",
        "dependencies": [{"name": "a"}],
        "secrets": [one | {"updated_at": "2025-01-01T00:00:00Z"} for one in version["secrets"]],
    }
    if part in values:
        version[part] = values[part]
    elif part == "version":
        del at.action["deployed_version"]
    else:
        untold(at)
    at.action["all_changes_deployed"] = False
    at.finds(UNDEPLOYED)


def test_node_18_has_two_names_and_is_one_runtime() -> None:
    at = world()
    at.action["runtime"] = "node18-actions"
    at.see("action-0", "runtime", runtime="node18")
    at.finds(f"action-runtime:{UNIFIED}", found="node18")


@pytest.mark.parametrize("taken", [False, True])
def test_a_missing_action_is_one_finding_which_blocks_pulumi_up_where_its_place_is_taken(
    taken: bool,
) -> None:
    at = world()
    theirs = {"id": "x", "name": "theirs", "created_at": LATER, "code": ""}
    there = (theirs,) if taken else ()
    at.set_live(actions={UNIFIED: there}, bindings={UNIFIED: ()}, deployed_by_us={})
    at.see("action-0", gone=True)
    at.see("binding-0", gone=True)
    others = ["second-action:theirs"] if taken else []
    at.finds(f"action:{UNIFIED}", *others, repair=Repair.UP, blocks=taken)


def test_a_second_action_that_is_bound_is_one_finding() -> None:
    at = world()
    theirs = {"id": "id-of-theirs", "name": "theirs", "created_at": LATER}
    bindings = (foreign_binding("theirs"), at.live.bindings[UNIFIED][0])
    at.set_live(actions={UNIFIED: (theirs, at.action)}, bindings={UNIFIED: bindings})
    assert "bound" in at.finds("second-action:theirs", repair=Repair.BY_HAND).found


def test_a_twin_of_ours_where_there_is_room_for_many_is_told_unless_it_is_bound() -> None:
    at = world(experience="legacy")
    twin = at.action | {"id": "twin", "deployed_version": None}
    at.set_live(actions={LEGACY: (at.action, twin, twin | {"id": "other", "name": "other"})})
    at.finds(f"second-action:{at.action['name']}/twin", repair=Repair.BY_HAND)
    bound = foreign_binding("x") | {"action": {"id": "twin", "name": "x"}}
    at.set_live(bindings={LEGACY: (*at.live.bindings[LEGACY], bound)})
    at.finds(f"binding:{LEGACY}/x")


def test_a_renamed_action_is_ours_where_the_state_has_its_id() -> None:
    at = world()
    at.action["name"] = "another name"
    found = at.findings()[f"action:{UNIFIED}"]
    assert (found.expected, found.found) == ("ntt-cpaas-phone", "another name")
    at.resources = [one for one in at.resources if not one["type"].endswith(":Action")]
    assert "is gone" in at.findings()[f"action:{UNIFIED}"].what
    at.action["name"] = "ntt-cpaas-phone"
    assert f"action:{UNIFIED}" not in at.findings(), "it is there, under its name"


@pytest.mark.parametrize("place", ["before", "after"])
def test_somebody_elses_binding_is_told_with_its_place_in_the_order(place: str) -> None:
    at = world(experience="legacy")
    ours, theirs = at.live.bindings[LEGACY][0], foreign_binding("theirs")
    at.set_live(bindings={LEGACY: (theirs, ours) if place == "before" else (ours, theirs)})
    assert f"{place} ours" in at.finds(f"binding:{LEGACY}/theirs").found


def test_an_unbound_action_is_drift_only_where_the_stack_binds() -> None:
    bound, unbound = world(), world(bindAction=False)
    for at in (bound, unbound):
        at.set_live(bindings={UNIFIED: ()})
    bound.finds(f"binding:{UNIFIED}")
    assert unbound.findings() == {}
    unbound.set_live(bindings=world().live.bindings)
    assert unbound.findings() == {}, "whether Auth0 binds by itself is not established"


def test_a_binding_under_another_name_is_told() -> None:
    at = world()
    at.live.bindings[UNIFIED][0]["display_name"] = "theirs"
    at.finds(f"binding:{UNIFIED}", what="our binding shows another name", found="theirs")


# --- Secrets: names are in test_official_states.py ------------------------------------------------


def test_a_secret_written_after_the_last_deploy_is_told_with_its_time() -> None:
    at = world()
    write_secrets(at, deployed=True)
    since = "2026-02-01T00:00:00.100000Z"
    finding = at.finds(SECRETS, repair=Repair.BY_HAND, blocks=False, since=since)
    assert "are deployed" in finding.what
    assert finding.how.startswith("if a pulumi up of yours failed then")
    assert "pulumi refresh records" in finding.how


def test_a_secret_that_waits_for_a_deploy_blocks_whatever_would_deploy_it() -> None:
    at = world()
    write_secrets(at, deployed=False)
    at.finds(SECRETS, blocks=True)
    at.action["deployed_version"]["code"] = "older"
    at.finds(UNDEPLOYED, SECRETS, repair=Repair.BY_HAND)
    assert at.findings()[SECRETS].blocks


def test_what_pulumi_knows_to_be_unfinished_is_finished_by_a_plain_up() -> None:
    at = world()
    write_secrets(at, deployed=False)
    (held,) = [one for one in at.resources if one["type"].endswith(":Action")]
    held["initErrors"] = ["updating: 500"]
    finding = at.finds(SECRETS, repair=Repair.BY_HAND, blocks=True)
    assert "pulumi up, without --refresh" in finding.how
    del held["initErrors"]  # as a refresh does
    assert "press Deploy" in at.finds(SECRETS, repair=Repair.BY_HAND, blocks=True).how


def test_a_forgotten_version_makes_the_question_unanswerable_not_clean() -> None:
    at = world()
    write_secrets(at, deployed=True)
    at.set_live(deployed_by_us={})
    at.finds(SECRETS, level=Level.NOTICE)


def test_a_key_that_somebody_took_for_a_secrets_name_is_not_shown() -> None:
    at, key = world(), "0123456789abcdef0123456789abcdef"
    add_secret(at, {"name": key, "updated_at": LATER})
    finding = at.findings()[NAMES]
    assert "added: ****" in finding.found
    assert key not in repr(finding)


def test_a_secret_of_which_the_tenant_tells_no_time_is_still_a_name() -> None:
    at = world()
    for one in at.action["secrets"]:
        del one["updated_at"]
    add_secret(at, {"name": "EXTRA"})
    at.finds(NAMES)


def waiting(**config: Any) -> World:
    """A stack whose file says something that was not applied yet."""
    at = world(**config)
    at.component.update(world().component)
    return at


def test_a_setting_that_the_stack_has_not_applied_yet_is_repaired_by_applying_it() -> None:
    before = world(voiceSender=None, deliveryMethods=["text"])
    at = world(recipientLimit=33, deliveryMethods=["text"])
    at.component.update(before.component)
    at.set_live(actions=before.live.actions)
    at.finds(
        SETTINGS,
        repair=Repair.UP,
        recorded=True,
        expected="RECIPIENT_LIMIT: 33, VOICE_LIMIT: 17, VOICE_SENDER: ****78",
        found="applied: RECIPIENT_LIMIT: 10, VOICE_LIMIT: 5, VOICE_SENDER: none",
    )
    waiting(retiredSecrets=["EXTRA"]).finds(SETTINGS, repair=Repair.UP)


def test_a_change_that_waits_sends_all_secrets_and_so_repairs_what_somebody_wrote() -> None:
    at = waiting(recipientLimit=33)
    gone = at.action["secrets"].pop()["name"]
    write_secrets(at, deployed=False)
    at.finds(NAMES, SETTINGS, SECRETS, found=f"removed: {gone}")
    assert {(one.repair, one.blocks) for one in at.findings().values()} == {(Repair.UP, False)}


def test_a_change_that_waits_is_refused_while_the_action_has_an_undeclared_secret() -> None:
    at = waiting(recipientLimit=33)
    add_secret(at)
    at.finds(NAMES, SETTINGS, repair=Repair.BY_HAND, blocks=True)


# --- Provider and texts --------------------------------------------------------------------------


def test_another_vendor_in_the_providers_place_is_told_with_what_up_will_do_to_it() -> None:
    at = world()
    twilio = {"id": "pro_2", "name": "twilio", "configuration": {"delivery_methods": ["text"]}}
    at.set_live(providers=(twilio,))
    at.see("provider", gone=True)
    finding = at.finds("provider", repair=Repair.UP)
    assert "made anew, another vendor, other delivery methods" in finding.what
    assert "overwrites" in finding.how


def test_a_provider_and_a_text_that_are_gone_are_made_again() -> None:
    at = world()
    gone = f"template:{at.live.templates[0]['type']}"
    at.set_live(providers=(), templates=at.live.templates[1:])
    assert "gone" in at.finds("provider", gone, repair=Repair.UP).what
    at.finds(gone, "provider", repair=Repair.UP)


def test_a_second_provider_is_told_and_left() -> None:
    at = world()
    at.set_live(providers=({"id": "pro_0", "name": "twilio"}, *at.live.providers))
    at.finds("provider:pro_0", repair=Repair.BY_HAND)


def test_a_text_that_was_made_anew_blocks_pulumi_up() -> None:
    at = world()
    at.live.templates[0]["id"] = "tem_new"
    kind = at.live.templates[0]["type"]
    at.see(f"template-{kind}", gone=True)
    at.finds(f"template:{kind}", blocks=True)


def test_a_sender_in_a_text_cannot_be_updated_away() -> None:
    at = world()
    at.live.templates[0]["content"]["from"] = "+815012345678"
    kind = at.live.templates[0]["type"]
    finding = at.finds(f"template:{kind}", repair=Repair.BY_HAND)
    assert "--target-replace 'urn:pulumi:dev::" in finding.how
    assert "5012345678" not in finding.found


def test_a_legacy_tenants_texts_and_provider_are_compared() -> None:
    at = world(experience="legacy")
    texts = {**at.live.legacy_texts, "verification_message": "x {{ code }}"}
    at.set_live(selected_provider="auth0", legacy_texts=texts)
    at.finds("provider", "template:verification_message")
    at.see("guardian", "phone.provider", "phone.options.verificationMessage")
    at.finds("provider", "template:verification_message")


# --- Login --------------------------------------------------------------------------------------


def test_a_factor_that_is_off_is_one_finding_with_all_that_goes_with_it() -> None:
    at = world(experience="legacy")
    at.set_live(factors={"sms": False, **NO_OTHERS}, message_types=None)
    paths = ("phone.enabled", "phone.messageTypes[0]", "phone.provider")
    at.see("guardian", *paths, "phone.options.enrollmentMessage")
    at.finds("factor")


def test_an_empty_policy_list_means_never() -> None:
    at, never = world(), world(policy="never")
    for one in (at, never):
        one.set_live(policies=())
    assert at.finds("policy").recorded, "the state agrees with the tenant"
    at.see("guardian", "policy", policy="never")
    at.finds("policy", recorded=False)
    assert never.findings() == {}


@pytest.mark.parametrize("part", factor.OTHER_FACTORS, ids=lambda part: str(part.field))
def test_an_unnamed_factor_that_was_switched_is_a_notice_and_a_named_one_is_drift(
    part: Any,
) -> None:
    name, key = factor.name_of(part), part.setting.rpartition(".")[2]
    for config, level in ({}, Level.NOTICE), ({"otherFactors": {key: False}}, Level.DRIFT):
        at = world(**config)
        at.set_live(factors={"sms": True, **NO_OTHERS, name: True})
        at.finds(f"other-factor:{name}", level=level)


@pytest.mark.parametrize("part", factor.WITH_DEFAULT, ids=lambda part: str(part.field))
def test_a_part_with_a_default_is_drift_where_the_stack_says_it_and_news_where_it_does_not(
    part: Any,
) -> None:
    usual: dict[str, dict[str, Any]] = {}
    for one in factor.WITH_DEFAULT:
        path, _, name = one.api.rpartition(".")
        usual.setdefault(path, {})[name] = one.default
    path, _, name = part.api.rpartition(".")
    other = not part.default if isinstance(part.default, bool) else part.default + 3600
    changed = usual | {path: usual[path] | {name: other}}
    declaring: dict[str, Any] = {"rememberBrowser": {}, "oneTimeCode": {}} if part.setting else {}
    for config, level in ({}, Level.NOTICE), (declaring, Level.DRIFT):
        at = world(**config)
        at.set_live(mfa_settings=usual)
        assert at.findings() == {}, "as Auth0 has them, and as both blocks say by default"
        at.set_live(mfa_settings=changed)
        is_said = level if part.setting else Level.NOTICE
        at.finds(f"mfa-setting:{factor.name_of(part)}", level=is_said)


def test_what_a_tenant_does_not_tell_is_said_where_the_stack_declares_it() -> None:
    at = world(oneTimeCode={"length": 8})
    assert "oneTimeCode.length" in at.finds("not-compared:guardian", level=Level.NOTICE).what


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_a_switched_tenant_is_one_finding_that_blocks_pulumi_up(experience: str) -> None:
    at = world(experience=experience)
    flipped = {"phone_consolidated_experience": experience == "legacy"}
    at.set_live(settings={**at.live.settings, **flipped}, selected_provider=None, legacy_texts={})
    at.see("guardian", "phone.provider", "phone.options.enrollmentMessage")
    finding = at.finds("tenant-switch:phone_consolidated_experience", blocks=True)
    assert not (experience == "unified" and finding.recorded), "no resource holds it there"


def test_in_a_transition_pulumi_up_switches_the_tenant_itself() -> None:
    at = world(transition=True)
    at.set_live(settings={"phone_consolidated_experience": False})
    at.finds("tenant-switch:phone_consolidated_experience", repair=Repair.UP, blocks=False)


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
    assert at.findings() == {}, "as it was found"
    return at


def test_what_changes_after_a_tenant_was_adopted_is_drift(adopted: World) -> None:
    adopted.action["dependencies"] = []
    adopted.live.providers[0]["disabled"] = False
    adopted.live.templates[0].update(content={"from": "+819012345678"}, disabled=False)
    adopted.set_live(factors={"sms": True, **NO_OTHERS}, message_types=("sms",))
    others = (f"action-dependencies:{UNIFIED}", "provider", "factor")
    template = adopted.finds("template:otp_verify", *others, repair=Repair.UP)
    assert "another sender" in template.what


def test_other_code_that_runs_of_an_adopted_action_is_a_notice_and_never_deployed(
    adopted: World,
) -> None:
    adopted.action["deployed_version"]["code"] = "exports.theirs = 2;"
    adopted.action["all_changes_deployed"] = False
    adopted.finds(UNDEPLOYED, level=Level.NOTICE, repair=Repair.NOTHING)


# --- What the engine sees, and what somebody decided to live with ---------------------------------


def test_what_only_the_engine_sees_is_told_in_its_words() -> None:
    at = world(experience="legacy")
    unknown = at.resources[1] | {"type": "auth0:index/prompt:Prompt", "urn": "urn:x::prompt"}
    at.resources.append(unknown)
    at.see("prompt", "identifierFirst")
    at.see("tenant", "countryCodes.mode", countryCodes={"mode": "deny"})
    at.see("guardian", "phoneNumbers", phoneNumbers="+819012345678")
    ids = ("tenant-setting:countryCodes", "other:phoneNumbers", "other:prompt")
    at.finds(*ids, found="countryCodes: mode: deny")
    assert "9012345678" not in at.findings()["other:phoneNumbers"].found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("phone", "factor"),
        ("phone.messageTypes[1]", "message-types"),
        ("webauthnRoaming.userVerification", "other-factor:webauthn-roaming"),
        ("phoneSettings.otpLength", "mfa-setting:phone/settings.otp_length"),
        ("settings.somethingNew", "other:settings.somethingNew"),
    ],
)
def test_what_the_engine_sees_is_called_as_the_rules_call_it(path: str, kind: str) -> None:
    at = world()
    at.see("guardian", path)
    at.finds(kind)


def test_what_somebody_decided_to_live_with_is_a_notice_and_comes_last() -> None:
    at = world(experience="legacy")
    bindings = (*at.live.bindings[LEGACY], foreign_binding("audit"))
    at.set_live(bindings={LEGACY: bindings}, policies=())
    levels = [one.level for one in at.findings(f"binding:{LEGACY}/audit").values()]
    assert levels == [Level.DRIFT, Level.NOTICE]
