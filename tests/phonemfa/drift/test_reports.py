"""A report in every format: what a CI system, a person and an issue get to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from phonemfa.drift.findings import MOST_DIFF_LINES, Finding, Level, Repair, text_diff
from phonemfa.drift.kinds import KINDS
from phonemfa.drift.report import (
    LABEL,
    Report,
    as_document,
    as_object,
    body_of,
    cases,
    keep_issue,
    summary,
)
from phonemfa.exits import Exit
from phonemfa.output.github import MAX_BODY, GitHub
from phonemfa.output.json_text import as_json
from phonemfa.output.junit import as_junit
from phonemfa.output.terminal import show
from tests.contract import PROJECT
from tests.phonemfa.github_stand_in import GitHubStandIn

POLICY = Finding(kind="policy", what="asked for at other times", expected="always", found="never")
CODE = Finding(
    kind="action-code",
    subject="custom-phone-provider",
    what="edited",
    expected="code sha256 0",
    found="draft sha256 1",
    since="2026-01-01T00:00:00Z",
    diff="--- a\n+++ b\n-old\n+```new <b>",
)
OTP = Finding(
    kind="other-factor",
    subject="otp",
    level=Level.NOTICE,
    what="switched on",
    expected="off",
    found="on",
    repair=Repair.NOTHING,
)


def report(*findings: Finding, failure: str = "") -> Report:
    return Report(
        stack="dev",
        domain="t.example.com",
        findings=findings,
        compared=6,
        failure=failure,
    )


# --- JUnit --------------------------------------------------------------------------------------


def junit(told: Report) -> str:
    return as_junit("phonemfa drift dev", cases(told), classname="drift.dev")


def test_junit_has_one_case_a_kind_and_its_counts_are_true() -> None:
    suites = ET.fromstring(junit(report(POLICY, CODE, OTP)))  # noqa: S314 - our own text
    (suite,) = suites
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == list(KINDS)
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == ["action-code", "policy"]
    for element in (suites, suite):
        assert element.get("tests") == str(len(KINDS))
        assert (element.get("failures"), element.get("errors")) == ("2", "0")
    assert cases["other-factor"].findtext("system-out", "").startswith("other-factor:otp")


def test_junit_of_a_failed_look_is_an_error_and_survives_any_text() -> None:
    suites = ET.fromstring(junit(report(failure="\x00 <no> & answer")))  # noqa: S314
    (case,) = suites.iter("testcase")
    error = case.find("error")
    assert error is not None
    assert "<no> & answer" in (error.text or "")
    assert suites[0].get("errors") == "1"


# --- People -------------------------------------------------------------------------------------


def shown(told: Report) -> str:
    console = Console(file=StringIO(), width=160, color_system=None)
    show(as_document(told), console)
    output = console.file
    assert isinstance(output, StringIO)
    return output.getvalue()


def test_a_person_reads_what_differs_since_when_and_what_repairs_it() -> None:
    text = shown(report(POLICY, CODE, OTP))
    for told in ("policy", "always", "never", "2026-01-01 00:00:00Z", "pulumi up --refresh"):
        assert told in text
    assert "+```new <b>" in text, "the diff stands below, as it is"
    assert "2 drifts of t.example.com from stack dev, 1 notice" in text
    assert text.index("policy  ") < text.index("action-code:") < text.index("other-factor:")


def test_no_drift_is_said_with_how_much_was_compared() -> None:
    assert summary(report()) == (
        "no drift: the tenant t.example.com is as stack dev declares it (6 resources compared)"
    )


def test_json_has_every_field_of_every_finding() -> None:
    told = json.loads(as_json(as_object(report(CODE))))
    assert (told["drift"], told["stack"], told["compared"]) == (True, "dev", 6)
    (finding,) = told["findings"]
    assert (finding["id"], finding["repair"]) == (CODE.id, "pulumi up --refresh")
    assert json.loads(as_json(as_object(report(OTP))))["drift"] is False


# --- The issue ----------------------------------------------------------------------------------


@pytest.fixture
def stand_in() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as running:
        yield running


def test_an_issue_lives_as_long_as_the_drift(stand_in: GitHubStandIn) -> None:
    lives = [report(OTP), report(POLICY), report(POLICY), report(POLICY, CODE), report()]
    github = GitHub.of(stand_in.environment)
    outcomes = [[one.outcome for one in keep_issue(github, told)] for told in lives]
    assert outcomes == [[], ["opened"], ["unchanged"], ["updated"], ["closed"]]
    (issue,) = stand_in.issues
    assert issue["state"] == "closed"


def test_who_cannot_look_opens_an_issue_and_leaves_the_one_about_drift(
    stand_in: GitHubStandIn,
) -> None:
    blind = report(failure="403 @team: no <scope>")
    lives = [report(POLICY), blind, blind, report(failure="429"), report(POLICY), blind, report()]
    github = GitHub.of(stand_in.environment)
    outcomes = [[one.outcome for one in keep_issue(github, told)] for told in lives]
    assert outcomes == [
        *(["opened"], ["opened"], ["unchanged"], ["updated"], ["closed", "unchanged"]),
        *(["opened"], ["closed", "closed"]),
    ]
    drifted, first, second = stand_in.issues
    assert "policy" in drifted["body"]
    assert first["title"] == "Drift: the tenant of stack dev cannot be looked at"
    assert "```text\n403 @team: no <scope>\n```" in second["body"], "nothing of it is live"


def test_two_stacks_have_two_issues(stand_in: GitHubStandIn) -> None:
    github = GitHub.of(stand_in.environment)
    for stack in ("dev", "prod"):
        told = Report(stack=stack, domain="t", findings=[POLICY])
        keep_issue(github, told)
    assert len(stand_in.issues) == 2


def test_an_issue_never_outgrows_what_github_takes() -> None:
    huge = "\n".join("+" + "x" * 500 for _ in range(MOST_DIFF_LINES))
    findings = [
        Finding(kind="action-code", subject=str(n), what="x", expected="x", found="x", diff=huge)
        for n in range(5)
    ]
    assert len(body_of(report(*findings))) < MAX_BODY


def test_the_guide_names_every_status_and_the_label() -> None:
    guide = (PROJECT / "docs" / "guides" / "drift.md").read_text(encoding="utf-8")
    for status in (Exit.FINE, Exit.DRIFTED, Exit.UNANSWERED):
        assert f"**{int(status)}**" in guide
    assert f"`{LABEL}`" in guide


# --- What no output may show --------------------------------------------------------------------


def test_a_diff_is_masked_and_has_an_end() -> None:
    there = "\n".join(f"line {number}" for number in range(MOST_DIFF_LINES * 2))
    diff = text_diff("const key = '+819012345678';", there, name="x")
    assert len(diff.splitlines()) == MOST_DIFF_LINES + 1
    assert diff.endswith("more lines")
    assert "9012345678" not in diff
