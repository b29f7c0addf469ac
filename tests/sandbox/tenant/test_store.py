"""What the tenant remembers survives, whole."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.tenant.store import Store, StoreError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenant.sqlite"


class OopsError(Exception):
    pass


def test_a_restart_loses_nothing_and_keeps_the_order(path: Path) -> None:
    store = Store(path)
    for key in ("b", "a", "c"):
        store.put("things", key, {"key": key})
    store.put("things", "b", {"key": "b", "changed": True})
    store.close()
    assert Store(path).all("things") == [{"key": "b", "changed": True}, {"key": "a"}, {"key": "c"}]


def test_a_killed_process_loses_nothing_that_was_answered(path: Path) -> None:
    script = (
        "import os, sys\n"
        "from sandbox.tenant import Store\n"
        "store = Store(sys.argv[1])\n"
        "store.put('things', 'kept', {'n': 1})\n"
        "with store.transaction():\n"
        "    store.put('things', 'half', {'n': 2})\n"
        "    os._exit(9)\n"
    )
    project = Path(__file__).resolve().parents[3]
    ended = subprocess.run([sys.executable, "-c", script, str(path)], cwd=project, check=False)
    assert ended.returncode == 9
    assert Store(path).all("things") == [{"n": 1}]


def fail_within(store: Store, *keys: str) -> None:
    """Write each key one transaction deeper than the last, then fail."""
    with store.transaction():
        if not keys:
            raise OopsError
        store.put("things", keys[0], {"written": True})
        fail_within(store, *keys[1:])


@pytest.mark.parametrize("keys", [("old",), ("outer", "inner")])
def test_a_failed_transaction_and_those_around_it_leave_nothing_behind(keys: list[str]) -> None:
    store = Store()
    store.put("things", "old", {"n": 1})
    with pytest.raises(OopsError):
        fail_within(store, *keys)
    assert store.all("things") == [{"n": 1}]
    store.put("things", "afterwards", {})
    assert len(store.all("things")) == 2


def test_another_reader_sees_only_what_was_committed(path: Path) -> None:
    store = Store(path)
    other = sqlite3.connect(path)
    with store.transaction():
        store.put("things", "x", {})
        assert other.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    assert other.execute("SELECT count(*) FROM documents").fetchone() == (1,)


def test_only_the_owner_may_read_the_file(path: Path) -> None:
    store = Store(path)
    store.put("things", "x", {})
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_file_of_another_version_is_refused_with_what_to_do(path: Path) -> None:
    Store(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(StoreError, match=r"version 99.*Delete the file"):
        Store(path)
