"""Runs suites of `node --test` from pytest: a failing one fails the test with Node's own output."""

import os
import subprocess
import sys
from pathlib import Path

from sandbox.runner.runner import find_node

LIMIT = 120


def run_node_suite(suite: Path, *, node: str = "", **environ: str) -> None:
    """Run one `*.test.cjs`; an empty run counts as a failure.

    Args:
        suite: the file.
        node: the program to run it with; without one, the one that runs Actions here.
        environ: variables for it.

    Raises:
        AssertionError: with Node's output.
    """
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
    """The suites of a folder, in order of name."""
    return sorted(folder.glob("*.test.cjs"))
