"""The phones of the sandbox: every message the local CPaaS accepted, in the order it came.

Owns keeping, finding and waiting for messages, across threads and event loops, in SQLite so
that a restart loses nothing. Refuses to judge them: what is accepted is the CPaaS's decision.
A stand-in for the operators' networks and the handsets: nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

# The oldest go first. A sandbox that runs for weeks under a load test must not fill the disk.
MAX_MESSAGES = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    received_at TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (recipient, received_at);
"""


@dataclass(frozen=True)
class Message:
    """One message as a phone received it.

    `to` is E.164 with the plus; `sender` is what the phone shows. `language` and `gender` are of
    voice messages only. `received_at` is RFC 3339 in UTC with microseconds, set by the inbox and
    strictly increasing, so it also serves as a cursor. `raw` is the message object of the
    request to the CPaaS.
    """

    channel: Literal["sms", "voice"]
    to: str
    sender: str
    text: str
    message_id: str
    language: str | None = None
    gender: str | None = None
    received_at: str = ""
    raw: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The message as a JSON object, keys as the fields."""
        return asdict(self)


class Inbox:
    """Messages by recipient and time.

    Args:
        path: SQLite file, or ":memory:".
        clock: the time of a message; UTC.
        limit: how many messages are kept.
    """

    def __init__(
        self,
        path: Path | str = ":memory:",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limit: int = MAX_MESSAGES,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def add(self, message: Message) -> Message:
        """Keep a message; returns it with `received_at` set."""
        with self._lock:
            (last,) = self._database.execute("SELECT max(received_at) FROM messages").fetchone()
            now = _timestamp(self._clock())
            if last is not None and now <= last:
                now = _timestamp(datetime.fromisoformat(last) + timedelta(microseconds=1))
            kept = replace(message, to=e164(message.to), received_at=now)
            self._database.execute(
                "INSERT INTO messages VALUES (?, ?, ?)",
                (now, kept.to, json.dumps(kept.to_json(), ensure_ascii=False)),
            )
            self._database.execute(
                "DELETE FROM messages WHERE received_at NOT IN "
                "(SELECT received_at FROM messages ORDER BY received_at DESC LIMIT ?)",
                (self._limit,),
            )
            waiters = list(self._waiters)
        for loop, arrived in waiters:
            # The waiter may be in the loop of another port, or in one that has just ended.
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived.set)
        return kept

    def messages(self, to: str | None = None, after: str | None = None) -> list[Message]:
        """Messages to `to` (any recipient when absent) received later than `after`, oldest first.

        Args:
            to: phone number; separators and the plus do not matter.
            after: RFC 3339 time, for example the `received_at` of a message already seen.

        Raises:
            ValueError: when `after` is not an RFC 3339 time with an offset.
        """
        conditions, values = ["received_at > ?"], [parse_time(after) if after else ""]
        if to is not None:
            conditions.append("recipient = ?")
            values.append(e164(to))
        where = " AND ".join(conditions)
        with self._lock:
            rows = self._database.execute(
                f"SELECT document FROM messages WHERE {where} ORDER BY received_at",  # noqa: S608 - fixed conditions
                values,
            ).fetchall()
        return [Message(**json.loads(document)) for (document,) in rows]

    async def wait_for(self, to: str, timeout: float, after: str | None = None) -> Message:  # noqa: ASYNC109 - the caller's patience is part of the question
        """The first message to `to` later than `after`; waits up to `timeout` seconds for it.

        Raises:
            TimeoutError: when none came; the message says for whom and how long.
        """
        arrived = asyncio.Event()
        waiter = (asyncio.get_running_loop(), arrived)
        with self._lock:
            self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                while True:
                    arrived.clear()
                    if found := self.messages(to, after):
                        return found[0]
                    await arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"no message for {e164(to)} within {timeout:g} s") from None
        finally:
            with self._lock:
                self._waiters.discard(waiter)

    def clear(self) -> None:
        """Forget every message."""
        with self._lock:
            self._database.execute("DELETE FROM messages")

    def close(self) -> None:
        with self._lock:
            self._database.close()


def e164(number: str) -> str:
    """`number` as plus and digits; the CPaaS takes it with or without the plus."""
    return "+" + re.sub(r"\D", "", number)


def parse_time(text: str) -> str:
    """An RFC 3339 time in the inbox's own form, which sorts as text.

    Raises:
        ValueError: when it is not RFC 3339 or has no offset.
    """
    # A plus sign in a query string arrives as a space.
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset; write it as 2026-01-31T09:00:00Z")
    return _timestamp(moment.astimezone(UTC))


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
