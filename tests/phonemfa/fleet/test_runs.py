"""Whole runs: what is asked, what is applied, what is left, and how a run is stopped."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.tenant.access import Access
from phonemfa.fleet.selection import read_member
from phonemfa.fleet.work import Site, access_to
from phonemfa.pulumi.engine import EngineFailedError
from phonemfa.pulumi.processes import Engines
from tests.phonemfa.applied import Operator
from tests.phonemfa.fleet.scripted import Fleet


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet.of(tmp_path, monkeypatch, "a", "b")


def test_what_would_change_is_shown_and_agreed_to_once(fleet: Fleet) -> None:
    fleet.events("preview", "b")
    fleet.typed = "n\n"
    refused = fleet.run("up", "--all", expect=2)
    assert "Stack a, tenant a.example.jp: apply what is shown above." in refused.stderr
    assert fleet.asked() == ["preview a", "preview b"]
    fleet.typed = "y\n"
    fleet.run("up", "--all")
    assert fleet.asked() == ["preview a", "preview b", "up a"], "b has nothing to change"


def test_the_canaries_are_named_in_the_question(fleet: Fleet) -> None:
    fleet.typed = "y\n"
    asked = fleet.run("up", "--all", "--canary", "b").stderr
    assert "2 tenants: apply what is shown above, first b." in asked
    assert fleet.asked()[-2:] == ["up a", "up b"]


def test_where_nothing_would_change_nobody_is_asked(fleet: Fleet) -> None:
    for stack in ("a", "b"):
        fleet.events("preview", stack)
    fleet.typed = ""
    fleet.run("up", "--all")
    assert fleet.asked() == ["preview a", "preview b"]


def test_one_that_fails_stops_no_other_and_running_again_does_what_is_left(fleet: Fleet) -> None:
    fleet.fails("up", "a", because="error: 403 Forbidden")
    failed = fleet.run("up", "--all", "--yes", "--json", expect=2)
    states = {one["stack"]: one["state"] for one in json.loads(failed.stdout)["stacks"]}
    assert (states["b"], "403 Forbidden" in failed.stdout) == ("done", True)
    assert fleet.asked() == ["up a", "up b"]
    fleet.fails("up", "a", because=None)
    fleet.events("preview", "b")
    fleet.typed = "y\n"
    fleet.run("up", "--all")
    assert fleet.asked() == ["preview a", "preview b", "up a"]


def test_a_preview_writes_nothing_and_asks_nobody(fleet: Fleet) -> None:
    found = json.loads(fleet.run("preview", "--all", "--json").stdout)
    assert {one["state"] for one in found["stacks"]} == {"done"}
    assert fleet.asked() == ["preview a", "preview b"]


def test_levels_of_a_stack_go_with_the_rules(fleet: Fleet) -> None:
    levels = fleet.folder / "policy" / "stacks" / "a.json"
    levels.parent.mkdir(parents=True)
    levels.write_text("{}", encoding="utf-8")
    fleet.run("preview", "--all", "--policy-pack", str(fleet.folder / "policy"))
    assert fleet.asked() == ["preview a", "preview b"]


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


def test_a_signal_ends_the_engines_and_starts_no_other(fleet: Fleet) -> None:
    watching = when_it_waits(fleet, lambda: os.kill(os.getpid(), signal.SIGTERM))
    stopped = fleet.run("preview", "--all", "--parallel", "1", "--json", expect=2)
    watching.join()
    assert "Stopping: pulumi ends the step it is at" in stopped.stderr
    states = {one["stack"]: one["state"] for one in json.loads(stopped.stdout)["stacks"]}
    assert states == {"a": "cancelled", "b": "not started"}
    assert fleet.asked() == ["preview a"]


def test_a_signal_before_the_question_is_an_answer(fleet: Fleet) -> None:
    fleet.typed = "y\n"
    watching = when_it_waits(fleet, lambda: os.kill(os.getpid(), signal.SIGTERM))
    stopped = fleet.run("up", "--all", expect=2)
    watching.join()
    assert "Stopped while it was previewed. Nothing was written." in stopped.stderr
    assert not [one for one in fleet.asked() if one.startswith("up")]


@pytest.mark.timeout(15)
def test_a_signal_that_comes_as_the_main_thread_goes_to_wait_is_heard(fleet: Fleet) -> None:
    # Then it wakes nobody: as one does that another thread gets.
    watching = when_it_waits(
        fleet, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    )
    stopped = fleet.run("preview", "--all", expect=2)
    watching.join()
    assert "Stopping: pulumi ends the step it is at" in stopped.stderr


def access(fleet: Fleet) -> Access:
    site = Site(
        project=fleet.folder, command="drift", engines=Engines(), logs=fleet.folder, seconds=60
    )
    return access_to(site, read_member(fleet.folder, "a"))


def test_a_client_of_the_stacks_own_is_read_through_the_engine(
    fleet: Fleet,
) -> None:
    fleet.stack("a", **{"auth0:clientId": "own", "auth0:clientSecret": {"secure": "v1:x"}})
    found = access(fleet)
    assert (found.client_id, found.client_secret) == ("own", "canary-client-secret")
    script = fleet.folder / "bin" / "pulumi"
    script.write_text("#!/bin/sh\nexit 255\n", "utf-8")
    with pytest.raises(EngineFailedError, match=r"auth0:clientSecret of Pulumi\.a\.yaml"):
        access(fleet)


def test_a_drift_check_of_a_fleet_looks_as_one_of_a_stack_does(
    applied: Callable[..., Operator],
) -> None:
    desk = applied()
    program = desk.folder / "bin" / "pulumi"
    program.write_text("#!/bin/sh\necho v3.259.0\n", encoding="utf-8")
    assert "no drift" in desk.run("fleet", "drift").stdout
    desk.tenant.api("PUT", "/guardian/policies", [])
    drifted = desk.json("fleet", "drift", expect=7)
    assert drifted["stacks"][0]["findings"] == ["policy"]
    desk.engine.applied.resources.clear()
    assert "has no resources" in desk.run("fleet", "drift", expect=2).stdout
    desk.environment["AUTH0_CLIENT_SECRET"] = ""
    assert "AUTH0_CLIENT_SECRET" in desk.run("fleet", "drift", expect=2).stdout
