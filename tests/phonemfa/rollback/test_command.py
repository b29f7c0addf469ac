"""`rollback` brings an earlier version of the Action to run, with secrets that somebody chose."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from components.tenant.action import Version
from phonemfa import deploying
from phonemfa.answered import RefusedError
from phonemfa.rollback import command
from phonemfa.rollback.command import Installed, choose, next_steps
from phonemfa.rollback.history import Commit
from tests.end_to_end.operators import running_version, writes
from tests.phonemfa.applied import Apply, Operator

PACKAGES = [{"name": "axios", "version": "1.7.2"}]
BAD = "exports.onExecuteCustomPhoneProvider = async () => { throw new Error('bad'); };"
KEY = "CPAAS_API_KEY"


def change(desk: Operator, **changes: Any) -> None:
    desk.tenant.api("PATCH", f"/actions/actions/{desk.action['id']}", changes)


def release(desk: Operator, **changes: Any) -> None:
    change(desk, **changes)
    desk.tenant.api("POST", f"/actions/actions/{desk.action['id']}/deploy")
    desk.tenant.forget_requests()


@pytest.fixture
def broken(applied: Apply) -> Operator:
    """A tenant whose second version is a bad one."""
    desk = applied(deliveryMethods=["text"])
    release(desk, code=BAD, dependencies=PACKAGES, runtime="node18-actions")
    return desk


def test_the_version_before_runs_again_and_the_repository_has_it(broken: Operator) -> None:
    builds = {"deploy_seconds": 0.3}
    broken.tenant.control("PUT", "/builds", builds)  # Until then the version before still runs.
    done = broken.json("rollback", "--yes")
    broken.tenant.control("PUT", "/builds", dict.fromkeys(builds, 0))
    assert done["rolled_back"] == {"from": 2, "to": 1, "deployed_as": 3, "secrets": "version"}
    assert [(one["number"], one["running"]) for one in done["versions"]] == [(2, True), (1, False)]
    running = running_version(broken.tenant)
    assert (running["number"], running["code"] == BAD) == (3, False)
    assert "NTT CPaaS" in running["code"]
    assert broken.action["code"] == running["code"], "what is edited is what runs"


def test_versions_are_listed_and_the_one_that_runs_is_nothing_to_do(broken: Operator) -> None:
    listed = broken.run("rollback", "--list").stdout
    assert "as in this repository" in listed
    assert "running" in listed
    said = broken.run("rollback", "--to", "2", "--yes")
    assert "Version 2 runs already: nothing was written" in said.stderr
    assert writes(broken.tenant) == []


def test_a_person_is_asked_with_what_would_be_deployed(broken: Operator) -> None:
    code = broken.folder / "version-1.js"
    broken.typed = "n\n"
    said = broken.run("rollback", "--write-code", str(code), expect=2)
    assert "deploy version 1 (made " in said.stderr
    assert "with its own secrets." in said.stderr
    assert "NTT CPaaS" in code.read_text("utf-8")
    assert code.stat().st_mode & 0o777 == 0o600
    assert writes(broken.tenant) == []
    broken.typed = "y\n"
    told = broken.run("rollback").stderr
    assert "runs, as version 3" in told
    assert "pulumi up --refresh --stack dev" in told


def test_other_secrets_are_never_brought_back_unasked(broken: Operator) -> None:
    names = [one["name"] for one in running_version(broken.tenant)["secrets"]]
    rest = [{"name": one} for one in names if one != KEY]
    release(broken, secrets=[{"name": KEY, "value": "canary-rotated"}, *rest])
    refused = broken.run("rollback", "--to", "1", "--yes", expect=2)
    assert (
        "version 1 has other secrets than what runs (ALLOWED_PREFIXES, CPAAS_API_KEY, "
        in refused.stderr
    )
    assert "may hold a CPAAS_API_KEY that has been revoked" in refused.stderr
    assert writes(broken.tenant) == []

    done = broken.json("rollback", "--to", "1", "--secrets", "current", "--yes")
    assert done["rolled_back"]["secrets"] == "current"
    deployed = broken.engine.applied.tenant.deployed_action("custom-phone-provider")
    assert deployed is not None
    assert (deployed.secrets[KEY], deployed.code == BAD) == ("canary-rotated", False)
    assert running_version(broken.tenant)["runtime"] == "node22"

    broken.run("rollback", "--to", "2", "--secrets", "current", "--yes")
    running = running_version(broken.tenant)
    assert (running["code"], running["dependencies"]) == (BAD, PACKAGES)

    change(broken, secrets=[{"name": KEY, "value": "canary-waiting"}])
    refused = broken.run("rollback", "--to", "1", "--secrets", "current", "--yes", expect=1)
    assert "the Action's draft has other secrets than what runs" in refused.stderr


def test_a_version_that_does_not_come_to_run_is_told(
    broken: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(command, "code_of", lambda one: f"code of {one.number}")
        other = broken.run("rollback", "--yes", "--audit-file", "-", expect=1)
    line = json.loads(other.stderr.splitlines()[-1])
    assert (line["before"]["version"], line["after"]["version"]) == (2, 3), "what it runs is read"
    assert "The tenant runs other code than that of the version asked for" in other.stderr

    monkeypatch.setattr(deploying, "PATIENCE", 0.0)
    broken.tenant.control("PUT", "/builds", {"deploy_seconds": 60})
    late = broken.run("rollback", "--to", "2", "--yes", expect=1).stderr
    broken.tenant.control("PUT", "/builds", {"deploy_seconds": 0})
    assert "was not deployed within 0 s: its new version is not live" in late


def test_what_was_asked_for_and_does_not_run_is_told_where_nothing_runs_any_more(
    broken: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted(*_: object, **__: object) -> None:
        broken.tenant.api("DELETE", f"/actions/actions/{broken.action['id']}?force=true")
        raise deploying.NotLiveError("somebody deleted it")

    monkeypatch.setattr(command, "ask_to_write", deleted)
    said = broken.run("rollback", "--yes", "--audit-file", "-", expect=1).stderr
    assert "somebody deleted it" in said
    assert json.loads(said.splitlines()[-1])["after"] is None


def test_a_draft_that_cannot_be_built_is_not_waited_for(
    broken: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken.tenant.control("PUT", "/builds", {"scripted": [[{"status": "failed"}]]})

    async def it_waited(_: float) -> None:
        pytest.fail("it waited")

    monkeypatch.setattr(deploying, "asyncio", SimpleNamespace(sleep=it_waited))
    said = broken.run("rollback", "--secrets", "current", "--yes", expect=1).stderr
    assert "was not deployed: its draft is not built (the draft is 'failed')" in said


def test_whoever_stops_it_is_told_that_nobody_knows(
    broken: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "deploy", stopped)
    said = broken.run("rollback", "--yes", expect=1).stderr
    assert "Stopped as asked. Whether version 1 runs is not known" in said


def test_a_tenant_without_the_action_has_nothing_to_go_back_to(applied: Apply) -> None:
    desk = applied()
    desk.tenant.api("DELETE", f"/actions/actions/{desk.action['id']}?force=true")
    assert "The tenant has no Action 'ntt-cpaas-phone'" in desk.run("rollback", expect=2).stderr
    desk.engine.configure("phonemfa:adopted", {"phone": {"enabled": False}})
    assert "adopts a tenant without an Action" in desk.run("rollback", expect=2).stderr


@pytest.mark.parametrize(("content", "told"), [(None, "not there"), (b"// \xff", "not UTF-8")])
def test_an_adopted_actions_code_that_cannot_be_read_is_told_in_words(
    applied: Apply, content: bytes | None, told: str
) -> None:
    desk = applied()
    action = {"name": "theirs", "code": "theirs.js", "runtime": "node22", "triggerVersion": "v1"}
    adopted = {"phone": {"enabled": False}, "action": action}
    desk.engine.configure("phonemfa:adopted", adopted)
    if content:
        (desk.folder / "theirs.js").write_bytes(content)
    said = desk.run("rollback", expect=2).stderr
    assert f"phonemfa:adopted.action.code names theirs.js, which is {told}" in said


def installed(*codes: str, running: int) -> Installed:
    """Versions 1, 2, … with these codes, `code/key` where the key is another than the first."""
    found: list[Version] = []
    for number, (code, _, key) in enumerate((one.partition("/") for one in codes), start=1):
        made: dict[str, Any] = {"id": f"v{number}", "number": number, "code": code}
        made |= {"created_at": "2026-11-23T00:00:00Z", "status": "built", "dependencies": ()}
        made |= {"runtime": "node22", "api_runtime": "node22", "secrets": {KEY: key}}
        found.insert(0, Version(**made))
    return Installed(
        id="a",
        name="ours",
        trigger="custom-phone-provider",
        versions=tuple(found),
        running_id=f"v{running}",
        declared=None,
    )


ROTATED = installed("older", "good", "bad", "bad/k2", running=4)
SAME = installed("same", "same/k2", running=2)


@pytest.mark.parametrize(
    ("found", "wanted", "chosen"),
    [
        pytest.param(ROTATED, None, 2, id="a rotation in between is passed over"),
        pytest.param(ROTATED, 1, 1, id="the one that was named"),
        pytest.param(installed("good", "bad", "worse", running=2), None, 1, id="from what runs"),
        pytest.param(SAME, None, "secrets", id="none has other code"),
        pytest.param(SAME, 9, r"keeps 2, 1\.", id="none has this number"),
        pytest.param(installed("x", running=0), None, "is deployed", id="none runs"),
    ],
)
def test_the_last_version_with_other_code_than_what_runs_or_what_there_is_instead(
    found: Installed, wanted: int | None, chosen: int | str
) -> None:
    if isinstance(chosen, int):
        assert choose(found, wanted).number == chosen
    else:
        with pytest.raises(RefusedError, match=chosen):
            choose(found, wanted)


COMMIT = Commit(id="0123456789abcdef", date="2026-11-01", subject="Good")


@pytest.mark.parametrize(
    ("commit", "declared", "told"),
    [
        (COMMIT, False, "git checkout 0123456789ab -- actions/src"),
        (None, False, "No commit here"),
        (None, True, "pulumi up --refresh --stack prod"),
    ],
)
def test_until_the_repository_follows_pulumi_would_undo_it(
    commit: Commit | None, told: str, *, declared: bool
) -> None:
    said = next_steps(commit, declared=declared, stack="prod")
    assert told in said
    assert ("hold back" in said) is not declared
