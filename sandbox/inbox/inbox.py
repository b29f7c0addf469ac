"""The phones of the sandbox: every message the local CPaaS accepted, in the order it came.

They stand for the operators' networks and the handsets; nothing leaves the machine. A code is read
out of a text as a person would: which one was sent is not known here, as a text that does not show
it must fail a test.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from sandbox.inbox.database import PhoneDatabase
from sandbox.inbox.numbers import e164, parse_time, storable, timestamp

USUAL_LENGTH: Final = 6
"""Digits of a code where a tenant was not told otherwise."""


def codes_in(text: str, length: int = USUAL_LENGTH) -> list[str]:
    """The different codes of so many digits in a text, written or spoken, in their order."""
    # Not within a longer number, and not within a phone number, whose groups hang together by
    # hyphens.
    written = rf"(?<![\d+-])\d{{{length}}}(?![\d-])"
    # As a voice reads them: "4, 8, 2, 9, 1, 3" or "4. 8. 2. 9. 1. 3."
    spoken = (
        r"(?<!\d)(?<!\d[,.、])(?<!\d[,.、]\s)\d"
        rf"(?:[,.、]\s*\d){{{length - 1}}}(?![,.、]?\s*\d)"
    )
    found = [
        (match.start(), re.sub(r"\D", "", match[0]))
        for pattern in (written, spoken)
        for match in re.finditer(pattern, text)
    ]
    return list(dict.fromkeys(code for _, code in sorted(found)))


# The oldest go first. A sandbox that runs for weeks under a load test must not fill the disk.
MAX_MESSAGES = 10_000

Channel = Literal["sms", "voice"]


@dataclass(frozen=True)
class Message:
    """One message as a phone received it.

    `to` is E.164 with the plus; `sender` is what the phone shows. `language` and `gender` are of
    voice messages only. `received_at` is RFC 3339 in UTC with microseconds, set by the inbox and
    strictly increasing, so it also serves as a cursor. `raw` is the message object of the
    request to the CPaaS. `delivery_id` is the delivery whose Action sent the request; None when
    no Action did. `code_length` is how many digits the tenant's codes had when it came.
    """

    channel: Channel
    to: str
    sender: str
    text: str
    message_id: str
    language: str | None = None
    gender: str | None = None
    received_at: str = ""
    raw: dict[str, Any] | None = None
    delivery_id: str | None = None
    code_length: int = USUAL_LENGTH

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def codes(self) -> list[str]:
        """The one-time codes that a person reads, or hears, in it."""
        return codes_in(self.text, self.code_length)


class Inbox:
    """Messages by recipient and time, the newest `limit`.

    `code_length` is how many digits a code has, asked whenever a message comes.
    """

    def __init__(
        self,
        path: Path | str = ":memory:",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limit: int = MAX_MESSAGES,
        code_length: Callable[[], int] = lambda: USUAL_LENGTH,
    ) -> None:
        self.database = PhoneDatabase(path)
        self._clock = clock
        self._limit = limit
        self._code_length = code_length

    def add(self, message: Message) -> Message:
        """Keep a message; returns it with `received_at` set."""
        with self.database.changing() as (connection, change):
            (last,) = connection.execute("SELECT max(received_at) FROM messages").fetchone()
            now = timestamp(self._clock())
            if last is not None and now <= last:
                now = timestamp(datetime.fromisoformat(last) + timedelta(microseconds=1))
            kept = replace(
                message,
                to=e164(message.to),
                received_at=now,
                code_length=self._code_length(),
            )
            connection.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(now, kept.to, kept.channel, storable(kept.sender), storable(kept.text)),
                    *(kept.delivery_id, change),
                    storable(json.dumps(kept.to_json(), ensure_ascii=False)),
                ),
            )
            connection.execute(
                "UPDATE deliveries SET arrived = arrived + 1, change = ? WHERE id = ?",
                (change, kept.delivery_id),
            )
            connection.execute(
                "DELETE FROM messages WHERE received_at IN"
                " (SELECT received_at FROM messages ORDER BY received_at"
                "  LIMIT max(0, (SELECT count(*) FROM messages) - ?))",
                (self._limit,),
            )
        return kept

    def messages(
        self,
        to: str | None = None,
        after: str | None = None,
        *,
        channel: Channel | None = None,
        newest: int | None = None,
    ) -> list[Message]:
        """Messages to a number, however written, later than an RFC 3339 time, oldest first.

        Where an argument is absent, any number, time or channel; with `newest`, the last so many.
        Raises ValueError: `after` is not an RFC 3339 time with an offset.
        """
        wanted = {"received_at > ?": parse_time(after) if after else ""}
        if to is not None:
            wanted["recipient = ?"] = e164(to)
        if channel is not None:
            wanted["channel = ?"] = channel
        where, most = " AND ".join(wanted), -1 if newest is None else newest
        found = self.database.rows(
            f"SELECT document FROM messages WHERE {where} ORDER BY received_at DESC LIMIT ?",  # noqa: S608 - fixed conditions
            (*wanted.values(), most),
        )
        return [Message(**json.loads(document)) for (document,) in reversed(found)]

    async def wait_for(
        self,
        to: str,
        timeout: float,  # noqa: ASYNC109 - the caller's patience is part of the question
        after: str | None = None,
        *,
        channel: Channel | None = None,
    ) -> Message:
        """The first message to `to` later than `after`; waits up to `timeout` seconds for it.

        Raises TimeoutError: none came; it says for whom and how long.
        """
        with self.database.listening() as changed:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        changed.clear()
                        if found := self.messages(to, after, channel=channel):
                            return found[0]
                        await changed.wait()
            except TimeoutError:
                raise TimeoutError(f"no message for {e164(to)} within {timeout:g} s") from None

    def clear(self, to: str | None = None) -> None:
        self.database.clear("messages", "?1 IS NULL OR recipient = ?1", (to and e164(to),))

    def close(self) -> None:
        """Close the file, which the deliveries are in as well."""
        self.database.close()
