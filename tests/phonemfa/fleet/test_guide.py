"""The commands that the guide shows are commands: as far as they go without an engine."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from phonemfa.cli import app
from tests.contract import PROJECT

GUIDE = (PROJECT / "docs" / "guides" / "fleet.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
VARIABLES = {"$SHARD": "3/4", "$CI_NODE_INDEX": "4", "$CI_NODE_TOTAL": "4"}
COMMANDS = sorted(
    {
        found.partition("#")[0].strip().removesuffix("); do")
        for _, block in BLOCKS
        for found in re.findall(r"python -m phonemfa (fleet .*)$", block, flags=re.MULTILINE)
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_goes_as_far_as_the_engine(command: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: phonemfa", encoding="utf-8")
    for stack in [f"shop-{number:02}" for number in range(1, 10)]:
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(
            f"config: {{'auth0:domain': {stack}.example.jp}}", encoding="utf-8"
        )
    for name, value in VARIABLES.items():
        command = command.replace(name, value)
    words = [*shlex.split(command), "--project", str(tmp_path)]
    result = CliRunner().invoke(app, words, env={"PATH": "", "COLUMNS": "200"})
    if words[1] == "list":
        assert (result.exit_code, len(result.stdout.split())) in {(0, 1), (0, 2), (0, 3)}
    else:
        assert "There is no `pulumi` on PATH" in result.stderr, result.output


def test_the_examples_of_workflows_are_yaml() -> None:
    kinds = [list(yaml.safe_load(block)) for kind, block in BLOCKS if kind == "yaml"]
    assert kinds == [["jobs"], ["fleet"]]
