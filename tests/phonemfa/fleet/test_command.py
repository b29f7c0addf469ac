"""Whole runs: what is refused, what is asked and applied, what is left, how one is stopped."""

import json
import os
import re
import shlex
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from phonemfa.fleet.selection import read_member
from phonemfa.fleet.work import Site, access_to
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.processes import Engines
from tests.contract import PROJECT
from tests.phonemfa.applied import Operator
from tests.phonemfa.fleet.scripted import Fleet


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet.of(tmp_path, monkeypatch, "a", "b")


@pytest.fixture
def idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """One in which nothing may run: whatever gets as far as an engine fails with another text."""
    made = Fleet.of(tmp_path, monkeypatch, "a", "b", "prod")
    monkeypatch.setenv("PATH", "")
    return made


# --- Before anything runs. -----------------------------------------------------------------------


NO_PARTS = ("0/3", "9/8", "1/0", "1", "a/b", "1/3/5")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("up", "Which stacks?"),
        ("up --stack c", "No stack has this name, or fits: c"),
        ("up --stack prod*", "No stack is left"),
        *((f"up --all --shard {one}", f"--shard {one} is no part") for one in NO_PARTS),
        ("up --all --canary c", "--canary c fits no selected stack"),
        ("up --all --canary a --shard 1/2", "--canary with --shard"),
        ("preview --all --yes", "--yes with preview"),
        ("drift --all --refresh --canary a", "--canary with drift; --refresh with"),
        ("list --all --policy-pack policy", "--policy-pack with list"),
        ("up --all --env-dir nowhere", "--env-dir nowhere is no folder"),
        ("up --all --yes", "There is no `pulumi` on PATH"),
        ("up --all --yes", "left out: prod (production or phonemfa:protect; --stack prod"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(idle: Fleet, arguments: str, told: str) -> None:
    result = idle.run(*arguments.split(), expect=2)
    assert told in result.stderr
    assert result.stdout == ""


def test_a_list_is_for_shells_and_the_same_selection(idle: Fleet) -> None:
    kinds = [list(yaml.safe_load(block)) for kind, block in BLOCKS if kind == "yaml"]
    assert kinds == [["jobs"], ["fleet"]], "as the guide's workflows call it"
    assert idle.run("list", "--all").stdout == "a\nb\nprod\n"
    assert idle.run("list", "--all", "--shard", "2/2").stdout == "b\n"
    assert idle.run("list", "--all", "--shard", "9/9").stdout == "", "no stack with an empty name"
    found = json.loads(idle.run("list", "--stack", "prod", "--json").stdout)
    assert found["stacks"] == [{"stack": "prod", "tenant": "prod.example.jp", "protected": True}]


def test_two_stacks_of_one_tenant_are_told_to_be_a_mistake(idle: Fleet) -> None:
    idle.stack("b", **{"auth0:domain": "a.example.jp"})
    told = idle.run("preview", "--stack", "?", expect=2).stderr
    assert "WARNING: a, b name the same tenant, a.example.jp" in told


GUIDE = (PROJECT / "docs" / "guides" / "fleet.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
COMMANDS = {
    found.partition("#")[0].strip().removesuffix("); do")
    for _, block in BLOCKS
    for found in re.findall(r"python -m phonemfa fleet (.*)$", block, flags=re.MULTILINE)
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_of_the_guide_goes_as_far_as_the_engine(command: str, idle: Fleet) -> None:
    for number in range(1, 10):
        idle.stack(f"shop-{number:02}")
    for name, value in {"$SHARD": "3/4", "$CI_NODE_INDEX": "4", "$CI_NODE_TOTAL": "4"}.items():
        command = command.replace(name, value)
    words = shlex.split(command)
    result = idle.run(*words, expect=0 if words[0] == "list" else 2)
    if words[0] == "list":
        assert 1 <= len(result.stdout.split()) <= 4
    else:
        assert "There is no `pulumi` on PATH" in result.stderr, result.output


# --- Runs. ---------------------------------------------------------------------------------------


def test_what_would_change_is_shown_and_agreed_to_once(fleet: Fleet) -> None:
    assert "--yes" in fleet.run("up", "--all", expect=2).stderr
    assert fleet.asked() == [], "nobody is there to be asked"
    fleet.events("preview", "b")
    fleet.typed = "n\n"
    refused = fleet.run("up", "--all", expect=2)
    assert "Stack a, tenant a.example.jp: apply what is shown above." in refused.stderr
    assert fleet.asked() == ["preview a", "preview b"]
    fleet.typed = "y\n"
    fleet.run("up", "--all")
    assert fleet.asked() == ["preview a", "preview b", "up a"], "b has nothing to change"


def test_the_canaries_are_named_and_where_nothing_would_change_nobody_is_asked(
    fleet: Fleet,
) -> None:
    fleet.typed = "y\n"
    asked = fleet.run("up", "--all", "--canary", "b").stderr
    assert "2 tenants: apply what is shown above, first b." in asked
    assert fleet.asked()[-2:] == ["up a", "up b"]
    for stack in ("a", "b"):
        fleet.events("preview", stack)
    fleet.typed = ""
    assert "fleet up: " not in fleet.run("up", "--all").stderr, "of no stack"
    assert fleet.asked() == ["preview a", "preview b"]


def test_one_that_fails_stops_no_other_and_running_again_does_what_is_left(fleet: Fleet) -> None:
    fleet.stack("prod")
    fleet.fails("up", "a", because="error: 403 Forbidden")
    again = fleet.run("up", "--all", "--yes", expect=2).stdout
    for told in ("Left: a. Run the same again", "left out: prod (production", "Logs: "):
        assert told in again
    fleet.asked()
    audit = fleet.folder / "audit.jsonl"
    failed = fleet.run("up", "--all", "--yes", "--json", "--audit-file", str(audit), expect=2)
    assert (states(failed.stdout)["b"], "403 Forbidden" in failed.stdout) == ("done", True)
    assert fleet.asked() == ["up a", "up b"]
    records = [json.loads(line) for line in audit.read_text("utf-8").splitlines()]
    assert {one["tenant"]: (one["after"], one["exit"]) for one in records} == {
        "a.example.jp": ({"updated": 1}, 2),
        "b.example.jp": ({"updated": 1}, 0),
    }
    fleet.fails("up", "a", because=None)
    fleet.events("preview", "b")
    fleet.typed = "y\n"
    fleet.run("up", "--all")
    assert fleet.asked() == ["preview a", "preview b", "up a"]


def states(answer: str) -> dict[str, str]:
    return {one["stack"]: one["state"] for one in json.loads(answer)["stacks"]}


def test_a_preview_writes_nothing_asks_nobody_and_takes_a_stacks_own_levels(fleet: Fleet) -> None:
    levels = fleet.folder / "policy" / "stacks" / "a.json"
    levels.parent.mkdir(parents=True)
    levels.write_text("{}", encoding="utf-8")
    pack, logs = str(fleet.folder / "policy"), fleet.folder / ".phonemfa" / "fleet"
    logs.mkdir(parents=True, mode=0o755)
    found = fleet.run("preview", "--all", "--json", "--policy-pack", pack).stdout
    assert set(states(found).values()) == {"done"}
    assert logs.stat().st_mode & 0o777 == 0o700
    assert fleet.asked() == ["preview a", "preview b"]


def test_a_place_where_no_log_can_be_kept_is_told(fleet: Fleet) -> None:
    file = str(fleet.folder / "Pulumi.yaml")
    assert (
        "--log-dir names another" in fleet.run("drift", "--all", "--log-dir", file, expect=2).stderr
    )


def when_it_waits(fleet: Fleet, then: Callable[[], None]) -> threading.Thread:
    (fleet.folder / "bin" / "waits").touch()

    def watch() -> None:
        end = time.monotonic() + 30
        while not (fleet.folder / "bin" / "ready").exists() and time.monotonic() < end:
            threading.Event().wait(0.02)
        then()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def by_the_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def by_a_thread() -> None:
    """Then it wakes nobody: it may come just as the main thread goes to wait."""
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("send", [by_the_process, by_a_thread])
def test_a_signal_ends_the_engines_and_starts_no_other(
    fleet: Fleet, send: Callable[[], None]
) -> None:
    watching = when_it_waits(fleet, send)
    stopped = fleet.run("preview", "--all", "--parallel", "1", "--json", expect=2)
    watching.join()
    assert "Stopping: pulumi ends the step it is at" in stopped.stderr
    assert states(stopped.stdout) == {"a": "cancelled", "b": "not started"}
    assert fleet.asked() == ["preview a"]


def test_a_signal_before_the_question_is_an_answer(fleet: Fleet) -> None:
    fleet.typed = "y\n"
    watching = when_it_waits(fleet, by_the_process)
    stopped = fleet.run("up", "--all", expect=2)
    watching.join()
    assert "Stopped while it was previewed. Nothing was written." in stopped.stderr
    assert not [one for one in fleet.asked() if one.startswith("up")]


def test_a_client_of_the_stacks_own_is_read_through_the_engine(fleet: Fleet) -> None:
    folder = fleet.folder
    site = Site(project=folder, command="drift", engines=Engines(), logs=folder, seconds=60)
    fleet.stack("a", **{"auth0:clientId": "own", "auth0:clientSecret": {"secure": "v1:x"}})
    found = access_to(site, read_member(folder, "a"))
    assert (found.client_id, found.client_secret) == ("own", "canary-client-secret")
    (folder / "bin" / "pulumi").write_text("#!/bin/sh\nexit 255\n", "utf-8")
    with pytest.raises(EngineFailedError, match=r"auth0:clientSecret of Pulumi\.a\.yaml"):
        access_to(site, read_member(folder, "a"))


def test_a_drift_check_of_a_fleet_looks_as_one_of_a_stack_does(
    applied: Callable[..., Operator],
) -> None:
    desk = applied()
    program = desk.folder / "bin" / "pulumi"
    program.write_text("#!/bin/sh\necho v3.259.0\n", encoding="utf-8")
    desk.tenant.api("PUT", "/guardian/factors/otp", {"enabled": True})
    assert "no drift" in desk.run("fleet", "drift").stdout, "a notice is none"
    desk.tenant.api("PUT", "/guardian/policies", [])
    drifted = desk.json("fleet", "drift", expect=7)
    assert drifted["stacks"][0]["findings"] == ["policy"]
    desk.engine.applied.resources.clear()
    assert "has no resources" in desk.run("fleet", "drift", expect=2).stdout
    desk.environment["AUTH0_CLIENT_SECRET"] = ""
    assert "AUTH0_CLIENT_SECRET" in desk.run("fleet", "drift", expect=2).stdout
