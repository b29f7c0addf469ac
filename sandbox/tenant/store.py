"""The tenant's memory: JSON documents in SQLite."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    UNIQUE (collection, id)
)
"""

_VERSION = 1
"""Of what is stored; raised when an older sandbox's documents can no longer be read."""

StoreError = sqlite3.Error
"""The file cannot be read or written: a full or read-only disk, no database, another version's."""


class Store:
    """Collections of JSON documents, kept in insertion order.

    One connection behind one lock: the API runs on an event loop thread while the notification
    pipeline and tests read from others.
    """

    def __init__(self, path: Path | str = ":memory:") -> None:
        """Open or create the file; `:memory:` keeps everything in this process only.

        Raises StoreError: it cannot, or another version of the sandbox wrote it.
        """
        if path != ":memory:":
            # It will hold client secrets and provider credentials.
            Path(path).touch(mode=0o600)
        # autocommit: transactions are begun and ended by `transaction` alone.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection.execute("PRAGMA journal_mode=WAL")
        # Survives the end of the process at any moment; only a power cut may lose the last writes.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA busy_timeout=5000")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in {0, _VERSION}:
            self._connection.close()
            raise StoreError(
                f"{path} has version {version}, this sandbox reads version {_VERSION}: "
                "it cannot be opened. Delete the file to start with a new tenant."
            )
        self._connection.execute(f"PRAGMA user_version={_VERSION}")
        self._connection.execute(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does; transactions may be nested."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._connection.execute("COMMIT")  # a full disk may show here first
            except BaseException:
                # SQLite itself takes a transaction back that met a full disk.
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def get(self, collection: str, key: str) -> Document | None:
        with self._lock:
            row = self._connection.execute(
                "SELECT body FROM documents WHERE collection = ? AND id = ?", (collection, key)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, collection: str, key: str, document: Document) -> None:
        """Create the document, or replace it in its place."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO documents (collection, id, body) VALUES (?, ?, ?)"
                " ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body",
                (collection, key, json.dumps(document)),
            )

    def delete(self, collection: str, key: str) -> None:
        with self.transaction():
            self._connection.execute(
                "DELETE FROM documents WHERE collection = ? AND id = ?", (collection, key)
            )

    def all(self, collection: str) -> list[Document]:
        """The documents of a collection in insertion order."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT body FROM documents WHERE collection = ? ORDER BY position", (collection,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def keep_newest(self, collection: str, count: int) -> None:
        with self.transaction():
            self._connection.execute(
                "DELETE FROM documents WHERE collection = ?1 AND position <= ("
                "SELECT position FROM documents WHERE collection = ?1"
                " ORDER BY position DESC LIMIT 1 OFFSET ?2)",
                (collection, count),
            )

    def clear(self, *, keep: frozenset[str]) -> None:
        with self.transaction():
            self._connection.execute(
                "DELETE FROM documents WHERE collection NOT IN (SELECT value FROM json_each(?))",
                (json.dumps([*keep]),),
            )

    def export(self) -> dict[str, dict[str, Document]]:
        """Everything: collection, then id, then document, in insertion order."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT collection, id, body FROM documents ORDER BY position"
            ).fetchall()
        content: dict[str, dict[str, Document]] = {}
        for collection, key, body in rows:
            content.setdefault(collection, {})[key] = json.loads(body)
        return content

    def close(self) -> None:
        with self._lock:
            self._connection.close()
