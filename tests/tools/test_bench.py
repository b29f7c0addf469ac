"""What the bench makes of its samples: medians, ratios of one round, goals, page and plot."""

import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.bench import __main__ as bench
from tools.bench.__main__ import BARE, DEPLOY_CLI, IMPORTS, OURS, PULUMI, Figures, Samples
from tools.bench.running import CommandFailedError, Ran, role_of, run

LOAD = bench.Load(requests=1000, p99_ms=4, worst_ms=9)
ACTION = {"bundle_bytes": 19_000, "module_load_ms": 0.4, "overhead_ms": 0.7}


def ran(wall: float, *, program: float = 0.3, requests: int = 0) -> Ran:
    roles, peaks = {"program": program}, {"program": 50.0}
    return Ran(wall_s=wall, cpu_s=wall / 2, cpu_by_role=roles, peak_mib=peaks, requests=requests)


def figures(**changed: Ran) -> Figures:
    """Three rounds; the second on a machine that was three times as slow for a while."""
    taken = {"refresh": ran(2.0, requests=10), "import": ran(10.0, requests=9)} | changed
    samples: Samples = {
        (who, operation): [taken.get(operation, ran(1.0))] * 3
        for who, operations in ((BARE, PULUMI), (OURS, PULUMI), (DEPLOY_CLI, IMPORTS))
        for operation in operations
    }
    samples[BARE, "preview"] = [ran(one) for one in (1.0, 3.0, 1.0)]
    samples[OURS, "preview"] = [
        ran(wall, program=cpu) for wall, cpu in ((1.1, 0.7), (3.5, 0.8), (1.2, 0.6))
    ]
    return Figures(samples=samples, load=[LOAD], action=ACTION, server_mib=120)


def test_a_ratio_is_that_of_runs_that_followed_each_other() -> None:
    ratio, share, *_ = figures().goals
    assert ratio.measured == pytest.approx(3.5 / 3.0)
    assert share.measured == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({}, None),
        ({"up, nothing to do": ran(1.0, requests=1)}, "requests of an up, nothing to do"),
        ({"refresh": ran(1.0, requests=14)}, "requests of a refresh"),
        ({"import": ran(1.5)}, "deploy-cli import / up"),
    ],
)
def test_a_goal_that_is_missed_is_named(changed: dict[str, Ran], missed: str | None) -> None:
    found = [goal.name for goal in figures(**changed).goals if not goal.met]
    assert found == ([missed] if missed else [])


def test_page_and_plot_tell_every_operation(tmp_path: Path) -> None:
    page = tmp_path / "reference" / "bench.md"
    page.parent.mkdir()
    bench.write(figures(), tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "Medians of 3 rounds" in text
    assert "| refresh | this package | 2.00 s | 1.00 s | 10 | 10 |" in text
    drawn = ET.fromstring((tmp_path / "images" / "bench.svg").read_text("utf-8"))  # noqa: S314 - ours
    values = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "import, auth0-deploy-cli" in values
    assert "10.00 s" in values


def test_a_command_is_measured_with_what_it_starts(tmp_path: Path) -> None:
    child = "import time; held = bytearray(60_000_000); end = time.process_time() + 0.3\n"
    child += "while time.process_time() < end: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    measured = run([sys.executable, "-c", parent, "pip list"], cwd=tmp_path, environment=os.environ)
    assert measured.cpu_s > 0.3
    assert set(measured.cpu_by_role) == {"pip list", "other"}
    assert measured.cpu_by_role["other"] > 0.2
    assert measured.peak_mib["other"] > 57
    assert role_of("python3 -m pip list -v") == "pip list"
    with pytest.raises(CommandFailedError, match="ended with 3"):
        run([sys.executable, "-c", "exit(3)"], cwd=tmp_path, environment=os.environ)
