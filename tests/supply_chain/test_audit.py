"""No data is never taken for no vulnerability."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from supply_chain import audit
from supply_chain.__main__ import app
from supply_chain.audit import Audited, Ran


class Tool:
    """Stands in for a tool: answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers: Ran) -> None:
        self.answers, self.asked = list(answers), list[Sequence[str]]()

    def __call__(self, command: Sequence[str]) -> Ran:
        self.asked.append(command)
        return self.answers.pop(0)


def pip_audit(*dependencies: dict[str, Any], status: int = 0) -> Ran:
    return Ran(status, json.dumps({"dependencies": dependencies, "fixes": []}), "")


KNOWN = {"name": "pip", "version": "26.3", "vulns": []}
SKIPPED = {"name": "pip", "skip_reason": "Dependency not found on PyPI"}
BAD = {
    "name": "left",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}],
}


def test_packages_that_the_index_does_not_know_are_not_checked() -> None:
    # What pip-audit answers, with exit status 0, where the index has no advisories.
    tool = Tool(pip_audit(SKIPPED))
    answer = audit.python(tool)
    assert (answer.checked, answer.found) == (0, [])
    assert "no data for any package: Dependency not found" in answer.missing
    assert len(tool.asked) == 1, "one package is asked for, not each of them in vain"


def test_a_part_without_data_is_named() -> None:
    answer = audit.python(Tool(pip_audit(KNOWN), pip_audit(KNOWN, {**SKIPPED, "name": "right"})))
    assert answer.checked == 2
    assert answer.missing == "no data for right"


def test_vulnerabilities_of_python_are_told_with_their_fix() -> None:
    answer = audit.python(Tool(pip_audit(KNOWN), pip_audit(BAD, status=1)))
    assert answer.found == ["left 1.0: PYSEC-1, fixed in 1.1"]
    assert answer.missing == ""


@pytest.mark.parametrize("ran", [Ran(-1, "", "no such file"), Ran(1, "", "boom"), Ran(0, "{}", "")])
def test_a_tool_that_fails_has_no_data(ran: Ran) -> None:
    assert "pip-audit failed" in audit.python(Tool(ran)).missing
    assert audit.npm(Tool(ran)).missing.startswith("no data")


def test_a_registry_without_advisories_has_no_data() -> None:
    refusal = Ran(1, json.dumps({"message": "405 Method Not Allowed", "statusCode": 405}), "")
    assert audit.npm(Tool(refusal)).missing == "no data for any package: 405 Method Not Allowed"


def test_vulnerabilities_of_javascript_are_told() -> None:
    report = {
        "auditReportVersion": 2,
        "vulnerabilities": {"left": {"via": [{"title": "Prototype", "url": "u"}, "right"]}},
        "metadata": {"dependencies": {"total": 180}},
    }
    answer = audit.npm(Tool(Ran(1, json.dumps(report), "")))
    assert (answer.checked, answer.found, answer.missing) == (180, ["left: Prototype (u)"], "")


def test_go_needs_its_tool_an_engine_and_its_data() -> None:
    there = "/usr/bin/govulncheck"
    assert "no govulncheck" in audit.go(Path("pulumi"), Tool(), lambda _: None).missing
    assert "no engine" in audit.go(None, Tool(), lambda _: there).missing
    unreachable = Tool(Ran(1, "", "fetching vulnerabilities: no such host"))
    assert "no such host" in audit.go(Path("pulumi"), unreachable, lambda _: there).missing
    messages = [{"SBOM": {"modules": [{}, {}]}}, {"finding": {"osv": "GO-2026-1"}}]
    told = Tool(Ran(0, "\n".join(json.dumps(one, indent=1) for one in messages), ""))
    answer = audit.go(Path("pulumi"), told, lambda _: there)
    assert (answer.checked, answer.found, answer.missing) == (2, ["GO-2026-1"], "")


@pytest.mark.parametrize(
    ("answers", "status", "says"),
    [
        ([{"checked": 3}], 0, "3 checked, 0 found"),
        ([{"checked": 3}, {"missing": "no data"}], 2, "the rest is not known"),
        ([{"checked": 3, "found": ["left: bad"]}, {"missing": "no data"}], 1, "VULNERABLE left"),
    ],
)
def test_only_complete_data_without_a_finding_is_fine(
    monkeypatch: pytest.MonkeyPatch, answers: list[dict[str, Any]], status: int, says: str
) -> None:
    complete = [{"checked": 1}] * (3 - len(answers))
    given = [Audited(source="s", **one) for one in [*answers, *complete]]
    for name, one in zip(("python", "npm", "go"), given, strict=True):
        monkeypatch.setattr(audit, name, lambda *_, one=one: one)
    ended = CliRunner().invoke(app, ["audit"])
    assert ended.exit_code == status, ended.output
    assert says in ended.output
