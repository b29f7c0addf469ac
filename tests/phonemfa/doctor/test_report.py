"""The doctor's result as people and machines read it."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from phonemfa.doctor.findings import Finding, Level, Subject, exit_status
from phonemfa.doctor.report import as_document, as_object, summary
from phonemfa.exits import Exit
from phonemfa.output.terminal import show
from tests.contract import PROJECT


def finding(level: Level, what: str = "something", fix: str = "") -> Finding:
    return Finding(level=level, subject=Subject.RATE_LIMIT, what=what, fix=fix)


@pytest.mark.parametrize(
    ("levels", "status", "words"),
    [
        ([Level.OK, Level.NOTE], Exit.FINE, "Ready"),
        ([Level.OK, Level.WARNING], Exit.FINE, "Ready for pulumi up: 1 warning."),
        ([Level.UNKNOWN, Level.WARNING], Exit.UNANSWERED, "No answer"),
        ([Level.UNKNOWN, Level.FAULT, Level.FAULT], Exit.FAULTY, "Not yet: 2 faults"),
    ],
)
def test_the_worst_decides(levels: list[Level], status: Exit, words: str) -> None:
    findings = [finding(level) for level in levels]
    assert exit_status(findings) is status
    assert words in summary(findings)


def test_each_finding_is_a_line_and_its_fix_below_and_nothing_is_cut() -> None:
    words = " ".join(f"word{number}" for number in range(40)) + " [red]"
    stream = io.StringIO()
    findings = [finding(level, words, "do [bold]this[/bold]") for level in Level]
    screen = Console(file=stream, width=80, force_terminal=True, color_system=None)
    show(as_document("dev", "t.example.com", findings), screen)
    lines = stream.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    assert " ".join(line.strip() for line in lines).count(f"rate limit: {words}") == len(Level)
    assert lines.count("    → do [bold]this[/bold]") == len(Level), "a tenant's text is no markup"


def test_json_has_the_documented_keys() -> None:
    content = as_object("dev", "t.example.com", [finding(Level.FAULT, "a", "b")])
    assert content == {
        "stack": "dev",
        "domain": "t.example.com",
        "exit": 1,
        "findings": [{"level": "fault", "subject": "rate limit", "what": "a", "fix": "b"}],
    }


def test_the_guide_documents_every_subject_and_level() -> None:
    guide = (PROJECT / "docs" / "guides" / "first-tenant.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z ]+)` \|", guide, flags=re.MULTILINE))
    assert documented == {*map(str, Subject), *map(str, Level)}
