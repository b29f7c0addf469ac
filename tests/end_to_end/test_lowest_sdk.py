"""The lives of the stacks with the oldest SDK that pyproject.toml allows."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.contract import PROJECT
from tests.packaging.installed import uv

pytestmark = [pytest.mark.end_to_end, pytest.mark.thorough]

SDK = ("pulumi", "pulumi-auth0")
LIVES = (
    # Failures are the plugin's, whatever the SDK.
    "tests/end_to_end/test_traces.py::test_a_life_is_the_recorded_one[unified]",
    "tests/end_to_end/test_traces.py::test_a_life_is_the_recorded_one[legacy]",
    "tests/end_to_end/test_any_tenant.py",
)


@pytest.mark.timeout(1800)
def test_each_life_is_the_same_with_the_lowest_sdk(tmp_path: Path) -> None:
    """Those recorded, and the package's in each generation, in an environment of their own."""
    environment = tmp_path / "lowest"
    python = environment / "bin" / "python"
    locked = tmp_path / "locked.txt"
    lines = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.removesuffix(" \\") for line in lines if re.match(r"[\w.-]+==", line)]
    others = [one for one in pins if one.partition("==")[0] not in SDK]
    assert len(others) == len(pins) - len(SDK)
    locked.write_text("\n".join(others), encoding="utf-8")
    uv("venv", "--seed", "--python", sys.executable, str(environment))
    uv("pip", "install", "--no-deps", "--python", str(python), "--requirement", str(locked))
    lowest = ["--resolution", "lowest-direct", "--constraint", str(locked)]
    uv("pip", "install", "--python", str(python), *lowest, *ranges().values())
    for name, wanted in ranges().items():
        bound = wanted.removeprefix(f"{name}>=").partition(",")[0]
        show = f"import importlib.metadata as m; print(m.version({name!r}))"
        told = subprocess.run([python, "-c", show], capture_output=True, text=True, check=True)
        assert told.stdout.startswith(f"{bound}."), f"{name} is {told.stdout}, not {bound}"

    ran = subprocess.run(
        [python, "-m", "pytest", "-q", "-m", "", *LIVES],
        cwd=PROJECT,
        # Nothing that says that tests run, whose workers and options it would name.
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "failed" not in ran.stdout


def ranges() -> dict[str, str]:
    """What pyproject.toml says of the SDK's packages."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    dependencies: list[str] = tomllib.loads(text)["project"]["dependencies"]
    said = {one.partition(">=")[0]: one for one in dependencies}
    return {name: said[name] for name in SDK}
