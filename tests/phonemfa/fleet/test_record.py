"""The run file: nothing lost, nothing stale gone on with, nothing for other people's eyes."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from phonemfa.fleet.members import Member, read_member
from phonemfa.fleet.outcome import Outcome, State
from phonemfa.fleet.record import (
    RESUMABLE,
    Options,
    Run,
    RunFileError,
    RunFolder,
    latest,
    refuse_stale,
)

OPTIONS = Options(refresh=True, policy_packs=("/policy",), env_dir="/variables")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "components").mkdir(parents=True)
    (folder / "components" / "a.py").write_text("a = 1", encoding="utf-8")
    (folder / "Pulumi.yaml").write_text("name: phonemfa", encoding="utf-8")
    for stack in ("a", "b", "c"):
        (folder / f"Pulumi.{stack}.yaml").write_text(
            f"config: {{'auth0:domain': {stack}.example.jp}}", encoding="utf-8"
        )
    return folder


def members(project: Path, stacks: Sequence[str] = ("a", "b", "c")) -> list[Member]:
    return [read_member(project, one) for one in stacks]


@pytest.fixture
def folder(project: Path, tmp_path: Path) -> RunFolder:
    a, b, c = members(project)
    run = Run.new("up", [[a], [b, c]], project, shard="", options=OPTIONS)
    made = RunFolder(tmp_path / "runs", run)
    with made.held():
        made.save()
    return made


def write(tmp_path: Path, run: Run) -> RunFolder:
    folder = RunFolder(tmp_path / "runs", run)
    with folder.held():
        folder.save()
    return folder


def again(folder: RunFolder) -> Run:
    return latest(folder.path.parent, "up", None)


def test_a_run_is_read_as_it_was_written(folder: RunFolder) -> None:
    folder.settle("a", Outcome(state=State.DONE, changes={"created": 11}, seconds=4.5, tries=1))
    folder.settle("b", Outcome(state=State.FAILED, why="no", findings=("x",), log="b.log"))
    assert again(folder) == folder.run
    assert again(folder).left == ["b", "c"]


def test_a_folder_that_others_could_enter_is_closed_to_them(project: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o755)
    run = Run.new("up", [members(project)], project, shard="", options=OPTIONS)
    assert write(tmp_path, run).path.parent.stat().st_mode & 0o077 == 0


def test_what_a_killed_run_was_at_is_done_again(folder: RunFolder) -> None:
    folder.settle("a", Outcome(state=State.DONE))
    folder.settle("b", Outcome(state=State.RUNNING))
    folder.settle("c", Outcome(state=State.HELD))
    found = again(folder)
    assert [found.outcome(one).state for one in "bc"] == [State.CANCELLED] * 2
    assert found.left == ["b", "c"]


def test_a_writer_that_is_killed_leaves_the_file_as_it_was(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.settle("a", Outcome(state=State.DONE))
    before = (folder.path / "run.json").read_text(encoding="utf-8")

    def killed(_self: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.settle("b", Outcome(state=State.DONE))
    assert (folder.path / "run.json").read_text(encoding="utf-8") == before
    assert {one.name for one in folder.path.iterdir()} <= {"run.json", "lock"}


def test_a_disk_that_is_full_by_now_stops_nobody_and_is_remembered(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("tempfile.mkstemp", full)
        folder.settle("a", Outcome(state=State.DONE))
    assert "No space left" in folder.failure
    folder.settle("b", Outcome(state=State.DONE))
    assert folder.failure == ""
    assert again(folder).left == ["c"], "the next one that can be written has them all"


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    run = Run.new("up", [members(project)], project, shard="", options=OPTIONS)
    with (
        pytest.raises(RunFileError, match="--run-dir"),
        RunFolder(tmp_path / "runs", run).held(),
    ):
        pass


def test_nobody_else_may_look(folder: RunFolder) -> None:
    assert folder.path.stat().st_mode & 0o077 == 0
    assert folder.path.parent.stat().st_mode & 0o077 == 0
    assert (folder.path / "run.json").stat().st_mode & 0o077 == 0


def test_the_newest_run_of_the_command_is_gone_on_with(
    folder: RunFolder, project: Path, tmp_path: Path
) -> None:
    newer = Run.new("up", [members(project)], project, shard="", options=OPTIONS)
    newer.id = f"9{newer.id}"
    write(tmp_path, newer)
    other = Run.new("drift", [members(project)], project, shard="", options=OPTIONS)
    other.id = f"99{other.id}"
    write(tmp_path, other)
    assert again(folder).id == newer.id
    assert latest(tmp_path / "runs", "up", folder.run.id).id == folder.run.id
    with pytest.raises(RunFileError, match="one of `fleet drift`"):
        latest(tmp_path / "runs", "up", other.id)


def test_a_run_that_nothing_has_changed_for_is_gone_on_with(
    folder: RunFolder, project: Path
) -> None:
    (project / "components" / "__pycache__").mkdir()
    (project / "components" / "__pycache__" / "a.pyc").write_bytes(b"x")
    refuse_stale(again(folder), members(project), project)


def test_everything_that_is_another_by_now_is_named(
    folder: RunFolder, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "components" / "a.py").write_text("a = 2", encoding="utf-8")
    (project / "Pulumi.a.yaml").write_text("config: {}", encoding="utf-8")
    (project / "Pulumi.c.yaml").unlink()
    monkeypatch.setenv("PULUMI_BACKEND_URL", "postgres://user:canary@host/db")
    run = again(folder)
    run.began = (dt.datetime.now(dt.UTC) - RESUMABLE - dt.timedelta(minutes=1)).isoformat()
    with pytest.raises(RunFileError) as told:
        refuse_stale(run, members(project), project)
    for word in ("24 hours", "program", "PULUMI_BACKEND_URL", "Pulumi.a.yaml, Pulumi.c.yaml"):
        assert word in str(told.value)


@pytest.mark.parametrize(
    "name", ["actions/src/new.js", "policy/stacks/a.json", "adopted/a/action.js", "__main__.py"]
)
def test_a_new_file_of_the_program_is_a_change(folder: RunFolder, project: Path, name: str) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("", encoding="utf-8")
    with pytest.raises(RunFileError, match="the program has changed"):
        refuse_stale(again(folder), members(project), project)


def test_no_password_of_the_backend_is_kept(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "postgres://user:canary@host/db")
    run = Run.new("up", [members(project)], project, shard="", options=OPTIONS)
    folder = write(tmp_path, run)
    assert "canary" not in (folder.path / "run.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1}', '{"version": 1, "outcomes": 3}', "null"]
)
def test_a_file_that_is_none_is_refused_in_words(folder: RunFolder, content: str) -> None:
    (folder.path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunFileError, match="Begin a new run"):
        again(folder)


def test_a_file_of_another_version_is_refused(folder: RunFolder) -> None:
    folder.run.version = 99
    folder.save()
    with pytest.raises(RunFileError, match="version 99"):
        again(folder)


def test_a_file_whose_parts_do_not_fit_is_refused(folder: RunFolder) -> None:
    path = folder.path / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["files"]["a"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunFileError, match="do not fit"):
        again(folder)


def test_there_may_be_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="no run of `fleet up`"):
        latest(tmp_path / "runs", "up", None)
    with pytest.raises(RunFileError, match="no run x"):
        latest(tmp_path / "runs", "up", "x")


def test_one_process_works_on_a_run(folder: RunFolder) -> None:
    other = RunFolder(folder.path.parent, replace(folder.run))
    with folder.held(), pytest.raises(RunFileError, match="still going on"), other.held():
        pass
    with other.held():
        assert os.access(folder.path / "lock", os.F_OK)
