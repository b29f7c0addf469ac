"""How the whole suite runs: the longest tests first.

Two workers share the tests; a test of a minute that starts last keeps one of them waiting.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Recorded lives first, then whatever drives the engine, then the rest in their order."""

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("end_to_end") is None:
            return 2
        return 0 if item.path.stem == "test_traces" else 1

    items.sort(key=turn)
