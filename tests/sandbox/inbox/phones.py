"""Phones for tests: with a clock of their own, and as full as they get."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.inbox.deliveries import MAX_DELIVERIES, DeliveryJournal
from sandbox.inbox.inbox import MAX_MESSAGES, Inbox, Message
from sandbox.inbox.timeline import Filter, Timeline

TO, OTHER = "+819012345678", "+817011112222"
_DELIVERY: dict[str, Any] = {
    "delivery_method": "text",
    "message_type": "otp_verify",
    "outcome": "success",
    "attempts": 1,
    "most_attempts": 6,
    "reason": None,
    "tries": [{"at": "2026-01-31T09:00:00Z", "seconds": 0.1, "outcome": "success", "reason": None}],
}
PROBLEM = {**_DELIVERY, "outcome": "drop", "reason": "CPaaS refused", "tries": []}


def message(text: str = "x", to: str = TO) -> Message:
    """An SMS, as the CPaaS hands it over."""
    return Message(channel="sms", to=to, sender="S", text=text, message_id="m", raw={"text": text})


class Phones:
    """An inbox, its deliveries and its timeline, with a clock that moves a second a look."""

    def __init__(self, path: Path | str = ":memory:", **limits: int) -> None:
        self._now = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
        self.inbox = Inbox(path, clock=self.tick, limit=limits.get("messages", MAX_MESSAGES))
        self.journal = DeliveryJournal(
            self.inbox.database, limit=limits.get("deliveries", MAX_DELIVERIES)
        )
        self.timeline = Timeline(self.inbox.database)
        self.delivered: dict[str, dict[str, Any]] = {}

    def tick(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def receive(self, text: str, to: str = TO, *, sender: str = "S", delivery: str = "") -> Message:
        message = Message("sms", to, sender, text, "m", delivery_id=delivery or None)
        return self.inbox.add(message)

    def deliver(self, name: str, to: str = TO, *, finished: bool = True, **more: Any) -> None:
        document = {"id": name, "at": self.tick().isoformat(), "to": to, "text": name, **more}
        self.journal.put(document, finished=finished)
        self.delivered[name] = document

    def shown(self, *, number: str | None = None, query: str = "", **paging: Any) -> list[str]:
        entries = self.timeline.entries(Filter(number, query), **paging)
        return [
            one.message.text if one.message else f"({(one.delivery or {})['id']})"
            for one in entries
        ]

    def changes(self, after: int, **wanted: Any) -> list[str]:
        upto = self.inbox.database.last_change
        found = self.timeline.changed(Filter(**wanted), after=after, upto=upto, limit=100)
        assert [one.change for one in found] == sorted(one.change for one in found)
        return [one.message.text if one.message else "delivery" for one in found]


def filled(path: Path, *, phones_of: int) -> Phones:
    """As many messages and deliveries as are kept, written at once."""
    phones = Phones(path)
    text = "株式会社日本架空銀行会員サービスの認証コードは 123456 です。"
    numbers = [f"+8190{index % phones_of:08d}" for index in range(MAX_MESSAGES)]
    with phones.inbox.database.changing() as (connection, change):
        for index, number in enumerate(numbers):
            at = f"2026-01-31T09:00:00.{index:06d}Z"
            raw = {"content": {"text": text}, "destinations": [{"to": number}]}
            message = Message("sms", number, "S", text, "m", received_at=at, raw=raw)
            delivery = {**_DELIVERY, "id": f"d{index}", "at": at, "to": number, "text": text}
            connection.execute(
                "INSERT INTO messages VALUES (?, ?, 'sms', 'S', ?, ?, ?, ?)",
                (at, number, text, f"d{index}", change, json.dumps(message.to_json())),
            )
            connection.execute(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, 1, ?, ?, ?)",
                (f"d{index}", at, number, text, index % 2, change, json.dumps(delivery)),
            )
    return phones
