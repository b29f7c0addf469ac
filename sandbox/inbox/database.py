"""The file behind the phones: messages that arrived, and deliveries that were tried.

Both share one count of changes: whoever saw number 7 can ask for what came after it and miss
nothing, across a restart too.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    received_at TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    delivery_id TEXT,
    change INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (recipient, received_at);
CREATE INDEX IF NOT EXISTS messages_by_delivery ON messages (delivery_id);
CREATE INDEX IF NOT EXISTS messages_by_change ON messages (change);
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,
    finished INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    change INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (at);
CREATE INDEX IF NOT EXISTS deliveries_by_change ON deliveries (change);
CREATE INDEX IF NOT EXISTS deliveries_without_message ON deliveries (recipient, at)
    WHERE arrived = 0;
CREATE TABLE IF NOT EXISTS changes (
    only INTEGER PRIMARY KEY CHECK (only = 0), last INTEGER NOT NULL, cleared INTEGER NOT NULL
);
INSERT OR IGNORE INTO changes VALUES (0, 0, 0);
-- Casts, as SQLite looks into both halves by index only where their columns are of one kind.
CREATE VIEW IF NOT EXISTS entries AS
    SELECT m.received_at AS at, m.recipient, m.sender, m.text, m.change, m.document AS message,
        d.document AS delivery
    FROM messages m LEFT JOIN deliveries d ON d.id = m.delivery_id
    UNION ALL
    SELECT at, recipient, CAST('' AS TEXT), text, change, CAST(NULL AS TEXT), document
    FROM deliveries WHERE arrived = 0;
"""


class PhoneDatabase:
    """One SQLite connection behind one lock, for all threads and event loops of the sandbox."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.closing = False
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # Survives the end of the process at any moment; only a power cut may lose the last writes.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def one(self, query: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        """The only row of a query that always has one."""
        (row,) = self.rows(query, values)
        return row

    @contextmanager
    def changing(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """The connection and the number of this change; all of it happens, or nothing does.

        Who waits for a change is woken when it is done.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute("UPDATE changes SET last = last + 1")
                number = self._connection.execute("SELECT last FROM changes").fetchone()[0]
                yield self._connection, number
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        self._wake()

    def clear(self, table: str, where: str = "TRUE", values: tuple[Any, ...] = ()) -> None:
        """Remove rows of a table; whoever looks at them is told to look anew."""
        with self.changing() as (connection, number):
            connection.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608 - ours
            connection.execute("UPDATE changes SET cleared = ?", (number,))

    @property
    def last_change(self) -> int:
        """The number of the last change; 0 before the first."""
        return int(self.one("SELECT last FROM changes")[0])

    @property
    def last_clearing(self) -> int:
        """The number of the last change that removed something, but for age."""
        return int(self.one("SELECT cleared FROM changes")[0])

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event of the running loop that is set by every change, and when all waiting ends."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiters.add(waiter)
            if self.closing:
                waiter[1].set()
        try:
            yield waiter[1]
        finally:
            with self._lock:
                self._waiters.discard(waiter)

    def end_waiting(self) -> None:
        """Wake all who wait, for good: the sandbox ends."""
        self.closing = True
        self._wake()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _wake(self) -> None:
        with self._lock:
            waiters = list(self._waiters)
        for loop, changed in waiters:
            # The waiter may be in the loop of another port, or in one that has just ended.
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)
