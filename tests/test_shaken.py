"""`make shaken` shakes, and nothing else does."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import PROJECT

PROBE = """
import asyncio, time
import httpx

ANSWER = httpx.MockTransport(lambda request: httpx.Response(200))


def test_who_asks():
    began = time.monotonic()
    httpx.Client(transport=ANSWER).get("http://t")
    assert time.monotonic() - began > 0.1


def test_who_asks_asynchronously():
    began = time.monotonic()
    asyncio.run(httpx.AsyncClient(transport=ANSWER).get("http://t"))
    assert time.monotonic() - began > 0.1
"""


@pytest.mark.thorough  # about `make shaken` alone
@pytest.mark.parametrize(
    ("options", "outcome"),
    [(["-p", "randomly", "-p", "tests.shaken"], "2 passed"), ([], "2 failed")],
)
def test_answers_are_late_and_the_order_is_another_only_when_asked(
    tmp_path: Path, options: list[str], outcome: str
) -> None:
    (tmp_path / "probe_test.py").write_text(PROBE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(PROJECT / "pyproject.toml")]
    command += ["-p", "no:cacheprovider", *options, str(tmp_path)]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert outcome in ran.stdout
    assert ("--randomly-seed=" in ran.stdout) is bool(options)
