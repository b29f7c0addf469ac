"""A fleet of sandbox tenants, all in one process, each run by the real engine.

On every change two tenants and a canary; what a run makes of its stacks is, without the engine, in
phonemfa/fleet.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.many import CPAAS_KEY, ManyTenants, many_tenants
from tests.contract import PROJECT
from tests.end_to_end.conftest import tenant_of
from tests.end_to_end.operators import writes

pytestmark = pytest.mark.end_to_end

POLICIES = "/guardian/policies"


class Fleet:
    """Runs the command at many tenants, and reads every word of it."""

    def __init__(self, many: ManyTenants) -> None:
        self.many = many
        self.tenants = {stack: tenant_of(running) for stack, running in many.tenants.items()}

    def run(self, *arguments: str, expect: int = 0) -> Result:
        """One command; its exit status must be `expect`, and its output may show no secret."""
        where = ["--project", str(self.many.project), "--env-dir", str(self.many.env_dir)]
        result = CliRunner().invoke(
            app,
            ["fleet", *arguments, *where],
            env=self.many.environment | {"COLUMNS": "200"},
        )
        text = result.stdout + result.stderr
        assert result.exit_code == expect, text or result.exception
        for secret in self.secrets():
            assert secret not in text
        return result

    def json(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        answer = self.run(*arguments, "--json", expect=expect).stdout
        found: dict[str, Any] = json.loads(answer)
        return found

    def secrets(self) -> list[str]:
        passphrase = Path(self.many.environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text("utf-8")
        clients = [one.client_secret for one in self.many.tenants.values()]
        return [CPAAS_KEY, passphrase.strip(), *clients]

    def locks(self, stack: str) -> Path:
        backend = Path(self.many.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
        return backend / ".pulumi" / "locks" / "organization" / "phonemfa" / stack


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
def fleet(tmp_path: Path, engine: Engine, plugin: Plugin) -> Iterator[Fleet]:
    with fleet_of(3, tmp_path, engine, plugin) as found:
        yield found


@pytest.fixture
def pair(tmp_path: Path, engine: Engine, plugin: Plugin) -> Iterator[Fleet]:
    with fleet_of(2, tmp_path, engine, plugin) as found:
        yield found


@pytest.mark.thorough
def test_one_fails_one_is_locked_the_third_is_applied_and_running_again_does_the_rest(
    fleet: Fleet,
) -> None:
    refused = {"method": "PUT", "path": POLICIES, "status": 403, "times": None}
    fleet.tenants["t02"].control("POST", "/faults", refused)
    lock = fleet.locks("t03") / "1.json"
    lock.parent.mkdir(parents=True)
    held = {
        "pid": 1,
        "username": "sato",
        "hostname": "build-7",
        "timestamp": "2026-11-25T09:00:00Z",
    }
    lock.write_text(json.dumps(held), encoding="utf-8")

    first = fleet.json("up", "--all", "--yes", expect=2)

    assert by_stack(first) == {"t01": "done", "t02": "failed", "t03": "locked"}
    assert by_stack(first, "changes")["t01"] == {"created": 6}
    assert "403" in by_stack(first, "why")["t02"]
    assert "sato@build-7" in by_stack(first, "why")["t03"]
    assert first["left"] == ["t02", "t03"]
    assert writes(fleet.tenants["t03"]) == []
    kept = fleet.many.project / ".phonemfa" / "fleet"
    for file in kept.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
        text = file.read_text(encoding="utf-8")
        assert not [one for one in fleet.secrets() if one in text], file
    assert "403" in (kept / "t02.log").read_text(encoding="utf-8")

    fleet.tenants["t02"].control("DELETE", "/faults")
    lock.unlink()
    forget_requests(fleet)
    again = fleet.json("up", "--all", "--yes")

    assert by_stack(again) == {"t01": "done", "t02": "done", "t03": "done"}
    assert fleet.tenants["t01"].logged() == [], "it was done"
    assert writes(fleet.tenants["t02"]), "what had failed"
    assert writes(fleet.tenants["t03"]), "what was locked"
    assert again["left"] == []

    selected = list((Path(fleet.many.environment["PULUMI_HOME"]) / "workspaces").glob("*"))
    assert all("t01" in one.read_text(encoding="utf-8") for one in selected), "as `stack init` did"

    fleet.tenants["t01"].api("PUT", POLICIES, [])
    found = fleet.json("drift", "--stack", "t01", expect=7)
    assert by_stack(found, "findings") == {"t01": ["policy"]}


@pytest.mark.thorough
def test_an_interrupted_run_ends_in_order_loses_nothing_and_the_next_goes_on(pair: Fleet) -> None:
    # The Action's deployment waits: the engine is in the middle of its work when we ask.
    slow = {"method": "POST", "path": "/deploy$", "delay_seconds": 4, "times": 1}
    pair.tenants["t01"].control("POST", "/faults", slow)
    seen = threading.Event()

    def interrupt() -> None:
        while not any(
            one.startswith("POST /api/v2/actions") for one in writes(pair.tenants["t01"])
        ):
            if seen.wait(0.1):
                return
        os.kill(os.getpid(), signal.SIGINT)

    asking = threading.Thread(target=interrupt)
    asking.start()
    first = pair.json("up", "--all", "--yes", "--parallel", "1", expect=2)
    seen.set()
    asking.join()

    assert by_stack(first) == {"t01": "cancelled", "t02": "not started"}
    assert first["left"] == ["t01", "t02"]
    assert list(pair.locks("t01").glob("*.json")) == [], "the lock is given back"
    again = pair.json("up", "--all", "--yes")
    assert by_stack(again) == {"t01": "done", "t02": "done"}
    content = pair.tenants["t01"].control("GET", "/state")["content"]
    assert len(content["actions"]) == 1, "nothing was made twice"
    assert pair.json("up", "--all", "--yes")["totals"] == {"done": 2}


def test_a_bad_canary_keeps_the_rest_from_being_begun(pair: Fleet) -> None:
    refused = {"method": "POST", "path": "/api/v2/", "status": 403, "times": None}
    pair.tenants["t02"].control("POST", "/faults", refused)
    found = pair.json("up", "--all", "--yes", "--canary", "t02", expect=1)
    assert by_stack(found) == {"t01": "not started", "t02": "failed"}
    assert pair.tenants["t01"].logged() == []
    pair.tenants["t02"].control("DELETE", "/faults")
    assert pair.json("up", "--all", "--yes")["totals"] == {"done": 2}


@pytest.mark.thorough
def test_a_broken_rule_fails_its_stack_before_anything_is_written(pair: Fleet) -> None:
    pack = ("--policy-pack", str(PROJECT / "policy" / "__main__.py"))
    file = pair.many.project / "Pulumi.t02.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["config"]["phonemfa:allowedPrefixes"] = ["+81", "+886"]
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    found = pair.json("up", "--all", "--yes", *pack, expect=1)
    assert by_stack(found) == {"t01": "done", "t02": "failed"}
    assert "country-allow-list" in by_stack(found, "why")["t02"]
    assert writes(pair.tenants["t02"]) == []
    log = (pair.many.project / ".phonemfa" / "fleet" / "t02.log").read_text(encoding="utf-8")
    assert "policy country-allow-list (mandatory): " in log


@pytest.mark.thorough
def test_fifty_tenants_in_one_process_and_one_of_them_bad(
    tmp_path: Path, engine: Engine, plugin: Plugin
) -> None:
    with fleet_of(50, tmp_path, engine, plugin) as fleet:
        refused = {"method": "PUT", "path": POLICIES, "status": 403, "times": None}
        fleet.tenants["t07"].control("POST", "/faults", refused)
        first = fleet.json("up", "--all", "--yes", "--canary", "t01", expect=1)
        assert first["totals"] == {"done": 49, "failed": 1}
        fleet.tenants["t07"].control("DELETE", "/faults")
        forget_requests(fleet)
        again = fleet.json("up", "--all", "--yes")
        assert again["totals"] == {"done": 50}
        touched = [one for one in fleet.many.tenants if writes(fleet.tenants[one])]
        assert touched == ["t07"]
