"""The doctor's result as people and machines read it."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from phonemfa.doctor.findings import Finding, Level, Subject, exit_status
from phonemfa.doctor.report import as_json, show, summary
from phonemfa.exits import Exit
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


def test_the_table_fits_into_80_columns_and_cuts_nothing() -> None:
    words = " ".join(f"word{number}" for number in range(40)) + " [red]" + "x" * 100
    stream = io.StringIO()
    show(
        "dev",
        "t.example.com",
        [finding(level, words, "do [bold]this[/bold]") for level in Level],
        Console(file=stream, width=80),
    )
    lines = stream.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    shown = "".join(line.split("│")[3].strip() for line in lines if line.count("│") == 4)
    for part in ("[red]", "word0", "word39", "x" * 100):
        assert shown.count(part) == len(Level)
    assert "→ do [bold]this[/bold]" in stream.getvalue(), "a tenant's text is no markup"
    assert "…" not in stream.getvalue()


def test_json_has_the_documented_keys() -> None:
    content = json.loads(as_json("dev", "t.example.com", [finding(Level.FAULT, "a", "b")]))
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
