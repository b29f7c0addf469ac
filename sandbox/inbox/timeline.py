"""The phones as a person looks at them: newest first, by page, by search, and what changed since.

A message with the delivery it came from, and a delivery that no message came from, are one entry
each.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from sandbox.inbox.database import PhoneDatabase
from sandbox.inbox.inbox import Message
from sandbox.inbox.numbers import e164

PAGE: Final = 50
"""Entries, or phones, that are read at a time."""

_ENTRIES: Final = "SELECT at, change, message, delivery FROM entries WHERE"


@dataclass(frozen=True)
class Entry:
    """A message, with its delivery where that is known; or a delivery without a message.

    `at` is when it arrived, or was to be sent; `change` the number of its latest change.
    """

    at: str
    change: int
    message: Message | None
    delivery: dict[str, Any] | None

    @property
    def number(self) -> str:
        if self.message is not None:
            return self.message.to
        assert self.delivery is not None  # noqa: S101 - one of the two is there
        return e164(self.delivery["to"])


@dataclass(frozen=True)
class Phone:
    """One phone: how many messages it has, and the newest entry."""

    number: str
    messages: int
    last: Entry


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted: of one phone, or those in which a text is found, or all."""

    number: str | None = None
    query: str = ""

    def clause(self) -> tuple[str, list[str]]:
        """A condition on entries in SQL, and its values."""
        parts, values = ["TRUE"], []
        if self.number is not None:
            parts.append("recipient = ?")
            values.append(e164(self.number))
        if words := self.query.strip():
            looked_for = [("text", _literal(words)), ("sender", _literal(words))]
            looked_for += [("recipient", digits) for digits in _numbers_meant(words)]
            found = [f"{column} LIKE ? ESCAPE '\\'" for column, _ in looked_for]
            parts.append(f"({' OR '.join(found)})")
            values += [f"%{one}%" for _, one in looked_for]
        return " AND ".join(parts), values


class Timeline:
    """Reads the phones of this database."""

    def __init__(self, database: PhoneDatabase) -> None:
        self.database = database

    def phones(self, *, before: str | None = None, limit: int = PAGE) -> list[Phone]:
        """The phones by their newest entry, newest first, whose newest is older than `before`."""
        found = self.database.rows(
            "SELECT recipient, sum(one), max(at) AS newest FROM"
            " (SELECT recipient, 1 AS one, received_at AS at FROM messages UNION ALL"
            "  SELECT recipient, 0, at FROM deliveries WHERE arrived = 0)"
            " GROUP BY recipient HAVING newest < ? ORDER BY newest DESC LIMIT ?",
            (before or "~", limit),
        )
        phones = []
        for number, messages, _ in found:
            # Read one after the other: a phone may have been cleared meanwhile.
            if newest := self.entries(Filter(number), limit=1):
                phones.append(Phone(number, messages, newest[0]))
        return phones

    def phone(self, number: str) -> Phone | None:
        """One phone; None when nothing was ever sent to it."""
        newest = self.entries(Filter(number), limit=1)
        if not newest:
            return None
        count = "SELECT count(*) FROM messages WHERE recipient = ?"
        (messages,) = self.database.one(count, (e164(number),))
        return Phone(e164(number), messages, newest[0])

    def entries(
        self, wanted: Filter, *, before: str | None = None, limit: int = PAGE
    ) -> list[Entry]:
        """Entries older than `before`, newest first."""
        condition, values = wanted.clause()
        found = self.database.rows(
            f"{_ENTRIES} at < ? AND {condition} ORDER BY at DESC LIMIT ?",
            (before or "~", *values, limit),
        )
        return [_entry(*row) for row in found]

    def changed(self, wanted: Filter, *, after: int, upto: int, limit: int) -> list[Entry]:
        """Entries whose latest change is within `after` < change <= `upto`, in that order."""
        condition, values = wanted.clause()
        found = self.database.rows(
            f"{_ENTRIES} change > ? AND change <= ? AND {condition} ORDER BY change LIMIT ?",
            (after, upto, *values, limit),
        )
        return [_entry(*row) for row in found]

    def arrived(self, delivery_id: str) -> Message | None:
        """The newest message of this delivery, as the phone has it."""
        return self._message("delivery_id = ? ORDER BY received_at DESC LIMIT 1", delivery_id)

    def message(self, received_at: str) -> Message | None:
        return self._message("received_at = ?", received_at)

    def _message(self, where: str, value: str) -> Message | None:
        found = self.database.rows(f"SELECT document FROM messages WHERE {where}", (value,))  # noqa: S608 - ours
        return Message(**json.loads(found[0][0])) if found else None


def _entry(at: str, change: int, message: str | None, delivery: str | None) -> Entry:
    return Entry(
        at=at,
        change=change,
        message=None if message is None else Message(**json.loads(message)),
        delivery=None if delivery is None else json.loads(delivery),
    )


def _literal(words: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", words)


def _numbers_meant(words: str) -> list[str]:
    """The digits of a number as people write it; a Japanese one also without the trunk zero."""
    # As a Japanese keyboard writes it, too: full-width digits, and one of several dashes.
    words = unicodedata.normalize("NFKC", words)
    if re.search(r"[^0-9\s()+.\-‐-―−ー]", words) or not re.search(r"[0-9]", words):
        return []
    digits = re.sub(r"\D", "", words)
    return [digits, f"81{digits[1:]}"] if digits.startswith("0") and len(digits) > 1 else [digits]
