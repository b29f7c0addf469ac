"""What counts as drift, what repairs it, what of it is the same thing told twice, and what is none.

Every kind of drift is made in a sandbox tenant by its scenario (tests/sandbox/drift); here is what
no scenario does, and what a finding says beside its kind.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.guards.finish_failed_writes import ways_out
from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.model import StackSettings
from components.tenant import guardian as factor
from components.tenant import snapshot
from phonemfa.drift.findings import Level, Repair
from phonemfa.drift.look import held
from tests.components.declared import declare
from tests.contract import contract_file, load_json
from tests.sandbox.drift.stacks import CONFIG, LEGACY, TYPES, UNIFIED, World, foreign_binding

CODE, UNDEPLOYED = f"action-code:{UNIFIED}", f"action-undeployed:{UNIFIED}"
SECRETS, NAMES = f"secret-changed:{UNIFIED}", f"secret-names:{UNIFIED}"
SETTINGS, SWITCHED = f"action-settings:{UNIFIED}", "tenant-switch:phone_consolidated_experience"
EARLIER = "2026-01-01T00:00:00.100Z"
LATER, LATER_STILL = "2126-02-01T00:00:00.100Z", "2126-02-01T00:00:00.200Z"
ON_LEGACY = {"experience": "legacy"}

Change = Callable[[World], object]


def found(
    *ids: str, on: dict[str, Any] | None = None, **facts: Any
) -> Callable[[Change], Callable[[], None]]:
    """A test of what is done to an applied stack `on` a config: these are found, and no others."""

    def test_of(change: Change) -> Callable[[], None]:
        def test() -> None:
            at = World(**on or {})
            change(at)
            at.finds(*ids, **facts)

        return test

    return test_of


def runs(at: World, **values: Any) -> None:
    """Another version runs, which is not the stack's own."""
    at.action["deployed_version"] = at.action["deployed_version"] | values


def write_secrets(at: World, *, deployed: bool) -> None:
    """Every secret written again by hand, later than the stack's own deploy."""
    at.action["secrets"] = [one | {"updated_at": LATER} for one in at.action["secrets"]]
    at.action["all_changes_deployed"] = deployed
    if deployed:
        runs(at, id="another", created_at=LATER_STILL, secrets=at.action["secrets"])


def add_secret(at: World, name: str = "EXTRA") -> None:
    at.action["secrets"].append({"name": name, "updated_at": EARLIER})
    at.action["deployed_version"]["secrets"] = at.action["secrets"]


def own_deploy(at: World) -> None:
    """The stack's own, of newer secrets: they are older than it."""
    at.action["secrets"] = [one | {"updated_at": LATER} for one in at.action["secrets"]]
    at.action["deployed_version"] |= {"created_at": LATER_STILL, "secrets": at.action["secrets"]}


def were_on(at: World) -> None:
    """Factors that were on before the stack came."""
    at.held("Guardian")["outputs"] |= {"otp": True, "duo": {"enabled": True}}
    at.switch(otp=True, duo=True)


def turn_round(at: World) -> None:
    at.live.providers[0]["configuration"] = {"delivery_methods": ["voice", "text"]}
    at.live.login[factor.MESSAGE_TYPES] = {"message_types": ["voice", "sms"]}


def text(at: World) -> dict[str, Any]:
    return next(one for one in at.live.templates if one["type"] == "otp_verify")


THEIRS = {"id": "tem_x", "type": "blocked_account", "disabled": True, "content": {}}
AS_APPLIED: list[dict[str, Any]] = [
    {},
    {"bindAction": False, "deliveryMethods": ["text"]},
    {"transition": True},
    {"policy": "never", "language": "en"},
    {"otherFactors": {"otp": False}},
    {"retiredSecrets": ["TWILIO_TOKEN"]},
    ON_LEGACY,
    ON_LEGACY | {"transition": True, "policy": "adaptive"},
]
NO_DRIFT: dict[str, Change] = {
    "lists in another order": turn_round,
    "the same code deployed again": lambda at: runs(at, id="x", created_at=LATER, number=2),
    "a version that does not tell its code": lambda at: runs(at, code=None, runtime=None),
    "a deploy of the stack's own": own_deploy,
    "texts of types that the stack does not declare": lambda at: at.live.templates.append(THEIRS),
    "factors that were on before": were_on,
}


@pytest.mark.parametrize(
    ("config", "change"),
    [
        *(pytest.param(one, lambda _: None, id=f"as applied: {one}") for one in AS_APPLIED),
        *(pytest.param({}, change, id=name) for name, change in NO_DRIFT.items()),
    ],
)
def test_where_all_agree_nothing_is_found(config: dict[str, Any], change: Change) -> None:
    at = World(**config)
    change(at)
    assert at.findings() == {}


# --- The Action ---------------------------------------------------------------------------------


@found(UNDEPLOYED, repair=Repair.DEPLOY, since=LATER, recorded=False, says="version 3")
def test_a_rollback_is_told_though_no_refresh_sees_it(at: World) -> None:
    runs(at, code="older", created_at=LATER, number=3)


@found(f"action-runtime:{UNIFIED}", found="node18")
def test_node_18_has_two_names_and_is_one_runtime(at: World) -> None:
    at.action["runtime"] = "node18-actions"
    at.see("action-0", "runtime", runtime="node18")


@found(f"action-dependencies:{UNIFIED}", expected="none", found="a@1, b@1")
def test_packages_are_told_alike_in_whatever_order_a_tenant_has_them(at: World) -> None:
    at.action["dependencies"] = [{"name": name, "version": "1"} for name in "ba"]


@pytest.mark.parametrize("taken", [False, True])
def test_a_missing_action_is_one_finding_which_blocks_pulumi_up_where_its_place_is_taken(
    taken: bool,
) -> None:
    at = World()
    theirs = [{"id": "x", "name": "theirs", "code": ""}] if taken else []
    at.set_live(actions={UNIFIED: theirs}, bindings={UNIFIED: []}, deployed_by_us={})
    at.see("action-0", gone=True)
    at.see("binding-0", gone=True)
    others = ["second-action:theirs"] if taken else []
    at.finds(f"action:{UNIFIED}", *others, repair=Repair.UP, blocks=taken)


@found("second-action:theirs", repair=Repair.BY_HAND, says="(id-of-theirs), bound")
def test_a_second_action_that_is_bound_is_one_finding(at: World) -> None:
    at.live.actions[UNIFIED].append({"id": "id-of-theirs", "name": "theirs"})
    at.live.bindings[UNIFIED].insert(0, foreign_binding("theirs"))


def test_a_twin_of_ours_where_there_is_room_for_many_is_told_unless_it_is_bound() -> None:
    at = World(**ON_LEGACY)
    twin = at.action | {"id": "id-of-twin", "deployed_version": None}
    at.live.actions[LEGACY] += [twin, twin | {"id": "other", "name": "other"}]
    at.finds("second-action:ntt-cpaas-phone-legacy/id-of-twin", repair=Repair.BY_HAND)
    at.live.bindings[LEGACY].append(foreign_binding("twin"))
    at.finds(f"binding:{LEGACY}/twin")


@pytest.mark.parametrize(("place", "told"), [(0, "before"), (1, "after")])
def test_somebody_elses_binding_is_told_with_its_place(place: int, told: str) -> None:
    at = World(**ON_LEGACY)
    at.live.bindings[LEGACY].insert(place, foreign_binding("theirs"))
    at.finds(f"binding:{LEGACY}/theirs", says=f"runs {told} ours")


@found(f"binding:{UNIFIED}", what="our binding shows another name", found="theirs")
def test_a_binding_under_another_name_is_told(at: World) -> None:
    at.live.bindings[UNIFIED][0]["display_name"] = "theirs"


@pytest.mark.parametrize(
    ("running", "words"),
    [
        ("declared", "what runs is still the declared code"),
        ("edited", "is deployed and sends the messages"),
        ("// a third", "what runs is neither it nor the declared code"),
        (None, "the Action's draft was edited"),
    ],
)
def test_an_edited_draft_is_told_with_what_runs_beside_it(running: str | None, words: str) -> None:
    at = World()
    code = {"declared": at.action["code"], "edited": f"{at.action['code']}// by hand"}
    at.action["code"] = code["edited"]
    at.see("action-0", "code")
    runs(at, code=code.get(running or "", running))
    finding = at.findings()[CODE]
    assert finding.what.endswith(words)
    assert finding.repair is Repair.UP
    assert "by hand" not in f"{finding}", "whoever wrote it may have written a key into it"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ({"code": "x"}, "in code"),
        ({"runtime": "node18-actions"}, "in runtime"),
        ({"dependencies": [{"name": "a"}]}, "in dependencies"),
        ({"secrets": [{"name": "CPAAS_API_KEY", "updated_at": EARLIER}]}, "in secrets"),
        ({"code": None, "runtime": None}, "in something that the tenant does not tell"),
        (None, "was never deployed: no code is sent by it"),
    ],
    ids=["code", "runtime", "dependencies", "secrets", "the flag alone", "no version"],
)
def test_whatever_the_deployed_version_differs_in_is_told(
    version: dict[str, Any] | None, words: str
) -> None:
    at = World()
    at.action["all_changes_deployed"] = False
    at.action["deployed_version"] = version and at.action["deployed_version"] | version
    at.finds(UNDEPLOYED)
    assert at.findings()[UNDEPLOYED].what.endswith(words)


def test_a_renamed_action_is_ours_where_the_state_has_its_id() -> None:
    at = World()
    at.action["name"] = "another name"
    at.finds(f"action:{UNIFIED}", expected="ntt-cpaas-phone", found="another name")
    at.resources.remove(at.held("Action"))
    assert "is gone" in at.findings()[f"action:{UNIFIED}"].what
    at.action["name"] = "ntt-cpaas-phone"
    assert f"action:{UNIFIED}" not in at.findings(), "it is there, under its name"


def test_a_binding_of_ours_that_no_stack_declares_is_no_drift() -> None:
    unbound = World(bindAction=False)
    unbound.live.bindings[UNIFIED].append(foreign_binding("ours") | {"action": unbound.action})
    assert unbound.findings() == {}, "whether Auth0 binds by itself is not established"


# --- When secrets were written --------------------------------------------------------------------


@found(
    SECRETS,
    repair=Repair.BY_HAND,
    blocks=False,
    since="2126-02-01T00:00:00.100000Z",
    says="and are deployed … if a pulumi up of yours failed then … : pulumi refresh records",
)
def test_a_secret_written_after_the_last_deploy_is_told_with_its_time(at: World) -> None:
    write_secrets(at, deployed=True)


@found(SECRETS, repair=Repair.BY_HAND, blocks=True, says="press Deploy")
def test_a_secret_that_waits_for_a_deploy_blocks_whatever_would_deploy_it(at: World) -> None:
    write_secrets(at, deployed=False)


@found(SECRETS, repair=Repair.BY_HAND, blocks=True, says="pulumi up, without --refresh")
def test_what_pulumi_knows_to_be_unfinished_is_finished_by_a_plain_up(at: World) -> None:
    write_secrets(at, deployed=False)
    at.held("Action")["initErrors"] = ["updating: 500"]


@found(SECRETS, level=Level.NOTICE)
def test_a_forgotten_version_makes_the_question_unanswerable_not_clean(at: World) -> None:
    write_secrets(at, deployed=True)
    at.set_live(deployed_by_us={})


@found(NAMES)
def test_a_secret_of_which_the_tenant_tells_no_time_is_still_a_name(at: World) -> None:
    add_secret(at)
    for one in at.action["secrets"]:
        del one["updated_at"]


def test_a_draft_with_foreign_secrets_is_not_deployed() -> None:
    at = World()
    write_secrets(at, deployed=False)
    at.action["deployed_version"]["code"] = "older"
    at.finds(UNDEPLOYED, SECRETS, repair=Repair.BY_HAND)
    assert at.findings()[SECRETS].blocks


def test_a_key_that_somebody_took_for_a_secrets_name_is_not_shown() -> None:
    at, key = World(), "0123456789abcdef0123456789abcdef"
    add_secret(at, key)
    assert key not in repr(at.finds(NAMES, says="added: ****"))


def waiting(**config: Any) -> World:
    """A stack whose file says something that was not applied yet."""
    at = World(**config)
    at.component.update(World().component)
    return at


def test_a_setting_that_the_stack_has_not_applied_yet_is_repaired_by_applying_it() -> None:
    before = World(voiceSender=None, deliveryMethods=["text"])
    at = World(recipientLimit=33, deliveryMethods=["text"])
    at.component.update(before.component)
    theirs, ours = (one.action["secrets"] for one in (before, at))
    ours[:] = [one for one in ours if one["name"] in {each["name"] for each in theirs}]
    at.action["deployed_version"]["secrets"] = ours
    at.finds(
        SETTINGS,
        repair=Repair.UP,
        recorded=True,
        expected="RECIPIENT_LIMIT: 33, VOICE_LIMIT: 17, VOICE_SENDER: ****78",
        found="applied: RECIPIENT_LIMIT: 10, VOICE_LIMIT: 5, VOICE_SENDER: none",
    )
    waiting(retiredSecrets=["EXTRA"]).finds(SETTINGS, repair=Repair.UP)


@found(SETTINGS, repair=Repair.UP, says="CPAAS_BASE_URL: none")
def test_what_an_adopted_action_never_had_waits_and_is_not_called_removed(at: World) -> None:
    at.component.update(World(adopted={"phone": {"enabled": True}}, cpaasBaseHost=None).component)
    at.action["secrets"] = at.action["deployed_version"]["secrets"] = []


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


@found(
    "provider",
    repair=Repair.UP,
    says="made anew, another vendor, other delivery methods … overwrites its configuration",
)
def test_another_vendor_is_told_with_what_pulumi_up_will_do_to_it(at: World) -> None:
    there = {"id": "pro_2", "name": "twilio", "configuration": {"delivery_methods": ["text"]}}
    at.set_live(providers=[there])
    at.see("provider", gone=True)


def test_a_provider_and_a_text_that_are_gone_are_made_again() -> None:
    at = World()
    at.live.providers.clear()
    at.live.templates.remove(text(at))
    for ids in ("provider", "template:otp_verify"), ("template:otp_verify", "provider"):
        at.finds(*ids, repair=Repair.UP, says="gone")


@found("provider:pro_0", repair=Repair.BY_HAND)
def test_a_second_provider_is_told_and_left(at: World) -> None:
    at.live.providers.insert(0, {"id": "pro_0", "name": "twilio"})


@found("template:otp_verify", blocks=True)
def test_a_text_that_was_made_anew_blocks_pulumi_up(at: World) -> None:
    text(at)["id"] = "tem_new"
    at.see("template-otp_verify", gone=True)


@found(
    "template:otp_verify",
    repair=Repair.BY_HAND,
    found="enabled, sender ****78, no text changed",
    says="--target-replace 'urn:pulumi:dev::",
)
def test_a_sender_in_a_text_cannot_be_updated_away(at: World) -> None:
    text(at)["content"]["from"] = "+815012345678"


def test_a_legacy_tenants_texts_and_provider_are_compared_and_told_once() -> None:
    at = World(**ON_LEGACY)
    at.live.login[factor.SELECTED_PROVIDER] = {"provider": "auth0"}
    at.live.login[factor.TEMPLATES] |= {"verification_message": "x {{ code }}"}
    at.finds("provider", "template:verification_message", says="the tenant sends codes itself")
    at.see("guardian", "phone.provider", "phone.options.verificationMessage")
    at.finds("provider", "template:verification_message")


# --- Login --------------------------------------------------------------------------------------


@found("factor", on=ON_LEGACY)
def test_a_factor_that_is_off_is_one_finding_with_all_that_goes_with_it(at: World) -> None:
    at.switch(sms=False)
    # The API still tells what the factor would have.
    at.live.login[factor.MESSAGE_TYPES] = {"message_types": []}
    at.live.login[factor.SELECTED_PROVIDER] = {"provider": "auth0"}
    paths = ("phone.enabled", "phone.messageTypes[0]", "phone.provider")
    at.see("guardian", *paths, "phone.options.enrollmentMessage")


@found(
    "not-compared:guardian",
    on={"oneTimeCode": {"length": 8}},
    level=Level.NOTICE,
    says="oneTimeCode.length",
)
def test_what_a_tenant_does_not_tell_is_said_where_the_stack_declares_it(at: World) -> None:
    del at.live.login[factor.PHONE_SETTINGS]


@pytest.mark.parametrize("experience", ["unified", "legacy"])
def test_a_switched_tenant_is_one_finding_that_blocks_pulumi_up(experience: str) -> None:
    at = World(experience=experience)
    at.live.settings["phone_consolidated_experience"] ^= True
    for one in factor.LEGACY:
        at.live.login.pop(one, None)
    at.see("guardian", "phone.provider", "phone.options.enrollmentMessage")
    finding = at.finds(SWITCHED, blocks=True)
    assert not (experience == "unified" and finding.recorded), "no resource holds it there"


@found(SWITCHED, on={"transition": True}, repair=Repair.UP, blocks=False)
def test_in_a_transition_pulumi_up_switches_the_tenant_itself(at: World) -> None:
    at.live.settings["phone_consolidated_experience"] = False


@found("policy", on={"policy": "adaptive"}, repair=Repair.BY_HAND, blocks=True, says="break-glass")
def test_a_policy_that_was_raised_blocks_as_no_deploy_lowers_it(at: World) -> None:
    at.live.login[factor.POLICIES] = ["all-applications"]


def test_an_empty_policy_list_means_never() -> None:
    at, never = World(), World(policy="never")
    for one in (at, never):
        one.live.login[factor.POLICIES] = []
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
        at = World(**config)
        at.switch(**{name: True})
        at.finds(f"other-factor:{name}", level=level, says=f"{name} was switched on")


@pytest.mark.parametrize("part", factor.WITH_DEFAULT, ids=lambda part: str(part.field))
def test_a_part_with_a_default_is_drift_where_the_stack_says_it_and_news_where_it_does_not(
    part: Any,
) -> None:
    path, _, name = part.api.rpartition(".")
    other = not part.default if isinstance(part.default, bool) else part.default + 3600
    declaring: dict[str, Any] = {"rememberBrowser": {}, "oneTimeCode": {}} if part.setting else {}
    for config, level in ({}, Level.NOTICE), (declaring, Level.DRIFT):
        at = World(**config)
        assert at.findings() == {}, "as Auth0 has them, and as both blocks say by default"
        at.live.login[path][name] = other
        is_said = level if part.setting else Level.NOTICE
        at.finds(f"mfa-setting:{factor.name_of(part)}", level=is_said)


# --- A tenant as it was found --------------------------------------------------------------------


@pytest.fixture
def adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Somebody's Action with a package and secrets of its own, Twilio, the phone switched off."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "found.js").write_text("exports.theirs = 1;", encoding="utf-8")
    action = {
        "name": "theirs",
        "code": "found.js",
        "runtime": "node22",
        "triggerVersion": "v1",
        "dependencies": ["axios@1.7.0"],
        "binding": "Their SMS",
    }
    twilio = {"name": "twilio", "sid": "AC0", "defaultFrom": "+815012345678", "disabled": True}
    at = World(
        adopted={
            "phone": {"enabled": False},
            "action": action,
            "provider": {"deliveryMethods": ["text"], **twilio},
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
    text(adopted).update(content={"from": "+819012345678"}, disabled=False)
    adopted.switch(sms=True)
    others = (f"action-dependencies:{UNIFIED}", "provider", "factor")
    adopted.finds("template:otp_verify", *others, repair=Repair.UP, says="another sender")


def test_other_code_that_runs_of_an_adopted_action_is_a_notice_and_never_deployed(
    adopted: World,
) -> None:
    runs(adopted, code="exports.theirs = 2;")
    adopted.finds(UNDEPLOYED, level=Level.NOTICE, repair=Repair.NOTHING)


# --- What the engine sees, and what somebody decided to live with ---------------------------------


def test_what_only_the_engine_sees_is_told_in_its_words() -> None:
    at = World(**ON_LEGACY)
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
    at = World()
    at.see("guardian", path)
    at.finds(kind)


def test_the_gravest_is_told_first_and_what_somebody_decided_to_live_with_last() -> None:
    at, audit = World(), f"binding:{UNIFIED}/audit"
    at.live.bindings[UNIFIED].append(foreign_binding("audit"))
    at.live.login[factor.POLICIES] = []
    at.action["dependencies"] = [{"name": "left-pad", "version": "1"}]
    text(at)["id"] = "tem_new"
    others = ["policy", f"action-dependencies:{UNIFIED}"]
    assert [*at.findings()] == ["template:otp_verify", others[0], audit, others[1]]
    assert [*at.findings(audit)] == ["template:otp_verify", *others, audit]
    assert at.findings(audit)[audit].level is Level.NOTICE


# --- Names of secrets, whichever plugin and version wrote the state ------------------------------

NOT_COMPARED, BOTH = "not-compared:settings", "added: EXTRA; removed: SMS_SENDER"


def remove_secret(at: World, name: str = "SMS_SENDER") -> None:
    """By hand, and deployed: that version is not the stack's own."""
    at.action["secrets"] = [one for one in at.action["secrets"] if one["name"] != name]
    runs(at, secrets=at.action["secrets"])


def exchange_secrets(at: World) -> None:
    add_secret(at)
    remove_secret(at)


def before_settings(at: World) -> None:
    """The state is of an earlier version of the package."""
    at.component["inputs"], at.component["outputs"] = {}, {"policy": "all-applications"}


# They are deployed: pulumi up makes it no worse. The hook says the same.
@found(NAMES, found="added: EXTRA", repair=Repair.BY_HAND, blocks=False, says=ways_out(["EXTRA"]))
def test_an_added_secret_is_named_with_what_it_stands_in_the_way_of(at: World) -> None:
    add_secret(at)


@found(NAMES, found="added: EXTRA", repair=Repair.BY_HAND, blocks=True)
def test_an_added_secret_that_waits_blocks_whatever_would_deploy_it(at: World) -> None:
    at.action["secrets"] = [*at.action["secrets"], {"name": "EXTRA", "updated_at": EARLIER}]


@pytest.mark.parametrize("name", ["SMS_SENDER", "VOICE_LIMIT"])
def test_a_removed_secret_is_named_with_how_it_comes_back(name: str) -> None:
    at = World()
    remove_secret(at, name)
    at.finds(NAMES, found=f"removed: {name}", says="set a new CPaaS key")


def test_after_a_failed_run_names_are_compared_and_what_cannot_be_is_said() -> None:
    at = World()
    at.component["outputs"] = {}
    what = "the last pulumi up did not finish; what was applied before is unknown"
    at.finds(NOT_COMPARED, level=Level.NOTICE, what=what, says="was not")
    remove_secret(at)
    found = {"found": "removed: SMS_SENDER", "repair": Repair.UP}
    at.finds(NAMES, NOT_COMPARED, **found, says="if it is missing after that: set a new CPaaS key")
    add_secret(at)
    at.finds(NAMES, NOT_COMPARED, found=BOTH, repair=Repair.BY_HAND, blocks=True)


def of_a_version_before(at: World, *names: str) -> None:
    """The version that ran last had no such secrets."""
    for name in names:
        remove_secret(at, name)
    at.set_live(deployed_by_us={at.action["id"]: at.action["deployed_version"]})


OF_SETTINGS = {
    "cpaasBaseHost": ["CPAAS_BASE_URL"],
    "smsSender": ["SMS_SENDER"],
    "voiceSender": ["VOICE_SENDER"],
    "recipientLimit": ["RECIPIENT_LIMIT", "VOICE_LIMIT"],
    "voiceLimit": ["VOICE_LIMIT"],
    "tenantLimit": ["TENANT_LIMIT"],
    "machineDetection": ["MACHINE_DETECTION"],
    "ringTimeout": ["RING_TIMEOUT"],
    "language": ["LANGUAGE"],
    "allowedPrefixes": ["ALLOWED_PREFIXES"],
}


@pytest.mark.parametrize("key", sorted(StackSettings.check("dev", CONFIG).plain()))
@pytest.mark.parametrize("sent", [False, True], ids=["never sent", "sent"])
def test_a_setting_that_came_with_this_version_waits_and_alarms_nobody(
    key: str, sent: bool
) -> None:
    """Whichever it is: an older record lacks its key, and its secrets may not be there."""
    at = World(recipientLimit=33, tenantLimit=500, ringTimeout=20, language="en")
    del at.component["outputs"]["applied"]["settings"][key]
    names = [] if sent else OF_SETTINGS.get(key, [])
    of_a_version_before(at, *names)
    found = at.findings()
    assert all(one.level is Level.NOTICE for one in found.values()), found
    # Without these no settings can be read at all.
    required = {"experience", "deliveryMethods", "policy", *list(OF_SETTINGS)[:3]}
    assert (NOT_COMPARED in found) == (key in required)
    assert (SETTINGS in found) == bool(names)
    if names:
        assert all(f"{name}: none" in found[SETTINGS].found for name in names)
        assert found[SETTINGS].repair is Repair.UP


@pytest.mark.parametrize("earlier", [False, True], ids=["other settings", "no settings"])
def test_after_an_upgrade_what_somebody_took_away_is_told_from_what_waits(earlier: bool) -> None:
    at = World()
    if earlier:
        before_settings(at)
    else:
        del at.component["outputs"]["applied"]["settings"]["tenantLimit"]
    of_a_version_before(at, "TENANT_LIMIT")
    exchange_secrets(at)
    found = at.findings()
    assert found[NAMES].found == BOTH
    assert found[SETTINGS].found == "applied: TENANT_LIMIT: none"
    assert ("earlier version" in f"{found.get(NOT_COMPARED)}") is earlier


@pytest.mark.parametrize(
    "applied",
    [{"settings": one} for one in ({"noSuchSetting": 1}, "[secret]", None)] + [{}, "[secret]", []],
    ids=str,
)
def test_what_this_version_cannot_read_is_said_and_the_rest_compared(applied: Any) -> None:
    at = World()
    at.component["outputs"] = {"applied": applied}
    add_secret(at)
    at.finds(NOT_COMPARED, NAMES, says="not of this version")


@found(NOT_COMPARED, says="more than one component")
def test_two_components_in_one_state_are_not_guessed_about(at: World) -> None:
    at.resources.append(at.component | {"urn": "urn:pulumi:dev::phonemfa::another"})


def test_a_tenant_as_it_was_found_has_no_secrets_that_could_be_compared() -> None:
    at = World(adopted={"phone": {"enabled": False}}, policy="never")
    before_settings(at)
    assert at.findings() == {}


def recorded_states() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each state, and what each preview shows of one, that has an Action in it."""
    folder = contract_file("official")
    for file in sorted(folder.rglob("*.json")):
        for step in load_json(f"official/{file.relative_to(folder)}"):
            preview = step["preview"] or []
            steps = preview["steps"] if isinstance(preview, dict) else preview
            shown = [one["oldState"] for one in steps if one.get("oldState")]
            for resources in step["state_after"] or [], shown:
                if any(one["type"] == TYPES["Action"] for one in resources):
                    yield f"{file.stem}: {step['step']}", resources


def test_what_the_official_plugin_recorded_is_compared_by_names() -> None:
    states = list(recorded_states())
    assert len(states) > 20
    for where, resources in states:
        action = next(one for one in resources if one["type"] == TYPES["Action"])
        trigger = action["outputs"]["supportedTriggers"]["id"]
        at = World(experience="legacy" if trigger == LEGACY else "unified")
        at.action["id"] = action["id"]
        at.set_live(deployed_by_us={action["id"]: at.action["deployed_version"]})
        at.resources = [at.component, *resources]
        exchange_secrets(at)
        assert at.findings()[f"secret-names:{trigger}"].found == BOTH, where


# --- How much was compared ------------------------------------------------------------------------

_LISTS = ("countryCodes", "defaultTokenQuotas", "errorPages", "mtls")
_PROMPT = "skipNonVerifiableCallbackUriConfirmationPrompt"
UNSET: dict[str, Any] = {**{name: [] for name in _LISTS}, _PROMPT: "null"}


@pytest.mark.parametrize(
    "settings",
    [
        *({}, {"bindAction": False}, {"deliveryMethods": ["text"]}, {"transition": True}),
        *(ON_LEGACY | {"bindAction": None}, ON_LEGACY | {"transition": True}),
    ],
    ids=str,
)
def test_what_is_compared_is_what_up_makes(settings: dict[str, Any]) -> None:
    values = {key: one for key, one in (CONFIG | settings).items() if one is not None}
    declared = snapshot.declared(StackSettings.check("test", values))

    def program() -> None:
        key = pulumi.Output.secret("key")
        PhoneMfa("mfa", PhoneMfaArgs(declared=declared, cpaas_api_key=key))

    made = declare(program, tenant=UNSET).values()
    ours = [one.type for one in made if one.type.startswith("auth0")]
    assert len(held(declared)) == len(ours), ours
