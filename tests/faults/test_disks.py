"""A full or read-only disk leaves what was there, and is named."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phonemfa.files import FileNotWrittenError, append_private, write_whole
from sandbox.inbox.inbox import Inbox
from sandbox.machine.files import disk_error
from sandbox.tenant.store import Store
from tests.contract import PROJECT
from tests.faults.disks import on_disk
from tests.sandbox.api.support import POST_LOGIN_ACTION, Sandbox
from tests.sandbox.inbox.phones import message

PYTHON = sys.executable
BEFORE = "what was there"
PREVIEW = PROJECT / "tests" / "phonemfa" / "report" / "unified.json"


class TestAFileOfACommand:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
    @pytest.mark.parametrize("step", ["fsync", "fdopen", "replace"])
    def test_is_as_it_was_when_it_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
    ) -> None:
        path = tmp_path / "report.md"
        path.write_text(BEFORE)

        def fails(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        place = Path if step == "replace" else os
        monkeypatch.setattr(place, step, fails)
        with pytest.raises(FileNotWrittenError, match=r"report\.md cannot be written") as failed:
            write_whole(path, "new")
        monkeypatch.undo()
        assert "untouched" in str(failed.value)
        assert path.read_text() == BEFORE
        assert list(tmp_path.iterdir()) == [path]

    def test_keeps_its_mode_and_its_link(self, tmp_path: Path) -> None:
        real, link = tmp_path / "real", tmp_path / "link"
        real.write_text(BEFORE)
        real.chmod(0o600)
        link.symlink_to(real)
        write_whole(link, "new")
        assert link.is_symlink()
        assert real.read_text() == "new"
        assert real.stat().st_mode & 0o777 == 0o600

    def test_may_be_a_device(self) -> None:
        write_whole(Path("/dev/null"), "new\n")
        assert Path("/dev/null").is_char_device()

    @pytest.mark.parametrize("name", ["a\0b", "x" * 300, "file/below"])
    def test_that_cannot_exist_is_told(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "file").write_text(BEFORE)
        with pytest.raises(FileNotWrittenError, match="cannot be written"):
            write_whole(tmp_path / name, "new")

    def test_on_a_disk_that_is_really_full(self, tmp_path: Path) -> None:
        page = tmp_path / "report.html"
        command = f"{PYTHON} -m phonemfa report --preview-json {PREVIEW} --html {page}"
        ended = on_disk(
            tmp_path,
            ["sh", "-c", f"{command}; status=$?; cat {page}; exit $status"],
            first=f"echo {BEFORE!r} > report.html; head -c 1m /dev/zero > filler || true",
        )
        assert ended.returncode == 2
        assert f"{page} cannot be written: the disk is full" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.stdout == f"{BEFORE}\n"

    @pytest.mark.thorough
    def test_on_a_full_standard_output(self) -> None:
        ended = on_disk(
            Path("/mnt"),
            ["sh", "-c", f"{PYTHON} -m phonemfa report --preview-json {PREVIEW} > /dev/full"],
        )
        assert ended.returncode == 2
        assert "the disk is full" in ended.stderr
        assert "Traceback" not in ended.stderr


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Writes beyond that many bytes fail, as on a disk that is full in the middle of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_record_that_does_not_fit_leaves_no_half_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    append_private(path, "{}\n")
    with no_file_over(100), pytest.raises(OSError, match="File too large"):
        append_private(path, "x" * 1000)
    append_private(path, "{}\n")
    assert path.read_text() == "{}\n{}\n"


def test_a_report_is_the_same_file_after_a_failed_one(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_whole(path, BEFORE)
    with no_file_over(1000), pytest.raises(FileNotWrittenError, match="larger than this process"):
        write_whole(path, "x" * 100_000)
    assert path.read_text() == BEFORE


class TestTheSandbox:
    def fill(self, database: sqlite3.Connection) -> None:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count={pages}")

    def room(self, database: sqlite3.Connection) -> None:
        database.execute("PRAGMA max_page_count=100000")

    def test_tells_a_client_that_its_disk_is_full_and_goes_on_when_there_is_room(
        self, tmp_path: Path
    ) -> None:
        sandbox = Sandbox(store=Store(tmp_path / "tenant.sqlite"))
        before = sandbox.store.export()
        self.fill(sandbox.store._connection)
        big = POST_LOGIN_ACTION | {"code": "//" + "x" * 90_000}
        answer = sandbox.call("POST", "/actions/actions", big)
        assert answer.status_code == 500
        assert "database or disk is full" in answer.json()["message"]
        assert sandbox.must("GET", "/actions/actions")["actions"] == []
        assert sandbox.store.export() == before
        self.room(sandbox.store._connection)
        assert sandbox.call("POST", "/actions/actions", big).status_code == 201

    def test_keeps_the_messages_it_has(self, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path / "inbox.sqlite")
        self.fill(inbox.database._connection)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            inbox.add(message("x" * 100_000))
        kept = len(inbox.messages())
        self.room(inbox.database._connection)
        inbox.add(message())
        assert len(inbox.messages()) == kept + 1

    @pytest.mark.parametrize("command", ["up", pytest.param("start", marks=pytest.mark.thorough)])
    def test_does_not_start_on_a_full_disk_and_says_which(
        self, tmp_path: Path, command: str
    ) -> None:
        ended = on_disk(
            tmp_path,
            [PYTHON, "-m", "sandbox", command, "--state-dir", str(tmp_path)],
            first="echo kept > kept",
        )
        assert ended.returncode == 1
        assert f"The disk of {tmp_path} is full: 0 MiB are left" in ended.stderr
        assert "fix: Make room there" in ended.stderr

    @pytest.mark.thorough
    def test_does_not_start_on_a_read_only_disk_and_says_which(self, tmp_path: Path) -> None:
        ended = on_disk(
            tmp_path,
            [PYTHON, "-m", "sandbox", "serve", "--state-dir", str(tmp_path / "state")],
            size="64m",
            first=f"mkdir state; mount -o remount,ro {tmp_path}",
        )
        assert ended.returncode == 1
        assert str(tmp_path / "state") in ended.stderr
        assert "is read-only" in ended.stderr
        assert "Traceback" not in ended.stderr

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
    def test_names_the_file(self, number: int) -> None:
        told = disk_error(OSError(number, os.strerror(number), "/state/ca.pem"), Path("/state"))
        assert told is not None
        assert "/state/ca.pem" in told.problem
        assert told.fix

    def test_a_program_fault_is_no_disks_fault(self) -> None:
        assert disk_error(OSError(errno.EBADF, "bad"), Path("/state")) is None
