"""The suites that run where their subject does, in Node: the Action's own, and the runner's."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.runner.runner import find_node
from tests.contract import PROJECT

LIMIT = 600
HERE = Path(__file__).parent


def run_node_suite(suite: Path, *, node: str = "", **environ: str) -> None:
    """Run one `*.test.cjs`, with the Node that runs Actions here or another; not an empty one."""
    done = subprocess.run(
        [node or find_node(), "--test", "--test-reporter=spec", str(suite)],
        env={**os.environ, "PHONEMFA_PYTHON": sys.executable, **environ},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    output = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, output
    assert "pass 0" not in done.stdout, f"{suite.name} ran no test:\n{output}"


def suites_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.test.cjs"))


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


# -- what an operator reads of it -----------------------------------------------------------------


def test_every_secret_of_the_code_is_in_the_table_of_the_readme() -> None:
    actions = PROJECT / "actions"
    source = "\n".join(path.read_text(encoding="utf-8") for path in (actions / "src").glob("*.js"))
    table = source[source.index("const SETTINGS") : source.index("function readConfig")]
    names = set(re.findall(r"^  ([A-Z_]+):", table, re.MULTILINE))
    assert len(names) == 15
    readme = (actions / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", readme, re.MULTILINE)) == names
