"""Tenants that were configured by hand become stacks, and `pulumi preview` finds no change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import CONFIG, KEY, Tenant, checkout
from tests.end_to_end.pulumi_cli import PulumiProject, changed

pytestmark = pytest.mark.end_to_end
legacy_tenant = pytest.mark.generation("legacy")
Shape = Callable[[Tenant], None]


class Adopter:
    """Runs the command in a stack's project, with the environment that Pulumi has."""

    def __init__(self, stack: PulumiProject, tenant: Tenant) -> None:
        self.stack, self.tenant = stack, tenant

    def run(self, *options: str) -> Result:
        arguments = ["--stack", self.stack.stack, "--project", str(self.stack.folder)]
        environment = {**self.stack.environment, "COLUMNS": "300"}
        return CliRunner().invoke(app, ["adopt", *arguments, *options], env=environment)

    def adopt(self) -> dict[str, Any]:
        """Write, import, and the answer of `--json`."""
        result = self.run("--yes", "--json")
        assert result.exit_code == 0, result.output
        assert hand_made.SECRET not in result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        (imported,) = [one for one in answer["files"] if one.endswith("import.json")]
        self.stack.run(
            "import", "--file", imported, "--generate-code=false", "--yes", "--skip-preview"
        )
        return answer

    @property
    def config(self) -> dict[str, Any]:
        path = self.stack.folder / f"Pulumi.{self.stack.stack}.yaml"
        found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
        return {key.removeprefix("phonemfa:"): value for key, value in found.items()}


@pytest.fixture
def adopter(tmp_path: Path, project: Callable[..., PulumiProject], tenant: Tenant) -> Adopter:
    return Adopter(project(checkout(tmp_path), folder="adopting"), tenant)


def everything(tenant: Tenant) -> dict[str, Any]:
    """The tenant's whole state but for what reading it leaves behind."""
    content: dict[str, Any] = tenant.control("GET", "/state?secrets=true")["content"]
    return {key: value for key, value in content.items() if key != "logs"}


SHAPES = [
    hand_made.twilio,
    hand_made.custom,
    hand_made.half,
    hand_made.everything_off,
    pytest.param(hand_made.legacy_hook, marks=legacy_tenant),
    pytest.param(hand_made.legacy_twilio, marks=legacy_tenant),
    pytest.param(hand_made.marketplace, marks=legacy_tenant),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_after_the_import_nothing_is_to_change_and_nothing_has_changed(
    shape: Shape, adopter: Adopter, tenant: Tenant
) -> None:
    shape(tenant)
    before = everything(tenant)
    adopter.adopt()
    steps = adopter.stack.preview_steps()
    assert changed(steps) == []
    assert everything(tenant) == before
    assert tenant.unknown_routes() == 0
