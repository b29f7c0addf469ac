"""`drift` looks without writing, says it wherever it is asked to, and repairs what was agreed."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from phonemfa import deploying
from phonemfa.drift import repair
from phonemfa.pulumi.state import Checkout
from sandbox.drift.scenarios import SCENARIOS
from sandbox.tenant.context import Page
from tests.end_to_end.operators import running_version, writes
from tests.phonemfa.applied import Operator
from tests.phonemfa.github_stand_in import GitHubStandIn
from tests.phonemfa.rollback.test_history import Repository
from tests.sandbox.drift.stacks import UNIFIED

Apply = Callable[..., Operator]
DRIFTED = 7


@pytest.fixture
def github() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as running:
        yield running


def switch_off(desk: Operator) -> None:
    """Somebody switches the policy to never; the engine's refresh sees it too."""
    desk.tenant.api("PUT", "/guardian/policies", [])
    detail = {"policy": {"kind": "update"}}
    desk.engine.changes["guardian"] = {"op": "update", "detailedDiff": detail}


def ids(desk: Operator, *options: str, expect: int = 0) -> set[str]:
    return {one["id"] for one in desk.json("drift", *options, expect=expect)["findings"]}


def run_another(desk: Operator, *, draft: str | None = None) -> tuple[str, str]:
    """Other code runs, and the draft is ours unless told: the Action's path, and our code."""
    (action,) = desk.tenant.api("GET", "/actions/actions")["actions"]
    path, good = f"/actions/actions/{action['id']}", action["code"]
    desk.tenant.api("PATCH", path, {"code": f"{good}// by hand\n"})
    desk.tenant.api("POST", f"{path}/deploy")
    desk.tenant.api("PATCH", path, {"code": draft or good})
    return path, good


@pytest.mark.parametrize("generation", ["unified", "legacy"])
def test_a_stack_as_it_was_applied_has_no_drift_and_is_only_read(
    applied: Apply, generation: str
) -> None:
    desk = applied(generation)
    assert ids(desk) == set()
    assert "no drift" in desk.run("drift").stdout
    assert writes(desk.tenant) == []
    assert {line.split(" --json")[0] for line in desk.engine.ran} == {
        "refresh --preview-only --expect-no-changes"
    }


def test_of_a_stack_that_moves_both_generations_are_looked_at(applied: Apply) -> None:
    desk = applied()
    said = desk.engine.file.read_text("utf-8")
    desk.engine.file.write_text(f"{said}  phonemfa:transition: true\n", encoding="utf-8")
    desk.tenant.forget_requests()
    assert "action:send-phone-message" in ids(desk, "--no-state", expect=DRIFTED)
    asked = " ".join(one["path"] for one in desk.tenant.logged())
    assert "custom-phone-provider/bindings" in asked
    assert "send-phone-message/bindings" in asked


def test_drift_is_told_in_every_form_that_was_asked_for(
    applied: Apply, tmp_path: Path, github: GitHubStandIn
) -> None:
    desk = applied()
    switch_off(desk)
    junit = tmp_path / "drift.xml"
    desk.environment |= github.environment
    said = desk.run("drift", "--junit", str(junit), "--issue", expect=DRIFTED)
    assert "policy" in said.stdout
    assert ids(desk, "--accept", "policy") == {"policy"}, "and no drift any more"
    assert "issue " in said.stderr
    assert ET.parse(junit).getroot().find(".//failure") is not None  # noqa: S314 - our own file


def test_a_repair_is_shown_agreed_to_done_and_looked_at_again(applied: Apply) -> None:
    desk = applied()
    switch_off(desk)
    desk.engine.waiting = [{"op": "update", "urn": "urn:pulumi:dev::phonemfa::T::the-guardian"}]
    nobody = desk.run("drift", "--repair", expect=DRIFTED)
    assert "Repaired by pulumi up --refresh" in nobody.stderr
    assert "pulumi up --refresh will: update the-guardian" in nobody.stderr
    assert "so nobody could be asked" in nobody.stderr
    assert not [line for line in desk.engine.ran if line.startswith("up")]
    desk.engine.refusing["up"] = "error: no backend"
    assert "no backend" in desk.run("drift", "--repair", "--yes", expect=DRIFTED).stderr
    desk.engine.refusing.clear()
    done = desk.run("drift", "--repair", "--yes")
    assert "pulumi up --refresh has run." in done.stderr
    assert desk.tenant.api("GET", "/guardian/policies") == ["all-applications"]


@pytest.mark.parametrize(
    ("generation", "scenario"),
    [("legacy", "experience-switched"), ("unified", "secret-changed")],
)
def test_what_is_for_a_person_to_do_is_not_repaired(
    applied: Apply, generation: str, scenario: str
) -> None:
    """Above all, no repair deploys a secret that somebody wrote."""
    desk = applied(generation)
    SCENARIOS[scenario].play(desk.engine.sandbox.parts.tenant)
    switch_off(desk)  # Which pulumi up could repair, and waits for the person all the same.
    desk.tenant.forget_requests()
    said = desk.run("drift", "--repair", "--yes", expect=DRIFTED)
    assert "Not repaired, yours to do" in said.stderr
    assert "the rest is yours to do first" in said.stderr
    assert not [line for line in desk.engine.ran if line.startswith("up")]
    assert writes(desk.tenant) == []


def test_a_draft_of_ours_that_waits_is_deployed_by_a_repair(applied: Apply) -> None:
    desk = applied()
    _, good = run_another(desk)
    switch_off(desk)
    said = desk.run("drift", "--repair", "--yes", "--accept", "policy", expect=0)
    assert "Repaired by deploying the Action's draft" in said.stderr
    assert running_version(desk.tenant)["code"] == good
    assert desk.policies() == [], "what somebody lives with is not repaired"


@pytest.mark.parametrize("part", ["code", "secrets"])
def test_a_draft_that_changes_between_look_and_repair_is_not_deployed(
    applied: Apply, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    desk = applied()
    path, good = run_another(desk)
    bad = running_version(desk.tenant)["code"]

    def meanwhile(*_: object) -> None:
        foreign = [{"name": "CPAAS_API_KEY", "value": "canary-of-somebody"}]
        change = {"code": f"{good}// and again"} if part == "code" else {"secrets": foreign}
        desk.tenant.api("PATCH", path, change)

    monkeypatch.setattr("phonemfa.drift.repair.show", meanwhile)
    said = desk.run("drift", "--repair", "--yes", expect=DRIFTED)
    assert "has changed since it was looked at" in said.stderr
    assert running_version(desk.tenant)["code"] == bad


def test_a_draft_that_does_not_come_to_run_is_told(
    applied: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied()
    path, _ = run_another(desk)
    monkeypatch.setattr(deploying, "PATIENCE", 0.0)
    versions = desk.engine.applied.tenant.versions
    # The tenant says that it deploys, and does not.
    (version, *_) = versions.listing(path.rpartition("/")[2], Page(per_page=50))["versions"]
    monkeypatch.setattr(versions, "deploy", lambda *_, **__: version | {"id": "never-live"})
    said = desk.run("drift", "--repair", "--yes", expect=DRIFTED)
    assert "was not deployed within 0 s: its new version is not live" in said.stderr


def test_a_version_of_ours_that_the_tenant_has_forgotten_is_no_failure(applied: Apply) -> None:
    desk = applied()
    run_another(desk, draft="exports.theirs = 1;")
    fault = {"method": "GET", "path": "/versions/", "status": 404, "times": 9}
    desk.tenant.control("POST", "/faults", fault)
    assert f"action-code:{UNIFIED}" in ids(desk, expect=DRIFTED)
    desk.tenant.control("DELETE", "/faults")
    desk.tenant.control("POST", "/faults", fault | {"status": 403})
    assert "403" in desk.run("drift", expect=2).stderr


@pytest.mark.parametrize(
    ("without", "fault", "told"),
    [
        (["AUTH0_CLIENT_SECRET"], {}, "Not set: AUTH0_CLIENT_SECRET"),
        ([], {"path": "/guardian/factors$", "status": 403}, "403"),
        ([], {"path": "/guardian/factors$", "status": 429}, "429"),
        ([], {"path": "/oauth/token$", "status": 503}, "503"),
    ],
)
def test_a_look_that_had_no_answer_keeps_an_issue_that_says_why(
    applied: Apply, github: GitHubStandIn, without: list[str], fault: dict[str, object], told: str
) -> None:
    desk = applied()
    kept = dict(desk.environment)
    desk.environment |= github.environment | dict.fromkeys(without, "")
    if fault:
        desk.tenant.control("POST", "/faults", fault | {"times": None})
    said = desk.run("drift", "--no-state", "--issue", expect=2)
    (issue,) = github.issues
    assert told in said.stderr
    assert told in issue["body"]
    desk.tenant.control("DELETE", "/faults")
    desk.environment |= kept
    desk.run("drift", "--no-state", "--issue")
    assert issue["state"] == "closed"


def test_an_issue_that_github_refuses_leaves_the_result_told(
    applied: Apply, github: GitHubStandIn
) -> None:
    desk = applied()
    switch_off(desk)
    github.refuse_with = 403
    desk.environment |= github.environment
    said = desk.run("drift", "--issue", expect=2)
    assert "policy" in said.stdout
    assert "403" in said.stderr


@pytest.mark.parametrize(
    ("refused", "told"), [("refresh", "no such stack"), ("", "has no resources")]
)
def test_no_answer_is_written_into_the_file_so_that_no_old_one_is_believed(
    applied: Apply, tmp_path: Path, refused: str, told: str
) -> None:
    desk = applied()
    junit = tmp_path / "drift.xml"
    junit.write_text("old", encoding="utf-8")
    if refused:
        desk.engine.refusing[refused] = "error: no such stack"
    else:
        desk.engine.applied.resources.clear()
    assert told in desk.run("drift", "--junit", str(junit), expect=2).stderr
    assert told in junit.read_text("utf-8")


def test_a_github_that_cannot_be_asked_is_told_before_the_work(applied: Apply) -> None:
    desk = applied()
    desk.environment |= {"GITHUB_TOKEN": "", "GITHUB_REPOSITORY": ""}
    assert "GITHUB_" in desk.run("drift", "--issue", expect=2).stderr
    assert desk.engine.ran == []


# --- A repair applies a checkout, so it has to be the one that was deployed -----------------------


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "checkout")
    made.commit("As deployed", part="one")
    return made


def test_the_commit_that_was_deployed_is_told_from_every_other_checkout(
    repository: Repository, tmp_path: Path
) -> None:
    deployed = Checkout(commit=repository.git("rev-parse", "HEAD"), is_changed=False)
    assert repair.why_another(repository.folder, deployed) == ""
    (tmp_path / "elsewhere").mkdir()
    for folder, checkout, told in (
        (repository.folder, Checkout(), "names no commit"),
        (repository.folder, replace(deployed, is_changed=True), "with changes that no commit has"),
        (tmp_path / "elsewhere", deployed, "is no checkout of git"),
    ):
        assert told in repair.why_another(folder, checkout)
    for name in ("actions/src/part.js", "new.py"):
        (repository.folder / name).write_text("changed", "utf-8")
        assert f"has changes ({name}" in repair.why_another(repository.folder, deployed)
        repository.git("add", "--all")
        repository.git("stash")
    commit = repository.commit("Later", part="two")
    assert f"this is {commit[:12]}" in repair.why_another(repository.folder, deployed)


def test_a_repair_from_elsewhere_is_refused_unless_told(applied: Apply) -> None:
    desk = applied()
    desk.monkeypatch.delenv("PHONEMFA_ANY_CHECKOUT")
    del desk.environment["PHONEMFA_ANY_CHECKOUT"]
    desk.engine.deployed_from = {"git.head": "0123456789abcdef", "git.dirty": "false"}
    switch_off(desk)
    refused = desk.run("drift", "--repair", "--yes", expect=DRIFTED).stderr
    assert "a repair applies this checkout, and it was deployed from" in refused
    assert not [line for line in desk.engine.ran if line.startswith("up")]
    assert desk.tenant.api("GET", "/guardian/policies") == []
    desk.run("drift", "--repair", "--yes", "--any-checkout")
    assert desk.tenant.api("GET", "/guardian/policies") == ["all-applications"]
