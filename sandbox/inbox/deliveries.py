"""What became of each message that the tenant wanted to send, also of those that never arrived."""

import json
from typing import Any

from sandbox.inbox.database import PhoneDatabase
from sandbox.inbox.numbers import e164, parse_time, storable

# As many as messages, and the oldest go first, too.
MAX_DELIVERIES = 10_000


class DeliveryJournal:
    """Deliveries by id and time, the newest `limit`, in the database of the phones."""

    def __init__(
        self, database: PhoneDatabase | None = None, *, limit: int = MAX_DELIVERIES
    ) -> None:
        self._database = database or PhoneDatabase()
        self._limit = limit

    def put(self, delivery: dict[str, Any], *, finished: bool) -> None:
        """Keep a delivery, or what is new of it; it has `id`, `at`, `to`, `text` and what else."""
        with self._database.changing() as (connection, change):
            connection.execute(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET text = excluded.text, finished = excluded.finished,"
                " change = excluded.change, document = excluded.document",
                (
                    *(delivery["id"], parse_time(delivery["at"]), e164(delivery["to"])),
                    *(storable(delivery.get("text") or ""), finished, change),
                    storable(json.dumps(delivery, ensure_ascii=False)),
                ),
            )
            connection.execute(
                "UPDATE messages SET change = ? WHERE delivery_id = ?", (change, delivery["id"])
            )
            connection.execute(
                "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries ORDER BY at"
                " LIMIT max(0, (SELECT count(*) FROM deliveries) - ?))",
                (self._limit,),
            )

    def finished(self, *, limit: int) -> list[dict[str, Any]]:
        """The last deliveries whose outcome is known, oldest first."""
        found = self._database.rows(
            "SELECT document FROM deliveries WHERE finished ORDER BY at DESC, rowid DESC LIMIT ?",
            (limit,),
        )
        return [json.loads(document) for (document,) in reversed(found)]

    def unfinished(self) -> list[dict[str, Any]]:
        """Deliveries without an outcome: under way, or cut off by the end of the process."""
        found = self._database.rows("SELECT document FROM deliveries WHERE NOT finished")
        return [json.loads(document) for (document,) in found]

    def clear(self) -> None:
        self._database.clear("deliveries")
