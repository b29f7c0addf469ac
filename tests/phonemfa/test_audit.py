"""A record says who, where, what and how it ended, and is its owner's alone."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from components.tenant.access import Access
from phonemfa.audit import STREAM, Record, caller
from phonemfa.files import FileNotWrittenError, append_private, write_private, write_whole
from tests.processes import run

ACCESS = Access(domain="prod.example.com", client_id="client", client_secret="canary-secret")
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "7",
    "GITHUB_ACTOR": "who-pushed",
    "GITHUB_TRIGGERING_ACTOR": "who-ran-it",
}


def record(file: Path | None, ends: BaseException | None = None, *, reason: str = "") -> None:
    with Record(command="enforce", file=file, reason=reason).kept() as one:
        one.agree("ask users for codes", stack="prod", access=ACCESS, yes=True)
        one.before = []
        if ends:
            raise ends
        one.after = ["all-applications"]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_record_names_the_credential_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.jsonl"
    record(path, reason="INC-1; the key was App 0123456789")
    (one,) = lines(path)
    assert one.pop("at") <= one.pop("ended")
    assert one.pop("claimed")["reason"] == "INC-1; the key was App ****"
    assert one == {
        "event": "phonemfa.enforce",
        "stack": "prod",
        "tenant": "prod.example.com",
        "credential": "client",
        "what": "ask users for codes",
        "before": [],
        "after": ["all-applications"],
        "exit": 0,
    }
    assert "canary" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        (typer.Exit(7), 7),
        (SystemExit(3), 3),
        (SystemExit("words"), 1),
        (KeyboardInterrupt(), 130),
        (OSError("full"), 2),
        (RuntimeError("not foreseen"), 1),
    ],
)
def test_whatever_ends_a_command_ends_in_its_record(
    tmp_path: Path, ends: BaseException, status: int
) -> None:
    path = tmp_path / "audit.jsonl"
    with pytest.raises(type(ends)):
        record(path, ends)
    (one,) = lines(path)
    assert (one["exit"], one["after"]) == (status, None)


def test_of_what_nobody_agreed_to_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with pytest.raises(typer.Exit), Record(command="rotate", file=path).kept() as one:
        one.agree("set a key", stack="prod", access=ACCESS, yes=False)
    assert path.read_text("utf-8") == ""


def test_what_the_caller_says_of_himself_is_marked_as_that() -> None:
    url = "https://github.com/o/r/actions/runs/7"
    gitlab = {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "w", "CI_JOB_URL": "u"}
    for environ, ci in (
        (GITHUB, {"system": "GitHub", "actor": "who-ran-it", "run": url}),
        (gitlab, {"system": "GitLab", "actor": "w", "run": "u"}),
        ({}, {}),
    ):
        found = caller(environ)
        assert (found["ci"], bool(found["user"] and found["host"])) == (ci, True)


def test_records_are_appended_and_their_owner_alone_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    record(path)
    path.chmod(0o644)
    record(path)
    assert len(lines(path)) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileNotWrittenError, match="untouched"):
        write_whole(tmp_path / "a\0b", "a name that no file has")


@pytest.mark.parametrize("kind", ["ln -s other", "ln other", "mkfifo", "mkdir"])
def test_a_record_goes_into_no_file_of_anothers_choosing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path, other = tmp_path / "audit.jsonl", tmp_path / "other"
    other.write_text("theirs", "utf-8")
    run(*kind.split(), path.name, cwd=tmp_path)
    with pytest.raises(typer.Exit):
        record(path)
    assert "Nothing was written: no record can be kept in" in capsys.readouterr().err
    if kind != "ln other":  # A whole file replaces it.
        with pytest.raises(FileNotWrittenError, match="no plain file of its own"):
            write_private(path, "somebody else's code")
    assert other.read_text("utf-8") == "theirs"


def test_a_stream_gets_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    record(STREAM)
    told = capsys.readouterr()
    assert json.loads(told.err.splitlines()[-1])["tenant"] == "prod.example.com"
    assert told.out == ""


def test_a_record_that_cannot_be_kept_any_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, text: str) -> None:
        if text:
            raise OSError(28, "No space left on device")
        append_private(path, text)

    monkeypatch.setattr("phonemfa.audit.append_private", full)
    record(tmp_path / "audit.jsonl")
    told = capsys.readouterr().err
    assert "the disk is full" in told
    assert json.loads(told.splitlines()[-1])["after"] == ["all-applications"]
