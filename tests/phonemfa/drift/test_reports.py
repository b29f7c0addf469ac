"""A report in every format: what a CI system, a person and an issue get to read."""

import json
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from phonemfa.drift.findings import KINDS, MOST_DIFF_LINES, Finding, Level, Repair, text_diff
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
from phonemfa.output.github import GitHub
from phonemfa.output.json_text import as_json
from phonemfa.output.junit import as_junit
from phonemfa.output.terminal import show
from tests.contract import PROJECT
from tests.phonemfa.github_stand_in import GitHubStandIn
from tests.sandbox.drift.stacks import UNIFIED

POLICY = Finding(kind="policy", what="asked for at other times", expected="always", found="never")
DIFF = "--- a\n+++ b\n-old\n+```new <b>"
CODE = replace(POLICY, kind="action-code", subject=UNIFIED, since="2026-01-01T00:00:00Z", diff=DIFF)
OTP = replace(POLICY, kind="other-factor", subject="otp", level=Level.NOTICE, repair=Repair.NOTHING)


def report(*findings: Finding, failure: str = "", stack: str = "dev") -> Report:
    domain = "t.example.com"
    return Report(stack=stack, domain=domain, findings=findings, failure=failure, compared=6)


# --- JUnit --------------------------------------------------------------------------------------


def junit(told: Report) -> ET.Element:
    text = as_junit("drift", "dev", cases(told))
    return ET.fromstring(text)  # noqa: S314 - our own text


def test_junit_has_one_case_a_kind_and_its_counts_are_true() -> None:
    suites = junit(report(POLICY, CODE, OTP))
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert list(cases) == list(KINDS)
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == ["policy", "action-code"]
    for element in (suites, suites[0]):
        assert element.get("tests") == str(len(KINDS))
        assert (element.get("failures"), element.get("errors")) == ("2", "0")
    assert cases["other-factor"].findtext("system-out", "").startswith("other-factor:otp")
    assert suites[0].get("name") == "phonemfa drift dev"
    assert {case.get("classname") for case in cases.values()} == {"drift.dev"}


def test_every_kind_is_explained_in_the_reference_in_the_same_order() -> None:
    page = (PROJECT / "docs" / "reference" / "drift.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines()[8:]]
    assert [row[0] for row in rows] == [f"`{kind}`" for kind in KINDS]
    assert all(len(row) == 4 and all(row) for row in rows)


def test_junit_of_a_failed_look_is_an_error_and_survives_any_text() -> None:
    suites = junit(report(failure="\x00 <no> & answer"))
    (error,) = suites.iter("error")
    assert "<no> & answer" in (error.text or "")
    assert suites[0].get("errors") == "1"


# --- People -------------------------------------------------------------------------------------


def test_a_person_reads_what_differs_since_when_and_what_repairs_it() -> None:
    output = StringIO()
    told = as_document(report(POLICY, CODE, OTP))
    show(told, Console(file=output, width=160, color_system=None))
    text = output.getvalue()
    for part in ("policy", "always", "never", "2026-01-01 00:00:00Z", "pulumi up --refresh"):
        assert part in text
    assert "+```new <b>" in text, "the diff stands below, as it is"
    assert "2 drifts of t.example.com from stack dev, 1 notice" in text
    assert text.index("policy  ") < text.index("action-code:") < text.index("other-factor:")
    assert summary(report()) == (
        "no drift: the tenant t.example.com is as stack dev declares it (6 resources compared)"
    )


def test_json_has_every_field_of_every_finding() -> None:
    told = json.loads(as_json(as_object(report(CODE))))
    assert (told["drift"], told["stack"], told["compared"]) == (True, "dev", 6)
    (finding,) = told["findings"]
    assert (finding["id"], finding["repair"]) == (CODE.id, "pulumi up --refresh")
    keys = "id kind subject level what expected found since repair how recorded diff blocksUp"
    assert " ".join(finding) == keys
    assert json.loads(as_json(as_object(report(OTP))))["drift"] is False


# --- The issue ----------------------------------------------------------------------------------


BLIND = report(failure="403 @team: no <scope>")
LIVES: dict[str, list[tuple[Report, list[str]]]] = {
    "as long as the drift": [
        (report(OTP), []),
        (report(POLICY), ["opened"]),
        (report(POLICY), ["unchanged"]),
        (report(POLICY, stack="prod"), ["opened"]),  # of its own
        (report(POLICY, CODE), ["updated"]),
        (report(), ["closed"]),
    ],
    "who cannot look leaves the one about drift": [
        (report(POLICY), ["opened"]),
        (BLIND, ["opened"]),
        (BLIND, ["unchanged"]),
        (report(failure="429"), ["updated"]),
        (report(POLICY), ["closed", "unchanged"]),
        (BLIND, ["opened"]),
        (report(), ["closed", "closed"]),
    ],
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_an_issue_lives(life: list[tuple[Report, list[str]]]) -> None:
    with GitHubStandIn() as stand_in:
        github = GitHub(stand_in.environment)
        for told, outcomes in life:
            assert [one.outcome for one in keep_issue(github, told)] == outcomes
    first, second, *more = stand_in.issues
    assert "policy" in first["body"]
    assert first["state"] == "closed"
    if more:
        assert second["title"] == "Drift: the tenant of stack dev cannot be looked at"
        assert "```text\n403 @team: no <scope>\n```" in more[0]["body"], "nothing of it is live"


def test_an_issue_never_outgrows_what_github_takes() -> None:
    huge = "\n".join("+" + "x" * 500 for _ in range(MOST_DIFF_LINES))
    findings = [replace(CODE, subject=str(n), diff=huge) for n in range(5)]
    assert len(body_of(report(*findings))) < GitHub.largest


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
