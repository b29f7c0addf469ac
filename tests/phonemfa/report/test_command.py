"""`phonemfa report` from files: where the report goes, and what the exit status says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from phonemfa.files import FileNotWrittenError
from phonemfa.output.document import Link
from phonemfa.report.pull_request import NoPullRequestError, pull_number, whole_report
from tests.phonemfa.github_stand_in import GitHubStandIn
from tests.phonemfa.report.previews import (
    ACTION,
    GUARDIAN,
    PROVIDER,
    VERIFY,
    Change,
    saying,
)

GITHUB = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_REF")
NO_GITHUB = dict.fromkeys(GITHUB, "")


@pytest.fixture
def stand_in() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as running:
        yield running


class Reports:
    """Runs the command over previews in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *changes: Change, options: tuple[str, ...] = (), **environ: str) -> Result:
        arguments = ["report", *options]
        for number, change in enumerate(changes):
            path = self.folder / f"preview-{number}.json"
            path.write_text(json.dumps(change.done()), encoding="utf-8")
            arguments += ["--preview-json", str(path)]
        return CliRunner().invoke(app, arguments, env=NO_GITHUB | environ)


@pytest.fixture
def reports(tmp_path: Path) -> Reports:
    return Reports(tmp_path)


def changed_text(stack: str = "dev") -> Change:
    return Change(stack=stack).sets(VERIFY, **saying("{{ code }} です"))


def lockout() -> Change:
    change = Change().has(GUARDIAN, policy="never").replace(ACTION)
    return change.sets(GUARDIAN, policy="all-applications")


def test_the_comment_goes_to_the_terminal_and_files_go_where_they_are_wanted(
    reports: Reports, tmp_path: Path
) -> None:
    shown = reports.run(changed_text(), Change(stack="staging"))
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("## Phone MFA: 1 update in 1 environment\n")

    comment, page = tmp_path / "c.md", tmp_path / "p.html"
    written = reports.run(changed_text(), options=("--markdown", str(comment), "--html", str(page)))
    assert written.exit_code == 0
    assert written.stdout == ""
    assert comment.read_text(encoding="utf-8").startswith("## Phone MFA")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_rules_that_are_relaxed_are_named_where_the_base_is_given(
    reports: Reports, tmp_path: Path
) -> None:
    base, head = tmp_path / "base", tmp_path / "head"
    for folder, level in ((base, "mandatory"), (head, "disabled")):
        (folder / "policy" / "stacks").mkdir(parents=True)
        levels = folder / "policy" / "stacks" / "dev.json"
        levels.write_text(f'{{"no-dependency": "{level}"}}', encoding="utf-8")
    project = ("--project", str(head))
    told = reports.run(changed_text(), options=(*project, "--base", str(base)))
    assert told.exit_code == 0, told.output
    assert "### Rules that this change relaxes" in told.stdout
    assert "`no-dependency: mandatory → disabled`" in told.stdout
    assert "relaxes" not in reports.run(changed_text(), options=project).stdout
    (base / "policy" / "stacks" / "dev.json").write_text("{", encoding="utf-8")
    refused = reports.run(changed_text(), options=(*project, "--base", str(base)))
    assert (refused.exit_code, "dev.json is not JSON" in refused.output) == (2, True)
    nowhere = reports.run(changed_text(), options=(*project, "--base", str(tmp_path / "nowhere")))
    assert (nowhere.exit_code, "nowhere" in re.sub(r"[\s│]", "", nowhere.output)) == (2, True)


def test_json_has_every_part_of_every_environment(reports: Reports) -> None:
    shown = reports.run(changed_text(), Change(stack="staging"), options=("--json",))
    dev, staging = json.loads(shown.stdout)
    assert (dev["stack"], staging["stack"]) == ("dev", "staging")
    assert dev["planned"][0]["name"] == "otp_verify"
    assert dev["messages"][2]["after"]["text"] == "123456 です"
    assert staging["planned"] == []


def test_exit_statuses(reports: Reports, tmp_path: Path) -> None:
    assert reports.run(lockout()).exit_code == 0
    assert reports.run(lockout(), options=("--strict",)).exit_code == 1
    assert reports.run(Change().delete(PROVIDER)).exit_code == 1, "a mandatory rule"
    assert reports.run().exit_code == 2, "no stack"
    for content in ("", "{}", "[1]", "\x00"):
        path = tmp_path / "bad.json"
        path.write_text(content, encoding="utf-8")
        refused = reports.run(options=("--preview-json", str(path)))
        assert refused.exit_code == 2, content
        assert "Traceback" not in refused.output
    assert reports.run(options=("--preview-json", str(tmp_path / "none.json"))).exit_code == 2
    unwritable = ("--markdown", str(tmp_path / "bad.json" / "comment.md"))
    refused = reports.run(changed_text(), options=unwritable)
    assert isinstance(refused.exception, FileNotWrittenError), "`main` tells it, and ends with 2"


def test_a_failed_preview_is_reported_beside_the_others(reports: Reports) -> None:
    broken = changed_text()
    broken.answer["diagnostics"] = [{"severity": "error", "message": "error: no credentials"}]
    shown = reports.run(broken, changed_text("staging"))
    assert shown.exit_code == 2
    assert "no preview" in shown.stdout
    assert "no credentials" in shown.stdout
    assert "`staging`: **1 update.**" in shown.stdout


def test_a_pull_request_has_one_comment_kept_up_to_date(
    reports: Reports, stand_in: GitHubStandIn, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
    environ = {**stand_in.environment, "GITHUB_EVENT_PATH": str(event)}
    first = reports.run(changed_text(), options=("--comment",), **environ)
    assert first.exit_code == 0, first.output
    assert "comment opened" in first.stderr
    assert first.stdout == ""
    again = reports.run(Change(stack="dev"), options=("--comment",), **environ)
    assert "comment updated" in again.stderr
    (comment,) = stand_in.comments[7]
    assert "nothing changes" in comment["body"]
    assert len(comment["body"].strip().splitlines()) == 4, "marker, title, empty line, sentence"


def test_a_comment_that_cannot_be_posted_is_no_answer(
    reports: Reports, stand_in: GitHubStandIn
) -> None:
    nowhere = reports.run(changed_text(), options=("--comment",), **stand_in.environment)
    assert nowhere.exit_code == 2
    assert "--pull" in nowhere.stderr
    stand_in.refuse_with = 403
    options = ("--comment", "--pull", "7")
    refused = reports.run(changed_text(), options=options, **stand_in.environment)
    assert refused.exit_code == 2
    assert "403" in refused.stderr
    assert stand_in.token not in refused.output
    no_token = reports.run(changed_text(), options=options)
    assert no_token.exit_code == 2
    assert "GITHUB_TOKEN" in no_token.stderr


def test_the_pull_request_is_found_where_github_puts_it(tmp_path: Path) -> None:
    assert pull_number({"GITHUB_REF": "refs/pull/12/merge"}) == 12
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 5}}', encoding="utf-8")
    both = {"GITHUB_EVENT_PATH": str(event), "GITHUB_REF": "refs/pull/12/merge"}
    assert pull_number(both) == 5
    for environ in ({}, {"GITHUB_REF": "refs/heads/main"}, {"GITHUB_EVENT_PATH": "/no/file"}):
        with pytest.raises(NoPullRequestError):
            pull_number(environ)


def test_the_link_to_the_whole_report_is_built_from_well_formed_parts_alone() -> None:
    environ = {
        "GITHUB_SERVER_URL": "https://github.test",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "42",
    }
    assert Link("this run", "https://github.test/o/r/actions/runs/42") in whole_report(environ)
    for name, value in (("GITHUB_REPOSITORY", "o/r) ["), ("GITHUB_RUN_ID", "x")):
        parts = whole_report(environ | {name: value})
        assert not [one for one in parts if isinstance(one, Link)]
