"""Locks are complete and name no place, licences are accepted, and no data is no good news."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

from tests.contract import PROJECT
from tests.processes import run
from tools import supply_chain
from tools.supply_chain import GO_MODULES, NODE, PYTHON_LOCKS, app

PINS = {
    canonicalize_name(name): version
    for lock in PYTHON_LOCKS
    for name, version in re.findall(
        r"^([\w.-]+)==([\w.]+)", (PROJECT / lock).read_text("utf-8"), re.MULTILINE
    )
}
NPM = json.loads((NODE / "package-lock.json").read_text("utf-8"))["packages"]


def test_the_python_lock_has_what_pyproject_asks_for() -> None:
    content = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    project, groups = content["project"], content["dependency-groups"]
    asked = [*project["dependencies"], *groups["sandbox"], *groups["dev"]]
    asked += [one for extra in project["optional-dependencies"].values() for one in extra]
    for one in map(Requirement, asked):
        assert PINS[canonicalize_name(one.name)] in one.specifier, f"{one}: make lock"


def test_every_javascript_package_has_a_hash_and_none_is_the_actions() -> None:
    """That package.json and its lock agree is npm ci's to say; it says nothing of hashes."""
    assert "dependencies" not in NPM[""], "the Action has none"
    lacking = [at for at, one in NPM.items() if at and not one["integrity"].startswith("sha512-")]
    assert lacking == []


def test_no_lock_names_a_registry() -> None:
    locks = [PROJECT / one for one in PYTHON_LOCKS]
    locks += [PROJECT / module / name for module in GO_MODULES for name in ("go.mod", "go.sum")]
    assert [one for one in locks if re.search("https?://", one.read_text("utf-8"))] == []
    assert [at for at, one in NPM.items() if "resolved" in one] == []


def test_every_go_module_is_looked_at() -> None:
    tracked = run("git", "ls-files", "*go.mod", cwd=PROJECT).stdout
    found = {str(Path(one).parent) for one in tracked.split()}
    assert found in (set(), set(GO_MODULES)), "none where there is no git"


def test_licences_of_javascript_and_python_are_accepted() -> None:
    assert supply_chain.javascript_licences() == []
    assert supply_chain.python_licences().returncode == 0


@pytest.mark.thorough
def test_the_bill_has_every_package_keeps_its_schema_and_go_licences_are_accepted(
    tmp_path: Path,
) -> None:
    bill = tmp_path / "sbom.json"
    for words in (["sbom", "--to", str(bill)], ["licences"]):
        ended = CliRunner().invoke(app, words)
        assert ended.exit_code == 0, ended.output
    text = bill.read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    known = {(one["name"], one["version"]): one for one in json.loads(text)["components"]}
    assert {canonicalize_name(name) for name, _ in known} >= set(PINS)
    assert all(
        one["licenses"] for (name, _), one in known.items() if name == "google.golang.org/grpc"
    )
    hashed = [name for (name, _), one in known.items() if "hashes" in one]
    assert len(hashed) >= len({at.rpartition("node_modules/")[2] for at in NPM if at})


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("                Apache License\n         Version 2.0, January 2004", "Apache-2.0"),
        ("Permission is hereby granted, free of charge,\nto any person obtaining a copy", "MIT"),
        ("Redistribution and use in source and binary forms, with or without", "BSD-2-Clause"),
        ("may be used to endorse\nor promote products derived from", "BSD-3-Clause"),
        ("All rights reserved.", ""),
    ],
)
def test_a_go_modules_licence_is_known_by_its_own_sentence(text: str, licence: str) -> None:
    assert supply_chain.licence_of(text) == licence


KNOWN = {"dependencies": [{"name": "pip", "version": "26.3", "vulns": []}]}
BAD = {"dependencies": [{"name": "left", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]}]}
# What pip-audit answers, with exit status 0, where the index has no advisories.
SKIPPED = {"dependencies": [{"name": "pip", "skip_reason": "Dependency not found on PyPI"}]}
PARTLY = {"dependencies": KNOWN["dependencies"] + SKIPPED["dependencies"]}
NPM_FINE = {"auditReportVersion": 2, "vulnerabilities": {}}
NPM_BAD = {"auditReportVersion": 2, "vulnerabilities": {"left": {"severity": "high"}}}
NPM_REFUSED = {"message": "405 Method Not Allowed"}


@pytest.mark.parametrize(
    ("pip_audit", "npm", "go", "status", "says"),
    [
        (KNOWN, NPM_FINE, [], 0, ""),
        (SKIPPED, NPM_FINE, [], 2, "NOT CHECKED Python: no data for any package"),
        (PARTLY, NPM_FINE, [], 2, "NOT CHECKED Python: no data for pip"),
        ({}, NPM_FINE, [], 2, "NOT CHECKED Python: pip-audit: it said nothing"),
        (BAD, NPM_FINE, [(2, "Go: x")], 1, "VULNERABLE left 1.0: PYSEC-1"),
        (KNOWN, NPM_REFUSED, [], 2, "NOT CHECKED JavaScript: no data for any package: 405"),
        (KNOWN, NPM_BAD, [], 1, "VULNERABLE left: high"),
        (KNOWN, NPM_FINE, [(1, "engine: GO-1")], 1, "VULNERABLE engine: GO-1"),
    ],
)
def test_only_complete_data_without_a_finding_is_fine(
    monkeypatch: pytest.MonkeyPatch,
    pip_audit: dict[str, Any],
    npm: dict[str, Any],
    *,
    go: supply_chain.Answer,
    status: int,
    says: str,
) -> None:
    def answer(*command: str, **_: Any) -> subprocess.CompletedProcess[str]:
        said = json.dumps(npm if command[0] == "npm" else pip_audit)
        return subprocess.CompletedProcess(command, 0, said, "")

    monkeypatch.setattr(supply_chain, "ran", answer)
    monkeypatch.setattr(supply_chain, "audit_go", lambda: go)
    ended = CliRunner().invoke(app, ["audit"])
    assert ended.exit_code == status, ended.output
    assert says in ended.output
