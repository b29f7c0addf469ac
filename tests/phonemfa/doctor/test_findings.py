"""The doctor's result as people and machines read it."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from phonemfa.doctor.findings import (
    Finding,
    Level,
    Subject,
    as_document,
    as_object,
    exit_status,
    summary,
)
from phonemfa.exits import Exit
from phonemfa.output.terminal import show
from tests.contract import PROJECT


def finding(level: Level, what: str = "something", fix: str = "") -> Finding:
    return Finding(level=level, subject=Subject.RATE_LIMIT, what=what, fix=fix)


UNSEEN = Finding(level=Level.NOTE, subject=Subject.LOCK, what="not looked at: why", fix="do")


@pytest.mark.parametrize(
    ("levels", "unseen", "status", "words"),
    [
        ([Level.OK, Level.NOTE], [], Exit.FINE, "Ready for pulumi up: nothing stands in the way."),
        ([Level.OK, Level.WARNING], [], Exit.FINE, "Ready for pulumi up: 1 warning."),
        ([Level.UNKNOWN, Level.WARNING], [], Exit.UNANSWERED, "No answer"),
        ([Level.UNKNOWN, Level.FAULT, Level.FAULT], [], Exit.FAULTY, "Not yet: 2 faults"),
        # A client that only reads the tenant has no state.
        (
            [Level.OK],
            [UNSEEN],
            Exit.FINE,
            "The tenant is ready: Pulumi's own side was not looked at (lock).",
        ),
        ([Level.FAULT], [UNSEEN], Exit.FAULTY, "Not yet"),
    ],
)
def test_the_worst_decides(
    levels: list[Level], unseen: list[Finding], status: Exit, words: str
) -> None:
    findings = [*map(finding, levels), *unseen]
    assert exit_status(findings) is status
    assert summary(findings).startswith(words)


def shown(findings: list[Finding], *, fold: bool = True) -> list[str]:
    stream = io.StringIO()
    screen = Console(file=stream, width=80, force_terminal=True, color_system=None)
    show(as_document("dev", "t.example.com", findings, fold=fold), screen)
    return stream.getvalue().splitlines()


def test_each_finding_is_a_line_and_its_fix_below_and_nothing_is_cut() -> None:
    words = " ".join(f"word{number}" for number in range(40)) + " [red]"
    title, *lines = shown(
        [finding(one, words, "do [bold]this[/bold]") for one in Level], fold=False
    )
    assert title == "stack dev, tenant t.example.com"
    assert max(len(line) for line in lines) <= 80
    assert " ".join(line.strip() for line in lines).count(f"rate limit: {words}") == len(Level)
    assert lines.count("    → do [bold]this[/bold]") == len(Level), "a tenant's text is no markup"
    indented = [line for line in lines if line.startswith("  ")]
    assert len(lines) == len(indented) + len(Level) + 1, "further lines of a finding"


def test_the_worst_comes_first_and_what_needs_no_attention_is_only_named() -> None:
    levels = [Level.OK, Level.NOTE, Level.WARNING, Level.OK, Level.UNKNOWN, Level.FAULT]
    assert shown([*map(finding, levels), UNSEEN])[1:] == [
        "✗ rate limit: something",
        "? rate limit: something",
        "! rate limit: something",
        "- lock: not looked at: why",
        "    → do",
        "- worth knowing: rate limit",
        "✓ fine: rate limit",
        "Not yet: 1 fault, 1 warning, 1 that could not be looked at.",
        "--all shows what was seen of the rest.",
    ]


def test_json_has_the_documented_keys() -> None:
    assert as_object("dev", "t.example.com", [finding(Level.FAULT, "a", "b")]) == {
        "stack": "dev",
        "domain": "t.example.com",
        "exit": 1,
        "findings": [{"level": "fault", "subject": "rate limit", "what": "a", "fix": "b"}],
    }


def test_the_guide_documents_every_subject_and_level() -> None:
    guide = (PROJECT / "docs" / "guides" / "first-tenant.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z ]+)` \|", guide, flags=re.MULTILINE))
    assert documented == {*map(str, Subject), *map(str, Level)}
