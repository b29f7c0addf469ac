"""The Action's own suites, run by Node's test runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.node_suite import run_node_suite, suites_in

SUITES = suites_in(Path(__file__).parent)


def test_there_are_suites_to_run() -> None:
    assert [suite.name for suite in SUITES] == [
        "config.test.cjs",
        "limits.test.cjs",
        "outcomes.test.cjs",
        "properties.test.cjs",
        "recipients.test.cjs",
        "repeats.test.cjs",
        "rollback.test.cjs",
        "texts.test.cjs",
    ]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suite_passes(suite: Path) -> None:
    run_node_suite(suite)


@pytest.mark.thorough
def test_ten_thousand_random_events_end_as_they_may() -> None:
    run_node_suite(Path(__file__).parent / "properties.test.cjs", PHONEMFA_EVENTS="10000")
