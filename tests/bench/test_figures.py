"""What the bench makes of its samples: medians, ratios of one round, goals, page and plot."""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench import page
from bench.action import ActionFigures
from bench.figures import Figures, figures_of
from bench.load import LoadFigures, percentile
from bench.processes import CommandFailedError, Process, Ran, role_of, run
from bench.rounds import Rounds, Sample

LOAD = LoadFigures(requests=1000, writes=250, seconds=5, p50_ms=1, p99_ms=4, worst_ms=9)
ACTION = ActionFigures(
    bundle_bytes=19_000,
    module_load_ms=0.4,
    bare_round_trip_ms=10,
    action_ms=11,
    overhead_ms=0.7,
    per_round=(0.7,),
)


def sample(wall: float, *, program: float = 0.3, requests: int = 0) -> Sample:
    process = Process(role="program", cpu_s=program, peak_mib=50)
    ran = Ran(wall_s=wall, cpu_s=wall / 2, processes=(process,))
    return Sample(ran=ran, requests=tuple(f"GET /{number}" for number in range(requests)))


def figures(**changed: list[Sample]) -> Figures:
    """Three rounds; the second on a machine that was three times as slow for a while."""
    bare = [sample(1.0), sample(3.0), sample(1.0)]
    samples = {
        ("bare", "preview"): bare,
        ("ours", "preview"): [sample(1.1, program=0.7), sample(3.5, program=0.8), sample(1.2)],
        ("bare", "up, nothing to do"): bare,
        ("ours", "up, nothing to do"): changed.get("up", bare),
        ("bare", "refresh"): bare,
        ("ours", "refresh"): changed.get("refresh", [sample(2.0, requests=10)] * 3),
        ("ours", "up from nothing"): [sample(2.0)] * 3,
        ("deploy-cli", "deploy-cli import"): changed.get("imported", [sample(10.0)] * 3),
        ("deploy-cli", "deploy-cli dry run"): [sample(10.0)] * 3,
    }
    return figures_of(Rounds(samples=samples), [LOAD], ACTION, server_peak_mib=120)


def test_a_ratio_is_that_of_runs_that_followed_each_other() -> None:
    found = figures()
    assert found.ratios["preview: ours / bare program"] == pytest.approx(3.5 / 3.0)
    share = next(goal for goal in found.goals if goal.name.startswith("our Python share"))
    assert share.measured == pytest.approx(0.4)
    assert found.missed() == []


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({"up": [sample(1.0, requests=1)] * 3}, ["requests of an up, nothing to do"]),
        ({"refresh": [sample(1.0, requests=14)] * 3}, ["requests of a refresh"]),
        ({"imported": [sample(3.0)] * 3}, ["deploy-cli import / up"]),
    ],
)
def test_a_goal_that_is_missed_is_named(
    changed: dict[str, list[Sample]], missed: list[str]
) -> None:
    assert figures(**changed).missed() == missed


def test_page_and_plot_tell_every_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, suffix in (("PAGE", "md"), ("DATA", "json"), ("PLOT", "svg")):
        monkeypatch.setattr(page, name, tmp_path / f"figures.{suffix}")
    before, after = (
        "# Figures\n<!-- make bench begins -->\n",
        "<!-- make bench ends -->\nthe rest\n",
    )
    page.PAGE.write_text(f"{before}old\n{after}", encoding="utf-8")
    page.write(figures())
    text = page.PAGE.read_text(encoding="utf-8")
    assert text.startswith(before)
    assert text.endswith(after)
    assert "old" not in text
    assert "| refresh | this package | 2.00 s | 1.00 s | 10 | 10 |" in text
    drawn = ET.fromstring(page.PLOT.read_text(encoding="utf-8"))  # noqa: S314 - our own
    values = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "import, auth0-deploy-cli" in values
    assert "10.00 s" in values


def test_the_99th_percentile_leaves_one_of_a_hundred_above() -> None:
    assert percentile([*range(1, 101)], 99) == 99
    assert percentile([5.0], 99) == 5.0


def test_a_command_is_measured_with_what_it_starts(tmp_path: Path) -> None:
    child = "import time; held = bytearray(60_000_000); end = time.process_time() + 0.3\n"
    child += "while time.process_time() < end: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    command = [sys.executable, "-c", parent, "pip list"]
    measured = run(command, cwd=tmp_path, environment=os.environ)
    assert measured.cpu_s > 0.3
    assert len(measured.processes) == 2
    busiest = max(measured.processes, key=lambda one: one.cpu_s)
    assert busiest.cpu_s > 0.2
    assert busiest.peak_mib > 57
    assert role_of("python3 -m pip list -v") == "pip list"
    with pytest.raises(CommandFailedError, match="ended with 3"):
        run([sys.executable, "-c", "exit(3)"], cwd=tmp_path, environment=os.environ)
