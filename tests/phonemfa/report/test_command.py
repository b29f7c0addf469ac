"""`phonemfa report` from files: where the report goes, and what the exit status says."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from phonemfa.answered import RefusedError
from phonemfa.cli import app
from phonemfa.files import FileNotWrittenError
from phonemfa.output.document import Link
from phonemfa.report.pull_request import pull_number, whole_report
from tests.phonemfa.github_stand_in import GitHubStandIn
from tests.phonemfa.report.previews import ACTION, PROVIDER, Change

GITHUB = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_REF")
NO_GITHUB = dict.fromkeys(GITHUB, "")


@pytest.fixture
def stand_in() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as running:
        yield running


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command over previews in files."""

    def run(*changes: Change, options: tuple[str, ...] = (), **environ: str) -> Result:
        arguments = ["report", *options]
        for number, change in enumerate(changes):
            path = tmp_path / f"preview-{number}.json"
            path.write_text(json.dumps(change.done()), encoding="utf-8")
            arguments += ["--preview-json", str(path)]
        return CliRunner().invoke(app, arguments, env=NO_GITHUB | environ)

    return run


def changed_text(stack: str = "dev") -> Change:
    return Change(stack=stack).says("{{ code }} です")


def lockout() -> Change:
    return Change().replace(ACTION).begins_to_ask()


def test_the_comment_goes_to_the_terminal_and_files_go_where_they_are_wanted(
    run: Run, tmp_path: Path
) -> None:
    shown = run(changed_text(), Change(stack="staging"))
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("## Phone MFA: 1 update in 1 environment\n")

    comment, page = tmp_path / "c.md", tmp_path / "p.html"
    written = run(changed_text(), options=("--markdown", str(comment), "--html", str(page)))
    assert written.exit_code == 0
    assert written.stdout == ""
    assert comment.read_text(encoding="utf-8").startswith("## Phone MFA")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_json_has_the_words_of_what_is_known(run: Run) -> None:
    (one,) = json.loads(run(Change().rotates(), options=("--json",)).stdout)
    assert [each["known"] for each in one["secrets"]] == ["a key was changed"]


def test_rules_that_are_relaxed_are_named_where_the_base_is_given(run: Run, tmp_path: Path) -> None:
    for name, level in (("base", "mandatory"), ("head", "disabled")):
        levels = tmp_path / name / "policy" / "stacks" / "dev.json"
        levels.parent.mkdir(parents=True)
        levels.write_text(f'{{"no-dependency": "{level}"}}', encoding="utf-8")

    def against(base: str) -> Result:
        there = ("--project", str(tmp_path / "head"), *(("--base", base) if base else ()))
        return run(changed_text(), options=there)

    assert "`no-dependency: mandatory → disabled`" in against(str(tmp_path / "base")).stdout
    assert "relaxes" not in against("").stdout
    (tmp_path / "base" / "policy" / "stacks" / "dev.json").write_text("{", encoding="utf-8")
    for base, said in (("base", "dev.json is not JSON"), ("nowhere", "does not exist")):
        refused = against(str(tmp_path / base))
        assert refused.exit_code == 2
        assert said in re.sub(r"[\s│]+", " ", refused.output)


def test_json_has_every_part_of_every_environment(run: Run) -> None:
    shown = run(changed_text(), Change(stack="staging"), options=("--json",))
    dev, staging = json.loads(shown.stdout)
    assert (dev["stack"], staging["stack"]) == ("dev", "staging")
    assert dev["planned"][0]["name"] == "otp_verify"
    assert dev["messages"][2]["after"]["text"] == "123456 です"
    assert staging["planned"] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_preview_is_read_as_a_shell_wrote_it_with_what_the_engine_said_around_it(
    run: Run, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "shell.json"
    said = json.dumps(changed_text().done(), indent=4)
    around = ("Installing policy pack acme 0.0.7...\n\n", "\nwarning: A new version\n")
    path.write_text(said.join(around), encoding=encoding)
    shown = run(options=("--preview-json", str(path)))
    assert shown.stdout.startswith("## Phone MFA: 1 update in 1 environment\n"), shown.output


def test_exit_statuses(run: Run, tmp_path: Path) -> None:
    assert run(lockout()).exit_code == 0
    assert run(lockout(), options=("--strict",)).exit_code == 1
    assert run(Change().delete(PROVIDER)).exit_code == 1, "a mandatory rule"
    assert run().exit_code == 2, "no stack"
    for content in ("", "{}", "[1]", "\x00"):
        path = tmp_path / "bad.json"
        path.write_text(content, encoding="utf-8")
        refused = run(options=("--preview-json", str(path)))
        assert refused.exit_code == 2, content
        assert "Traceback" not in refused.output
    assert run(options=("--preview-json", str(tmp_path / "none.json"))).exit_code == 2
    unwritable = ("--markdown", str(tmp_path / "bad.json" / "comment.md"))
    refused = run(changed_text(), options=unwritable)
    assert isinstance(refused.exception, FileNotWrittenError), "`main` tells it, and ends with 2"


def test_a_failed_preview_is_reported_beside_the_others(run: Run) -> None:
    broken = changed_text()
    broken.answer["diagnostics"] = [{"severity": "error", "message": "error: no credentials"}]
    shown = run(broken, changed_text("staging"))
    assert shown.exit_code == 2
    assert "not every preview could be made" in shown.stdout
    assert (
        "`preview-0`: **no preview**.\n\n```text\nThe preview failed:\nerror: no cred"
        in shown.stdout
    )
    assert "`staging`: **1 update.**" in shown.stdout


def test_a_pull_request_has_one_comment_kept_up_to_date(run: Run, stand_in: GitHubStandIn) -> None:
    environ = {**stand_in.environment, "GITHUB_REF": "refs/pull/7/merge"}
    for change, outcome in ((changed_text(), "opened"), (Change(stack="dev"), "updated")):
        posted = run(change, options=("--comment",), **environ)
        assert (posted.exit_code, posted.stdout) == (0, "")
        assert f"comment {outcome}" in posted.stderr
    (comment,) = stand_in.comments[7]
    assert "nothing changes" in comment["body"]
    assert len(comment["body"].strip().splitlines()) == 4, "marker, title, empty line, sentence"


def test_a_comment_that_cannot_be_posted_is_no_answer(run: Run, stand_in: GitHubStandIn) -> None:
    to_7 = ("--comment", "--pull", "7")
    stand_in.refuse_with = 403
    for options, environ, said in (
        (("--comment",), stand_in.environment, "--pull"),
        (to_7, stand_in.environment, "403"),
        (to_7, {}, "GITHUB_TOKEN"),
    ):
        refused = run(changed_text(), options=options, **environ)
        assert refused.exit_code == 2
        assert said in refused.stderr
        assert stand_in.token not in refused.output


def test_the_pull_request_is_found_where_github_puts_it(tmp_path: Path) -> None:
    assert pull_number({"GITHUB_REF": "refs/pull/12/merge"}) == 12
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 5}}', encoding="utf-8")
    both = {"GITHUB_EVENT_PATH": str(event), "GITHUB_REF": "refs/pull/12/merge"}
    assert pull_number(both) == 5
    for environ in ({}, {"GITHUB_REF": "refs/heads/main"}, {"GITHUB_EVENT_PATH": "/no/file"}):
        with pytest.raises(RefusedError, match="--pull 12"):
            pull_number(environ)


def test_the_link_to_the_whole_report_is_built_from_well_formed_parts_alone() -> None:
    environ = {"GITHUB_SERVER_URL": "https://github.test", "GITHUB_REPOSITORY": "o/r"}
    environ["GITHUB_RUN_ID"] = "42"
    assert Link("this run", "https://github.test/o/r/actions/runs/42") in whole_report(environ)
    for name, value in (("GITHUB_REPOSITORY", "o/r) ["), ("GITHUB_RUN_ID", "x")):
        parts = whole_report(environ | {name: value})
        assert not [one for one in parts if isinstance(one, Link)]
