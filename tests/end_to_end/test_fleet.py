"""A fleet of sandbox tenants, all in one process, each run by the real engine.

On every change two tenants and a canary; what a run makes of its stacks is, without the engine, in
phonemfa/fleet.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from phonemfa.cli import app
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.many import CPAAS_KEY, ManyTenants, many_tenants
from tests.contract import PROJECT
from tests.end_to_end.conftest import tenant_of
from tests.end_to_end.operators import stopped_at, writes
from tests.end_to_end.pulumi_cli import Folder

pytestmark = pytest.mark.end_to_end

REFUSED = {"method": "PUT", "path": "/guardian/policies", "status": 403, "times": None}
PACK = ("--policy-pack", str(PROJECT / "policy" / "__main__.py"))


class Fleet:
    """Runs the command at many tenants, and reads every word of it."""

    def __init__(self, many: ManyTenants) -> None:
        self.many = many
        self.logs = many.project / ".phonemfa" / "fleet"
        self.tenants = {stack: tenant_of(running) for stack, running in many.tenants.items()}

    def json(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """One command; its exit status must be `expect`, and its output may show no secret."""
        where = ["--project", str(self.many.project), "--env-dir", str(self.many.env_dir)]
        result = CliRunner().invoke(
            app, ["fleet", *arguments, *where, "--json"], env=self.many.environment
        )
        text = result.stdout + result.stderr
        assert result.exit_code == expect, text or result.exception
        assert [one for one in self.secrets() if one in text] == []
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def secrets(self) -> list[str]:
        passphrase = Path(self.many.environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text("utf-8")
        clients = [one.client_secret for one in self.many.tenants.values()]
        return [CPAAS_KEY, passphrase.strip(), *clients]

    @property
    def store(self) -> Folder:
        return Folder(url=self.many.environment["PULUMI_BACKEND_URL"])


def forget_requests(fleet: Fleet) -> None:
    for tenant in fleet.tenants.values():
        tenant.forget_requests()


def by_stack(answer: dict[str, Any], what: str = "state") -> dict[str, Any]:
    return {one["stack"]: one[what] for one in answer["stacks"]}


@contextmanager
def fleet_of(count: int, folder: Path, engine: Engine, plugin: Plugin) -> Iterator[Fleet]:
    with many_tenants(folder, count, engine, plugin) as many, ExitStack() as opened:
        fleet = Fleet(many)
        for tenant in fleet.tenants.values():
            opened.enter_context(closing(tenant.http))
        yield fleet


@pytest.fixture
def pair(tmp_path: Path, engine: Engine, plugin: Plugin) -> Iterator[Fleet]:
    with fleet_of(2, tmp_path, engine, plugin) as found:
        yield found


def test_a_bad_canary_keeps_the_rest_from_being_begun(pair: Fleet) -> None:
    pair.tenants["t02"].control("POST", "/faults", REFUSED | {"method": "POST", "path": "/api/v2/"})
    found = pair.json("up", "--all", "--yes", "--canary", "t02", expect=1)
    assert by_stack(found) == {"t01": "not started", "t02": "failed"}
    assert pair.tenants["t01"].logged() == []
    pair.tenants["t02"].control("DELETE", "/faults")
    assert pair.json("up", "--all", "--yes")["totals"] == {"done": 2}


@pytest.mark.thorough
def test_one_fails_one_is_locked_the_third_is_applied_and_running_again_does_the_rest(
    tmp_path: Path, engine: Engine, plugin: Plugin
) -> None:
    with fleet_of(3, tmp_path, engine, plugin) as fleet:
        # The first run leaves two.
        fleet.tenants["t02"].control("POST", "/faults", REFUSED)
        lock = fleet.store.path / ".pulumi/locks/organization/phonemfa/t03/1.json"
        lock.parent.mkdir(parents=True)
        held = {"pid": 1, "username": "sato", "hostname": "build-7"}
        lock.write_text(json.dumps(held | {"timestamp": "2026-11-25T09:00:00Z"}), encoding="utf-8")
        first = fleet.json("up", "--all", "--yes", expect=2)
        assert by_stack(first) == {"t01": "done", "t02": "failed", "t03": "locked"}
        assert by_stack(first, "changes")["t01"] == {"created": 6}
        assert "403" in by_stack(first, "why")["t02"]
        assert "sato@build-7" in by_stack(first, "why")["t03"]
        assert first["left"] == ["t02", "t03"]
        assert writes(fleet.tenants["t03"]) == []
        for file in fleet.logs.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
            text = file.read_text(encoding="utf-8")
            assert not [one for one in fleet.secrets() if one in text], file
        assert "403" in (fleet.logs / "t02.log").read_text(encoding="utf-8")
        fleet.tenants["t02"].control("DELETE", "/faults")
        lock.unlink()

        # The second does the rest.
        forget_requests(fleet)
        again = fleet.json("up", "--all", "--yes")
        assert by_stack(again) == {"t01": "done", "t02": "done", "t03": "done"}
        assert fleet.tenants["t01"].logged() == [], "it was done"
        assert writes(fleet.tenants["t02"]), "what had failed"
        assert writes(fleet.tenants["t03"]), "what was locked"
        assert again["left"] == []
        selected = list((Path(fleet.many.environment["PULUMI_HOME"]) / "workspaces").glob("*"))
        assert all("t01" in one.read_text("utf-8") for one in selected), "as `stack init` did"

        # A broken rule fails its stack before anything is written.
        stack_file = fleet.many.project / "Pulumi.t02.yaml"
        config = yaml.safe_load(stack_file.read_text(encoding="utf-8"))
        config["config"]["phonemfa:allowedPrefixes"] = ["+81", "+886"]
        stack_file.write_text(yaml.safe_dump(config), encoding="utf-8")
        forget_requests(fleet)
        found = fleet.json("up", "--all", "--yes", *PACK, expect=1)
        assert by_stack(found) == {"t01": "done", "t02": "failed", "t03": "done"}
        assert "country-allow-list" in by_stack(found, "why")["t02"]
        assert writes(fleet.tenants["t02"]) == []
        log = (fleet.logs / "t02.log").read_text(encoding="utf-8")
        assert "policy country-allow-list (mandatory): " in log

        fleet.tenants["t01"].api("PUT", "/guardian/policies", [])
        found = fleet.json("drift", "--stack", "t01", expect=7)
        assert by_stack(found, "findings") == {"t01": ["policy"]}


@pytest.mark.thorough
def test_an_interrupted_run_ends_in_order_loses_nothing_and_the_next_goes_on(pair: Fleet) -> None:
    # The Action's deployment waits: the engine is in the middle of its work when we ask.
    with stopped_at(pair.tenants["t01"], pair.store, "POST", "/deploy"):
        first = pair.json("up", "--all", "--yes", "--parallel", "1", expect=2)
    assert by_stack(first) == {"t01": "cancelled", "t02": "not started"}
    assert first["left"] == ["t01", "t02"]
    again = pair.json("up", "--all", "--yes")
    assert by_stack(again) == {"t01": "done", "t02": "done"}
    assert len(pair.tenants["t01"].actions) == 1, "nothing was made twice"
    assert pair.json("up", "--all", "--yes")["totals"] == {"done": 2}


@pytest.mark.thorough
def test_fifty_tenants_in_one_process_and_one_of_them_bad(
    tmp_path: Path, engine: Engine, plugin: Plugin
) -> None:
    with fleet_of(50, tmp_path, engine, plugin) as fleet:
        fleet.tenants["t07"].control("POST", "/faults", REFUSED)
        first = fleet.json("up", "--all", "--yes", "--canary", "t01", expect=1)
        assert first["totals"] == {"done": 49, "failed": 1}
        fleet.tenants["t07"].control("DELETE", "/faults")
        forget_requests(fleet)
        again = fleet.json("up", "--all", "--yes")
        assert again["totals"] == {"done": 50}
        touched = [one for one in fleet.many.tenants if writes(fleet.tenants[one])]
        assert touched == ["t07"]
