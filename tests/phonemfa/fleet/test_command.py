"""What is refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from phonemfa.cli import app


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: phonemfa", encoding="utf-8")
    for stack in ("a", "b", "prod"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(
            f"config: {{'auth0:domain': {stack}.example.jp}}", encoding="utf-8"
        )
    return tmp_path


def fleet(project: Path, *arguments: str, path: str = "") -> Result:
    # Nothing on PATH: whatever gets as far as an engine fails with another text.
    environment = {"PATH": path, "COLUMNS": "200"}
    return CliRunner().invoke(
        app, ["fleet", *arguments, "--project", str(project)], env=environment
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["up"], "Which stacks?"),
        (["up", "--stack", "c"], "No stack has this name, or fits: c"),
        (["up", "--stack", "prod*"], "No stack is left"),
        (["up", "--all", "--shard", "9/8"], "--shard 9/8"),
        (["up", "--all", "--canary", "c"], "--canary c fits no selected stack"),
        (["up", "--all", "--canary", "a", "--shard", "1/2"], "--canary with --shard"),
        (["preview", "--all", "--yes"], "--yes with preview"),
        (["drift", "--all", "--refresh", "--canary", "a"], "--canary with drift; --refresh with"),
        (["list", "--all", "--policy-pack", "policy"], "--policy-pack with list"),
        (["up", "--all", "--env-dir", "nowhere"], "--env-dir nowhere is no folder"),
        (["up", "--all", "--yes"], "There is no `pulumi` on PATH"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    project: Path, arguments: list[str], told: str
) -> None:
    result = fleet(project, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def test_a_list_is_for_shells_and_the_same_selection(project: Path) -> None:
    assert fleet(project, "list", "--all").stdout == "a\nb\nprod\n"
    assert fleet(project, "list", "--all", "--shard", "2/2").stdout == "b\n"
    found = json.loads(fleet(project, "list", "--stack", "prod", "--json").stdout)
    assert found["stacks"] == [{"stack": "prod", "tenant": "prod.example.jp", "protected": True}]


def test_nobody_to_ask_is_told_before_anything_is_previewed(project: Path) -> None:
    (project / "bin").mkdir()
    pulumi = project / "bin" / "pulumi"
    asked = project / "asked"
    pulumi.write_text(f"#!/bin/sh\necho 3.259.0; echo $1 >> '{asked}'\n", encoding="utf-8")
    pulumi.chmod(0o755)
    result = fleet(project, "up", "--stack", "a", path=f"{project / 'bin'}:/usr/bin:/bin")
    assert (result.exit_code, "--yes" in result.stderr) == (2, True)
    assert asked.read_text(encoding="utf-8") == "version\n"


def test_production_that_a_wildcard_left_out_is_told(project: Path) -> None:
    result = fleet(project, "up", "--all", "--yes")
    assert "left out: prod (production or phonemfa:protect; --stack prod" in result.stderr


def test_two_stacks_of_one_tenant_are_told_to_be_a_mistake(project: Path) -> None:
    (project / "Pulumi.b.yaml").write_text("config: {'auth0:domain': a.example.jp}", "utf-8")
    result = fleet(project, "preview", "--all")
    assert "WARNING: a, b name the same tenant, a.example.jp" in result.stderr
