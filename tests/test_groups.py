"""Tests that share what takes long to make are given to one worker."""

import pytest


@pytest.mark.xdist_group("one worker")
def test_workers_keep_groups_together(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@one worker"), "xdist reads the group from there"
