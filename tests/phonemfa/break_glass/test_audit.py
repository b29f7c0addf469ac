"""The record says who, where, what and why, and is its owner's alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phonemfa.break_glass.audit import Actor, Record, keep, prepare
from phonemfa.break_glass.command import Outcome, guidance

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "7",
    "GITHUB_ACTOR": "who-pushed",
    "GITHUB_TRIGGERING_ACTOR": "who-ran-it",
}


def record(outcome: str = "done") -> Record:
    return Record(
        at="2026-11-23T00:00:00+00:00",
        actor=Actor.here({}),
        tenant="prod.example.com",
        client_id="c",
        reason="INC-1",
        before=["all-applications"],
        after=[],
        outcome=outcome,
        tenant_log="sapi",
    )


def test_a_ci_run_is_named_with_the_person_behind_it() -> None:
    found = Actor.here(GITHUB)
    assert found.ci == {
        "system": "GitHub",
        "actor": "who-ran-it",
        "run": "https://github.com/o/r/actions/runs/7",
    }
    assert found.user
    assert found.host
    gitlab = Actor.here({"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "w", "CI_JOB_URL": "u"}).ci
    assert gitlab == {"system": "GitLab", "actor": "w", "run": "u"}
    assert Actor.here({}).ci == {}


def test_records_are_appended_a_line_each_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.jsonl"
    prepare(path)
    assert path.read_text("utf-8") == ""
    keep(path, record())
    path.chmod(0o644)
    keep(path, record("unchanged"))
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [one["outcome"] for one in lines] == ["done", "unchanged"]
    assert lines[0]["actor"]["host"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_found_out_before_the_switch(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        prepare(tmp_path)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome(before=["all-applications"], after=[]), "done"),
        (Outcome(before=None, after=[]), "done"),
        (Outcome(before=[], after=[]), "unchanged"),
        (Outcome(before=["all-applications"], after=["all-applications"]), "failed"),
        (Outcome(before=["all-applications"], after=None, failure="no answer"), "failed"),
    ],
)
def test_only_what_was_read_back_is_called_done(outcome: Outcome, word: str) -> None:
    assert outcome.word == word


def test_the_guidance_warns_of_what_puts_the_policy_back() -> None:
    text = "\n".join(guidance("prod.example.com", changed=True))
    assert "pulumi up --refresh" in text
    assert "phonemfa:policy never" in text
