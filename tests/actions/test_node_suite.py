"""The suites that run where their subject does, in Node: the Action's own, and the runner's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.node_suite import run_node_suite, suites_in
from tests.contract import PROJECT

HERE = Path(__file__).parent
SUITES = [*suites_in(HERE), *suites_in(PROJECT / "tests" / "sandbox" / "runner")]


def test_there_are_suites_to_run() -> None:
    assert " ".join(suite.name.removesuffix(".test.cjs") for suite in SUITES) == (
        "config limits outcomes properties recipients repeats rollback texts cache runtime"
    )


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suite_passes(suite: Path) -> None:
    run_node_suite(suite)


@pytest.mark.thorough
def test_ten_thousand_random_events_end_as_they_may() -> None:
    run_node_suite(HERE / "properties.test.cjs", PHONEMFA_EVENTS="10000")


# -- every Node that Auth0 has run Actions on, and the next ---------------------------------------

MAJORS = (18, 20, 22, 24)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """A program of each major version, from the npm package that has nothing else in it."""
    folder = tmp_path_factory.mktemp("nodes")
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    wanted = [f"node{major}@npm:node@{major}" for major in MAJORS]
    npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *wanted]
    done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"other versions of Node cannot be had here: {done.stderr[-300:]}")
    return {
        major: str(folder / "node_modules" / f"node{major}" / "bin" / "node") for major in MAJORS
    }


@pytest.mark.thorough
@pytest.mark.parametrize("major", MAJORS)
def test_every_suite_passes(nodes: dict[int, str], major: int) -> None:
    told = subprocess.run([nodes[major], "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(f"v{major}.")
    for suite in suites_in(HERE):
        run_node_suite(suite, node=nodes[major])


@pytest.mark.thorough
def test_random_events_have_the_same_outcome_request_and_log(nodes: dict[int, str]) -> None:
    said = {}
    for major, node in nodes.items():
        done = subprocess.run(
            [node, str(HERE / "support" / "transcript.cjs")],
            env={**os.environ, "PHONEMFA_PYTHON": sys.executable},
            capture_output=True,
            text=True,
            check=True,
        )
        said[major] = done.stdout.splitlines()
    assert len(said[22]) == 3000
    for major in MAJORS:
        assert said[major] == said[22]
