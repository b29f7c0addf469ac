"""`health` reads a tenant over HTTPS with read:logs alone, and says it wherever it is asked to."""

import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from phonemfa.cli import app
from phonemfa.scopes import Need, names, needed_by
from sandbox.traffic import Play, play
from tests.contract import PROJECT
from tests.phonemfa.applied import Operator
from tests.phonemfa.github_stand_in import GitHubStandIn

Apply = Callable[..., Operator]
UNHEALTHY = 8
QUICK = ("--requests-per-minute", "100000")


def played(desk: Operator, kind: str, codes: int = 60, days: int = 2) -> None:
    asked = {"kind": kind, "seed": 2, "per_day": codes, "days": days}
    desk.tenant.control("POST", "/traffic", asked)


@pytest.fixture
def desk(applied: Apply) -> Operator:
    made = applied()
    become(made, sorted(names(needed_by([Need.HEALTH]))))
    return made


def become(desk: Operator, scopes: list[str]) -> None:
    """Ask with a client that has these scopes alone."""
    client = desk.tenant.control("POST", "/clients", {"scopes": scopes})
    for part in ("id", "secret"):
        desk.environment[f"AUTH0_CLIENT_{part.upper()}"] = client[f"client_{part}"]
        desk.monkeypatch.setenv(f"AUTH0_CLIENT_{part.upper()}", client[f"client_{part}"])


def test_a_good_day_is_well_and_only_read_with_one_scope(desk: Operator) -> None:
    assert names(needed_by([Need.HEALTH])) == {"read:logs"}
    played(desk, "weekday")
    desk.tenant.forget_requests()
    found = desk.json("health", *QUICK)
    assert (found["well"], found["known"], found["likely"]) == (True, True, None)
    assert found["comparedWith"]
    assert {(one["method"], one["path"].partition("?")[0]) for one in desk.tenant.logged()} == {
        ("POST", "/oauth/token"),
        ("GET", "/api/v2/logs"),
    }


def test_a_bad_day_is_said_in_every_output(desk: Operator, tmp_path: Path) -> None:
    played(desk, "sender", 200)
    html, junit = tmp_path / "health.html", tmp_path / "health.xml"
    with GitHubStandIn() as github:
        desk.environment |= github.environment
        outputs = ("--html", str(html), "--junit", str(junit), "--issue")
        text = desk.run("health", *QUICK, *outputs, expect=UNHEALTHY)
        assert "the sender is refused" in text.stdout
        assert "issue opened" in text.stderr
        (issue,) = github.issues
        assert "phonemfa health` found this" in issue["body"]
        again = desk.run("health", *QUICK, "--issue", expect=UNHEALTHY).stderr
        assert "issue opened" not in again, "it is kept: unchanged within the minute, else updated"
        played(desk, "weekday")
        assert "issue closed" in desk.run("health", *QUICK, "--issue").stderr
        assert issue["state"] == "closed"
    assert "the sender is refused" in html.read_text("utf-8")
    assert ET.parse(junit).getroot().attrib["failures"] != "0"  # noqa: S314 - our own


def test_the_levels_of_the_stack_count(desk: Operator) -> None:
    played(desk, "weekday", 600)
    desk.engine.configure("phonemfa:health", {"completionPercent": 99})
    found = desk.json("health", *QUICK, expect=UNHEALTHY)
    assert {one["rule"] for one in found["findings"]} == {"completion"}
    assert found["levels"]["completionPercent"] == 99


def test_no_scope_is_no_answer_and_junit_says_so(desk: Operator, tmp_path: Path) -> None:
    junit = tmp_path / "health.xml"
    become(desk, ["read:actions"])
    said = desk.run("health", *QUICK, "--junit", str(junit), expect=2).stderr
    assert "no read:logs" in said
    assert ET.parse(junit).getroot().attrib["errors"] == "1"  # noqa: S314


def test_an_empty_log_is_no_answer(desk: Operator) -> None:
    result = desk.run("health", *QUICK, expect=2)
    assert "The log has no entry" in result.stdout


@pytest.mark.parametrize("since", ["1w", "0h", "32d", "", "24"])
def test_a_period_that_is_none_is_told_before_anything_else(since: str) -> None:
    refused = CliRunner().invoke(app, ["health", "--since", since])
    assert (refused.exit_code, "give hours or days" in refused.stderr) == (2, True)


def test_without_the_plotting_library_a_page_is_refused_before_the_work(
    desk: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phonemfa.health.plots.find_spec", lambda _: None)
    desk.tenant.forget_requests()
    assert "phonemfa[health]" in desk.run("health", "--html", "x.html", expect=2).stderr
    assert desk.tenant.logged() == []


MEASURED = """
import json, resource, runpy, sys, time
sys.argv[0] = "phonemfa"
try:
    runpy.run_module("phonemfa", run_name="__main__")
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss, which begins at what the process had that forked this one.
    peak = next(one for one in open("/proc/self/status") if one.startswith("VmHWM"))
    # What the same machine, as busy as it is now, needs for something plain.
    begun, entry = time.process_time(), json.dumps({"details": {"to": "+819012345678"}})
    for _ in range(1_000_000):
        json.loads(entry)
    reference = time.process_time() - begun
    print(used.ru_utime + used.ru_stime, reference, peak.split()[1], file=sys.stderr)
"""


@pytest.mark.thorough
def test_a_hundred_thousand_entries_take_some_seconds_of_cpu_and_200_mib(desk: Operator) -> None:
    logs = desk.engine.sandbox.parts.tenant.logs
    for days, codes in (((0, 1), 17_500), ((2, 3), 10)):
        what = Play(kind="weekday", seed=2, end=time.time(), days=days, per_day=codes)
        logs.archive.play(play(what))
    command = [sys.executable, "-c", MEASURED, "health", "--stack", "dev", "--json"]
    command += ["--project", str(desk.folder), *QUICK, "--html", str(desk.folder / "page.html")]
    result = subprocess.run(
        command,
        env=os.environ | desk.environment | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["log"]["read"] >= 100_000
    seconds, reference, kibibytes = result.stderr.split()[-3:]
    assert float(seconds) < 20 * float(reference), "it is seven times"
    assert int(kibibytes) < 200 * 1024
