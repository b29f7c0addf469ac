"""How the whole suite runs: the longest tests first, and as in a terminal wherever it runs.

A few workers share the tests; a test, or a group of tests, of a minute that starts last keeps the
others waiting.
"""

import os
import signal
from pathlib import Path

import hypothesis
import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let what tests start be interruptible, and each `make` of theirs one that a person types.

    A run that a shell put into the background ignores SIGINT, and so does all that it starts: at
    the end of each program the engine would wait five seconds for its language host. And the ARGS
    of `make test` would be those of every make below it.
    """
    for name in ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Examples that fail here fail in CI, and none as a machine is slow; `make shaken` has others.
    hypothesis.settings.register_profile(
        "everywhere",
        deadline=None,
        derandomize=not config.pluginmanager.hasplugin("tests.shaken"),
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("everywhere")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import what other vendors' clients need only where their tests are asked for."""
    left_out = "not fidelity" in str(config.option.markexpr)
    return True if left_out and collection_path == Path(__file__).parent / "clients" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Recorded lives first, then the engine's, then groups of one worker, then the rest."""

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("end_to_end") is None:
            return 3 if item.get_closest_marker("xdist_group") is None else 2
        return 0 if item.path.stem == "test_traces" else 1

    items.sort(key=turn)
