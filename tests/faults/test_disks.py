"""A full or read-only disk leaves what was there, and is named."""

import errno
import functools
import os
import resource
import shlex
import sqlite3
import subprocess
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
from tests.sandbox.api.support import POST_LOGIN_ACTION, Sandbox
from tests.sandbox.inbox.phones import message

BEFORE = "what was there"
PREVIEW = PROJECT / "tests" / "phonemfa" / "report" / "unified.json"
REPORT = f"{sys.executable} -m phonemfa report --preview-json {PREVIEW}"
_UNSHARE = ["unshare", "--map-root-user", "--mount"]


@functools.cache
def _may_mount() -> bool:
    command = [*_UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def on_disk(
    folder: Path, command: list[str], *, first: str = "true", size: str = "64k"
) -> subprocess.CompletedProcess[str]:
    """Run a command of the project while `folder` is a disk of this size, after a shell's `first`.

    No mount is left behind: it is in a namespace of the command alone.
    """
    if not _may_mount():
        pytest.skip("no disk can be mounted here (unshare --mount)")
    place = shlex.quote(str(folder))
    script = f"mount -t tmpfs -o size={size} none {place} && cd {place} && {{ {first}; }}"
    script += f"; cd {shlex.quote(str(PROJECT))} && exec {shlex.join(command)}"
    ended = subprocess.run(
        [*_UNSHARE, "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in ended.stderr
    return ended


# --- A file of a command -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("step", ["fsync", "fdopen", "replace"])
def test_a_file_is_as_it_was_when_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    path = tmp_path / "report.md"
    path.write_text(BEFORE)

    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path if step == "replace" else os, step, fails)
    with pytest.raises(FileNotWrittenError, match=r"report\.md cannot be written.*untouched"):
        write_whole(path, "new")
    monkeypatch.undo()
    assert path.read_text() == BEFORE
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_keeps_its_mode_and_its_link_and_may_be_a_device(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text(BEFORE)
    real.chmod(0o600)
    link.symlink_to(real)
    write_whole(link, "new")
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("new", 0o600)
    write_whole(Path("/dev/null"), "new\n")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "file/below"])
def test_a_file_that_cannot_exist_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text(BEFORE)
    with pytest.raises(FileNotWrittenError, match="cannot be written"):
        write_whole(tmp_path / name, "new")


def test_a_report_on_a_disk_that_is_really_full_leaves_the_earlier_one(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ended = on_disk(
        tmp_path,
        ["sh", "-c", f"{REPORT} --html {page}; status=$?; cat {page}; exit $status"],
        first=f"echo {BEFORE!r} > report.html; head -c 1m /dev/zero > filler || true",
    )
    assert (ended.returncode, ended.stdout) == (2, f"{BEFORE}\n")
    assert f"{page} cannot be written: the disk is full" in ended.stderr


@pytest.mark.thorough
def test_a_report_on_a_full_standard_output_is_told() -> None:
    ended = on_disk(Path("/mnt"), ["sh", "-c", f"{REPORT} > /dev/full"])
    assert ended.returncode == 2
    assert "the disk is full" in ended.stderr


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Writes beyond that many bytes fail, as on a disk that is full in the middle of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_does_not_fit_leaves_no_half_of_itself(tmp_path: Path) -> None:
    record, report = tmp_path / "audit.jsonl", tmp_path / "x.json"
    append_private(record, "{}\n")
    write_whole(report, BEFORE)
    with no_file_over(1000), pytest.raises(OSError, match="File too large"):
        append_private(record, "x" * 10_000)
    with no_file_over(1000), pytest.raises(FileNotWrittenError, match="larger than this process"):
        write_whole(report, "x" * 100_000)
    append_private(record, "{}\n")
    assert (record.read_text(), report.read_text()) == ("{}\n{}\n", BEFORE)


# --- The sandbox ---------------------------------------------------------------------------------


def fill(database: sqlite3.Connection) -> None:
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages}")


def make_room(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA max_page_count=100000")


def test_the_sandbox_says_that_its_disk_is_full_and_goes_on_with_room(tmp_path: Path) -> None:
    sandbox = Sandbox(store=Store(tmp_path / "tenant.sqlite"))
    before = sandbox.store.export()
    fill(sandbox.store._connection)
    big = POST_LOGIN_ACTION | {"code": "//" + "x" * 90_000}
    answer = sandbox.call("POST", "/actions/actions", big)
    assert answer.status_code == 500
    assert "database or disk is full" in answer.json()["message"]
    assert sandbox.must("GET", "/actions/actions")["actions"] == []
    assert sandbox.store.export() == before
    make_room(sandbox.store._connection)
    assert sandbox.call("POST", "/actions/actions", big).status_code == 201


def test_the_sandbox_keeps_the_messages_it_has(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    fill(inbox.database._connection)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        inbox.add(message("x" * 100_000))
    kept = len(inbox.messages())
    make_room(inbox.database._connection)
    inbox.add(message())
    assert len(inbox.messages()) == kept + 1


FULL = ["The disk of {} is full: 0 MiB are left", "fix: Make room there"]


@pytest.mark.parametrize(
    ("command", "first", "size", "says"),
    [
        pytest.param("up", "echo kept > kept", "64k", FULL, id="full"),
        pytest.param(
            *("start", "echo kept > kept", "64k", FULL),
            marks=pytest.mark.thorough,
            id="start, full",
        ),
        pytest.param(
            *("serve", "mount -o remount,ro .", "64m", ["{}", "is read-only"]),
            marks=pytest.mark.thorough,
            id="read-only",
        ),
    ],
)
def test_the_sandbox_does_not_start_on_such_a_disk_and_says_which(
    tmp_path: Path, command: str, first: str, size: str, says: list[str]
) -> None:
    words = [sys.executable, "-m", "sandbox", command, "--state-dir", str(tmp_path)]
    ended = on_disk(tmp_path, words, first=first, size=size)
    assert ended.returncode == 1
    for part in says:
        assert part.format(tmp_path) in ended.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_the_sandbox_names_the_file(number: int) -> None:
    told = disk_error(OSError(number, os.strerror(number), "/state/ca.pem"), Path("/state"))
    assert told is not None
    assert "/state/ca.pem" in told.problem
    assert told.fix
    assert disk_error(OSError(errno.EBADF, "bad"), Path("/state")) is None, "a program's fault"
