"""The bench measures what it says. Goals that hang on the machine's load are for `make bench`."""

from __future__ import annotations

from bench.action import GOALS, measure


def test_the_action_is_measured_against_a_bare_round_trip() -> None:
    figures = measure(rounds=3, samples=5)
    assert figures.bundle_bytes < GOALS["bundle_bytes"]
    assert 0 < figures.module_load_ms < GOALS["module_load_ms"]
    assert len(figures.per_round) == 3
    assert min(figures.action_ms, figures.bare_round_trip_ms) > 0
