"""The tenant's log: what phone messages wrote to it, and what was played into it.

What is worth an entry is decided by `sandbox.notifications.log_entries`.

Nothing of this was recorded. Shapes are those of Auth0's published schemas of the Management API
(`Log`, the paging of GET /logs) and of the tenant log's events; codes: cpaas-and-actions.md §2.8.
"""

from __future__ import annotations

import copy
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sandbox.tenant.clock import NANOS_PER_SECOND, millis
from sandbox.tenant.context import Context
from sandbox.tenant.errors import ApiError, not_found
from sandbox.tenant.log_archive import LogArchive
from sandbox.tenant.log_search import search_of

COLLECTION = "logs"
KEPT = 1000
"""Entries; Auth0 keeps days (one on the free plan). A bound keeps the state file small."""

FOUND = 1000
"""Results of one search, as published; what Auth0 answers beyond them is not established: nothing,
here."""

DEFAULT_PER_PAGE = 50
_SHOWN_DIGITS = 4
_AFTER_ALL = "~"

Document = dict[str, Any]


@dataclass(frozen=True)
class LogQuery:
    """What GET /logs is asked for, its parameters under their own names.

    `from_id` wins over everything but `take`, as published.
    """

    page: int = 0
    per_page: int = DEFAULT_PER_PAGE
    include_totals: bool = False
    sort: str | None = None
    fields: str | None = None
    include_fields: bool = True
    from_id: str | None = None
    take: int = DEFAULT_PER_PAGE
    search: str | None = None


class Logs:
    """The entries of one tenant."""

    def __init__(self, context: Context, *, numbers_in_clear: Callable[[], bool]) -> None:
        """Keep entries in the context's store.

        Args:
            numbers_in_clear: whether the tenant's settings ask for phone numbers unmasked.
        """
        self._context = context
        self._store = context.store
        self._numbers_in_clear = numbers_in_clear
        self.archive = LogArchive()
        self.delay_seconds = 0.0
        """How long what the tenant writes itself is not shown yet."""

    def add(self, code: str, description: str, details: Document, **more: Any) -> str:
        """Write an entry and forget the oldest beyond what is kept; answers its id.

        Args:
            code: the event's type, such as `gd_send_sms` or `fn`.
            description: what is shown as its text.
            details: the event's own part.
            more: further keys of the entry, such as `user_id` or `ip`.
        """
        stamp = self._context.stamp()
        log_id = log_id_of(stamp)
        entry = {
            "_id": log_id,
            "date": millis(stamp),
            "type": code,
            "description": description,
            **more,
            "details": details,
            "tenant_name": self._context.name,
            "environment_name": "sandbox",
            "log_id": log_id,
        }
        with self._store.transaction():
            self._store.put(COLLECTION, log_id, entry)
            self._store.keep_newest(COLLECTION, KEPT)
        return log_id

    def get(self, log_id: str) -> Document:
        """GET /logs/{id}.

        Raises:
            ApiError: 404 where there is none.
        """
        entry = self._store.get(COLLECTION, log_id)
        if entry is not None and log_id > self._youngest():
            entry = None
        entry = entry or self.archive.get(log_id, self._context.stamp.now())
        if entry is None:
            raise not_found("The log does not exist.")
        return self._view(entry)

    def listing(self, query: LogQuery) -> list[Document] | Document:
        """GET /logs: newest first; from a checkpoint on, oldest first.

        Raises:
            ApiError: 400 for a sort order or a search that cannot be read.
        """
        now, youngest = self._context.stamp.now(), self._youngest()
        own = [one for one in self._store.all(COLLECTION) if one["log_id"] <= youngest]
        if query.from_id is not None:
            # Begins after the entry that is named: recorded (go-auth0, CheckpointPagination).
            mine = [one for one in own if one["log_id"] > query.from_id]
            following = self.archive.after(query.from_id, now)
            both = heapq.merge(mine, following, key=lambda one: str(one["log_id"]))
            return [self._view(one) for one in islice(both, query.take)]
        search = search_of(query.search, self._context.assumptions)
        mine = [one for one in own if search.matches(one)]
        played = self.archive.found(search, now)
        found = list(heapq.merge(mine, played, key=lambda one: str(one["log_id"])))
        if _descending(query.sort):
            found.reverse()
        found = found[:FOUND]
        start = query.page * query.per_page
        shown = [_chosen(self._view(one), query) for one in found[start : start + query.per_page]]
        if not query.include_totals:
            return shown
        return {
            "start": start,
            "limit": query.per_page,
            "length": len(shown),
            "total": len(found),
            "logs": shown,
        }

    def _youngest(self) -> str:
        """The id after which the tenant's own entries are not shown yet."""
        if not self.delay_seconds:
            return _AFTER_ALL
        return log_id_of(self._context.stamp.now() - int(self.delay_seconds * NANOS_PER_SECOND))

    def _view(self, entry: Document) -> Document:
        clear = self._context.assumptions.log_phone_numbers == "clear" or self._numbers_in_clear()
        if clear or entry["type"] == "fn":  # `fn` holds the recipient: §2.8
            return entry
        shown = copy.deepcopy(entry)
        authenticator = (shown["details"] or {}).get("authenticator", {})
        if authenticator.get("phone_number"):
            authenticator["phone_number"] = masked(authenticator["phone_number"])
        return shown


def masked(number: str) -> str:
    """A phone number of which only the last digits are shown."""
    hidden = max(0, len(number) - _SHOWN_DIGITS)
    return "X" * hidden + number[hidden:]


def log_id_of(stamp_ns: int) -> str:
    """Digits that sort as time does, beginning with 900 and the date as Auth0's do."""
    seconds, fraction = divmod(stamp_ns, NANOS_PER_SECOND)
    return f"900{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}{fraction:09d}"


def _descending(sort: str | None) -> bool:
    if sort is None:
        return True
    field, _, order = sort.partition(":")
    if field != "date" or order not in {"1", "-1"}:
        raise ApiError(
            400,
            f"Query validation error: 'The sandbox sorts by date:1 or date:-1, not {sort}' "
            "on property sort.",
            "invalid_query_string",
        )
    return order == "-1"


def _chosen(entry: Document, query: LogQuery) -> Document:
    if not query.fields:
        return entry
    named = set(query.fields.split(","))
    return {key: one for key, one in entry.items() if (key in named) == query.include_fields}


def read_everything(logs: Logs) -> Iterator[Document]:
    """Every entry as an answer shows it."""
    everything = logs.listing(LogQuery(per_page=KEPT))
    yield from everything if isinstance(everything, list) else everything["logs"]
