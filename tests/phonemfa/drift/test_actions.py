"""Drift of an Action: its code, what runs of it, its secrets, its company and its bindings."""

from __future__ import annotations

import pytest

from phonemfa.drift.findings import Level, Repair
from tests.phonemfa.drift.worlds import (
    LATER,
    LATER_STILL,
    WRITTEN,
    World,
    foreign_binding,
    world,
)

UNIFIED, LEGACY = "custom-phone-provider", "send-phone-message"
SECRETS = f"secret-changed:{UNIFIED}"


def write_secrets(at: World, *, deployed: bool) -> None:
    """Every secret written again by hand, later than the stack's own deploy."""
    at.action["secrets"] = [one | {"updated_at": LATER} for one in at.action["secrets"]]
    at.action["all_changes_deployed"] = deployed
    if deployed:
        at.action["deployed_version"] = at.action["deployed_version"] | {
            "id": "another",
            "created_at": LATER_STILL,
            "secrets": at.action["secrets"],
        }


# --- The Action ---------------------------------------------------------------------------------


def test_an_edited_draft_is_told_from_edited_code_that_runs() -> None:
    at = world()
    at.action["code"] += "// by hand"
    at.see("action-0", "code")
    at.action["all_changes_deployed"] = False
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == (f"action-code:{UNIFIED}", Repair.UP)
    assert "what runs is still the declared code" in finding.what
    assert "by hand" not in f"{finding}", "whoever wrote it may have written a key into it"

    at.action["deployed_version"]["code"] = at.action["code"]
    assert "is deployed and sends" in at.findings()[f"action-code:{UNIFIED}"].what


def test_a_rollback_is_told_though_no_refresh_sees_it() -> None:
    at = world()
    at.action["deployed_version"] |= {"code": "older", "created_at": LATER, "number": 3}
    at.action["all_changes_deployed"] = False
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == (f"action-undeployed:{UNIFIED}", Repair.DEPLOY)
    assert (finding.since, "version 3" in finding.what) == (LATER, True)
    assert not finding.recorded, "the state never holds the deployed code"


@pytest.mark.parametrize("part", ["code", "runtime", "dependencies", "secrets", "flag", "version"])
def test_whatever_the_deployed_version_differs_in_is_told(part: str) -> None:
    at = world()
    version = at.action["deployed_version"]
    older = {
        "secrets": [one | {"updated_at": "2025-01-01T00:00:00Z"} for one in version["secrets"]]
    }
    values = {"code": "x", "runtime": "node18-actions", "dependencies": [{"name": "a"}], **older}
    if part in values:
        version[part] = values[part]
    at.action["all_changes_deployed"] = False
    if part == "version":
        del at.action["deployed_version"]
    assert set(at.findings()) == {f"action-undeployed:{UNIFIED}"}


def test_a_version_that_does_not_tell_its_code_is_judged_by_the_tenants_own_flag() -> None:
    at = world()
    for part in ("code", "runtime"):
        del at.action["deployed_version"][part]
    assert at.findings() == {}
    at.action["all_changes_deployed"] = False
    assert set(at.findings()) == {f"action-undeployed:{UNIFIED}"}


def test_the_same_code_deployed_again_is_no_drift() -> None:
    at = world()
    at.action["deployed_version"] |= {"id": "another", "created_at": LATER, "number": 2}
    assert at.findings() == {}


def test_node_18_has_two_names_and_is_one_runtime() -> None:
    at = world()
    at.action["runtime"] = "node18-actions"
    at.see("action-0", "runtime", runtime="node18")
    (finding,) = at.findings().values()
    assert (finding.id, finding.found) == (f"action-runtime:{UNIFIED}", "node18")


def test_a_missing_action_is_one_finding_and_its_binding_none_of_its_own() -> None:
    at = world()
    at.set_live(actions={UNIFIED: ()}, bindings={UNIFIED: ()}, deployed_by_us={})
    at.see("action-0", gone=True)
    at.see("binding-0", gone=True)
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair, finding.blocks) == (f"action:{UNIFIED}", Repair.UP, False)


def test_a_missing_action_whose_place_is_taken_blocks_pulumi_up() -> None:
    at = world()
    theirs = {"id": "x", "name": "theirs", "created_at": LATER, "code": ""}
    at.set_live(actions={UNIFIED: (theirs,)}, bindings={UNIFIED: ()}, deployed_by_us={})
    at.see("action-0", gone=True)
    found = at.findings()
    assert set(found) == {f"action:{UNIFIED}", "second-action:theirs"}
    assert found[f"action:{UNIFIED}"].blocks


def test_a_second_action_that_is_bound_is_one_finding() -> None:
    at = world()
    ours = at.live.actions[UNIFIED][0]
    theirs = {"id": "id-of-theirs", "name": "theirs", "created_at": LATER}
    bindings = (foreign_binding("theirs"), at.live.bindings[UNIFIED][0])
    at.set_live(actions={UNIFIED: (theirs, ours)}, bindings={UNIFIED: bindings})
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == ("second-action:theirs", Repair.BY_HAND)
    assert "bound" in finding.found


def test_a_twin_of_ours_where_there_is_room_for_many_is_told_unless_it_is_bound() -> None:
    at = world(experience="legacy")
    twin = at.action | {"id": "twin", "deployed_version": None}
    other = twin | {"id": "other", "name": "other"}
    at.set_live(actions={LEGACY: (at.action, twin, other)})
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == (
        f"second-action:{at.action['name']}/twin",
        Repair.BY_HAND,
    )
    at.set_live(bindings={LEGACY: (*at.live.bindings[LEGACY], foreign_binding("x"))})
    at.live.bindings[LEGACY][-1]["action"]["id"] = "twin"
    (bound,) = at.findings().values()
    assert bound.id.startswith("binding:"), "one finding a thing"


# --- Secrets ------------------------------------------------------------------------------------


def test_a_secret_written_after_the_last_deploy_is_told_with_its_time() -> None:
    at = world()
    write_secrets(at, deployed=True)
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair, finding.blocks) == (SECRETS, Repair.BY_HAND, False)
    assert finding.since == "2026-02-01T00:00:00.100000Z"
    assert "are deployed" in finding.what
    assert finding.how.startswith("if a pulumi up of yours failed then")
    assert "pulumi refresh records" in finding.how


def test_a_secret_that_waits_for_a_deploy_blocks_whatever_would_deploy_it() -> None:
    at = world()
    write_secrets(at, deployed=False)
    (finding,) = at.findings().values()
    assert (finding.id, finding.blocks) == (SECRETS, True)

    at.action["deployed_version"]["code"] = "older"
    found = at.findings()
    undeployed = found[f"action-undeployed:{UNIFIED}"]
    assert undeployed.repair is Repair.BY_HAND, "deploying the draft would deploy the secret"
    assert found[SECRETS].blocks


def test_what_pulumi_knows_to_be_unfinished_is_finished_by_a_plain_up() -> None:
    at = world()
    write_secrets(at, deployed=False)
    (held,) = [one for one in at.resources if one["type"].endswith(":Action")]
    held["initErrors"] = ["updating: 500"]
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair, finding.blocks) == (SECRETS, Repair.BY_HAND, True)
    assert "pulumi up, without --refresh" in finding.how
    del held["initErrors"]  # as a refresh does
    (finding,) = at.findings().values()
    assert (finding.repair, finding.blocks) == (Repair.BY_HAND, True)
    assert "press Deploy" in finding.how


def test_secrets_of_our_own_last_deploy_are_older_than_it() -> None:
    at = world()
    names = [one["name"] for one in at.action["secrets"]]
    at.action["secrets"] = [{"name": name, "updated_at": LATER} for name in names]
    at.action["deployed_version"] |= {
        "created_at": LATER_STILL,
        "secrets": at.action["secrets"],
    }
    assert at.findings() == {}


def test_a_forgotten_version_makes_the_question_unanswerable_not_clean() -> None:
    at = world()
    write_secrets(at, deployed=True)
    at.set_live(deployed_by_us={})
    (finding,) = at.findings().values()
    assert (finding.id, finding.level) == (SECRETS, Level.NOTICE)


def test_added_and_removed_secrets_are_named() -> None:
    at = world()
    gone = at.action["secrets"].pop()["name"]
    at.action["secrets"].append({"name": "EXTRA", "updated_at": "2026-01-01T00:00:00.100Z"})
    at.action["deployed_version"]["secrets"] = at.action["secrets"]
    (finding,) = at.findings().values()
    assert finding.id == f"secret-names:{UNIFIED}"
    assert (finding.found, finding.repair) == (f"added: EXTRA; removed: {gone}", Repair.BY_HAND)
    assert "set phonemfa:retiredSecrets to [EXTRA]" in finding.how
    assert not finding.blocks, "they are deployed: pulumi up makes it no worse"


def test_a_key_that_somebody_took_for_a_secrets_name_is_not_shown() -> None:
    at, key = world(), "0123456789abcdef0123456789abcdef"
    at.action["secrets"].append({"name": key, "updated_at": LATER})
    at.action["deployed_version"]["secrets"] = at.action["secrets"]
    (finding,) = at.findings().values()
    assert "added: ****" in finding.found
    assert key not in repr(finding)


def test_a_setting_that_the_stack_has_not_applied_yet_is_repaired_by_applying_it() -> None:
    before = world(voiceSender=None, deliveryMethods=["text"])
    at = world(recipientLimit=33, deliveryMethods=["text"])
    at.component.update(before.component)
    at.set_live(actions=before.live.actions)
    (finding,) = at.findings().values()
    assert finding.id == f"action-settings:{UNIFIED}"
    assert (finding.repair, finding.recorded) == (Repair.UP, True)
    assert finding.expected == "RECIPIENT_LIMIT: 33, VOICE_LIMIT: 17, VOICE_SENDER: ****78"
    assert finding.found == "applied: RECIPIENT_LIMIT: 10, VOICE_LIMIT: 5, VOICE_SENDER: none"


def test_a_change_that_waits_sends_all_secrets_and_so_repairs_what_somebody_wrote() -> None:
    at = world(recipientLimit=33)
    at.component.update(world().component)
    gone = at.action["secrets"].pop()["name"]
    write_secrets(at, deployed=False)
    found = at.findings()
    assert set(found) == {f"action-settings:{UNIFIED}", f"secret-names:{UNIFIED}", SECRETS}
    assert gone in found[f"secret-names:{UNIFIED}"].found
    assert {(one.repair, one.blocks) for one in found.values()} == {(Repair.UP, False)}


def test_a_change_that_waits_is_refused_while_the_action_has_an_undeclared_secret() -> None:
    at = world(recipientLimit=33)
    at.component.update(world().component)
    at.action["secrets"].append({"name": "EXTRA", "updated_at": WRITTEN})
    at.action["deployed_version"]["secrets"] = at.action["secrets"]
    finding = at.findings()[f"secret-names:{UNIFIED}"]
    assert (finding.repair, finding.blocks) == (Repair.BY_HAND, True)


def test_a_secret_that_is_to_be_retired_waits_for_the_next_up() -> None:
    at = world(retiredSecrets=["EXTRA"])
    at.component.update(world().component)
    (finding,) = at.findings().values()
    assert (finding.id, finding.repair) == (f"action-settings:{UNIFIED}", Repair.UP)


def test_a_secret_of_which_the_tenant_tells_no_time_is_still_a_name() -> None:
    at = world()
    for one in at.action["secrets"]:
        del one["updated_at"]
    at.action["secrets"].append({"name": "EXTRA"})
    at.action["deployed_version"]["secrets"] = at.action["secrets"]
    assert set(at.findings()) == {f"secret-names:{UNIFIED}"}


# --- Bindings -----------------------------------------------------------------------------------


def test_somebody_elses_binding_is_told_with_its_place_in_the_order() -> None:
    at = world(experience="legacy")
    ours = at.live.bindings[LEGACY][0]
    for bindings, place in (
        ((foreign_binding("theirs"), ours), "before ours"),
        ((ours, foreign_binding("theirs")), "after ours"),
    ):
        at.set_live(bindings={LEGACY: bindings})
        (finding,) = at.findings().values()
        assert finding.id == f"binding:{LEGACY}/theirs"
        assert place in finding.found


def test_what_somebody_decided_to_live_with_is_a_notice() -> None:
    at = world(experience="legacy")
    ours = at.live.bindings[LEGACY][0]
    at.set_live(bindings={LEGACY: (ours, foreign_binding("audit"))})
    (finding,) = at.findings(f"binding:{LEGACY}/audit").values()
    assert finding.level is Level.NOTICE


def test_an_unbound_action_is_drift_only_where_the_stack_binds() -> None:
    bound, unbound = world(), world(bindAction=False)
    for at in (bound, unbound):
        at.set_live(bindings={UNIFIED: ()})
    assert set(bound.findings()) == {f"binding:{UNIFIED}"}
    assert unbound.findings() == {}
    unbound.set_live(bindings=world().live.bindings)
    assert unbound.findings() == {}, "whether Auth0 binds by itself is not established"


def test_a_renamed_action_is_still_ours() -> None:
    at = world()
    at.action["name"] = "another name"
    (finding,) = [one for one in at.findings().values() if one.kind == "action"]
    assert (finding.expected, finding.found) == ("ntt-cpaas-phone", "another name")


@pytest.mark.parametrize(
    ("running", "words"),
    [("// a third", "what runs is neither it nor"), (None, "the Action's draft was edited")],
)
def test_an_edited_draft_is_told_with_what_runs_beside_it(running: str | None, words: str) -> None:
    at = world()
    at.action["code"] += "// by hand"
    if running:
        at.action["deployed_version"]["code"] = running
    else:
        del at.action["deployed_version"]
    assert words in at.findings()[f"action-code:{UNIFIED}"].what


def test_a_binding_under_another_name_is_told() -> None:
    at = world()
    renamed = {**at.live.bindings[UNIFIED][0], "display_name": "theirs"}
    at.set_live(bindings={UNIFIED: (renamed,)})
    (finding,) = at.findings().values()
    assert (finding.what, finding.found) == ("our binding shows another name", "theirs")


def test_an_action_that_the_state_does_not_have_is_found_by_its_name() -> None:
    at = world()
    at.resources = [one for one in at.resources if not one["type"].endswith(":Action")]
    assert f"action:{UNIFIED}" not in at.findings(), "it is there, under its name"
    at.action["name"] = "theirs"
    assert f"action:{UNIFIED}" in at.findings()
