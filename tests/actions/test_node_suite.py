"""The suites that run where their subject does, in Node: the Action's own, and the runner's."""

from __future__ import annotations

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
