"""The tenant's log: what phone messages wrote to it, and what was played into it.

What is worth an entry is decided by `sandbox.notifications.log_entries`.

Nothing of this was recorded. Shapes are those of Auth0's published schemas of the Management API
(`Log`, the paging of GET /logs) and of the tenant log's events; codes: cpaas-and-actions.md §2.8.
"""

import copy
import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sandbox.json_schemas import BOOLEAN, STRING, whole
from sandbox.tenant.clock import NANOS_PER_SECOND, millis
from sandbox.tenant.context import Context, Rules, chosen
from sandbox.tenant.errors import ApiError, invalid_query
from sandbox.tenant.log_search import Search, search_of
from sandbox.tenant.operation import MOST_PER_PAGE, Call, Evidence, Routes

COLLECTION = "logs"
KEPT = 1000
"""Entries; Auth0 keeps days (one on the free plan). A bound keeps the state file small."""

FOUND = 1000
"""Results of one search, as published; what Auth0 answers beyond them is not established: nothing,
here."""

_PER_PAGE = 50
_SHOWN_DIGITS = 4
_AFTER_ALL = "~"

Document = dict[str, Any]
Played = tuple[Document, int]
"""An entry, and the time (ns) from which the log shows it."""


_KNOWN = Evidence(
    "recorded",
    "by go-auth0: order, paging, checkpoint and `type:` search of other events (replayed); the "
    "entries of phone messages are from published schemas, the search language is in part",
)
_QUERY = {
    "page": whole(0),
    "per_page": whole(1, MOST_PER_PAGE),
    "sort": STRING,
    "fields": STRING,
    "include_fields": BOOLEAN,
    "include_totals": BOOLEAN,
    "from": STRING,
    "take": whole(1, MOST_PER_PAGE),
    "q": STRING,
    "search": STRING,
    # Not published; go-auth0's `Query` sends it along, and auth0-cli uses that for logs.
    "search_engine": STRING,
}
ROUTES = Routes("logs")


class LogArchive:
    """Entries that were played into the log, in the order of their time, and of their ids.

    The tenant's own entries are in its store, a thousand at most; a day of traffic is a hundred
    times that, and is searched by the second: these are in memory.
    """

    def __init__(self) -> None:
        self._played: list[Played] = []
        self._found: tuple[object, list[Document]] = (None, [])

    def __len__(self) -> int:
        return len(self._played)

    def play(self, entries: Iterable[Played]) -> None:
        self._played = sorted([*self._played, *entries], key=_id)
        self._found = (None, [])

    def clear(self) -> None:
        self._played = []
        self._found = (None, [])

    def get(self, log_id: str, now: int) -> Document | None:
        """One entry, once the log shows it."""
        at = bisect_left(self._played, log_id, key=_id)
        return next((one for one in self._shown(at, at + 1, now) if one["log_id"] == log_id), None)

    def found(self, search: Search, now: int) -> list[Document]:
        """What a search finds now, the oldest first; within a second, pages are of one answer."""
        key = (search.text, now // NANOS_PER_SECOND)
        if self._found[0] != key:
            first = bisect_left(self._played, search.low, key=_date)
            last = len(self._played)
            if search.high:
                last = bisect_right(self._played, search.high, key=_date)
            shown = self._shown(first, last, now)
            self._found = (key, [one for one in shown if search.matches(one)])
        return self._found[1]

    def after(self, log_id: str, now: int) -> Iterator[Document]:
        """What the log shows of the entries after an id."""
        return self._shown(bisect_right(self._played, log_id, key=_id), len(self._played), now)

    def _shown(self, first: int, last: int, now: int) -> Iterator[Document]:
        for entry, seen in islice(self._played, first, last):
            if seen <= now:
                yield entry


def _id(played: Played) -> str:
    return str(played[0]["log_id"])


def _date(played: Played) -> str:
    return str(played[0]["date"])


class Logs(Rules):
    """The entries of one tenant."""

    def __init__(self, context: Context, *, numbers_in_clear: Callable[[], bool]) -> None:
        super().__init__(context)
        self._numbers_in_clear = numbers_in_clear
        self.archive = LogArchive()
        self.delay_seconds = 0.0
        """How long what the tenant writes itself is not shown yet."""

    def add(self, code: str, description: str, details: Document, **more: Any) -> str:
        """Write an entry, and forget the oldest beyond what is kept; answers its id.

        `code` is the event's type, such as `gd_send_sms` or `fn`; `more` are further keys of the
        entry, such as `user_id` or `ip`.
        """
        stamp = self._context.stamp()
        log_id = log_id_of(stamp)
        entry = entry_of(stamp, self._context.name, code, description, details, **more)
        with self._store.transaction():
            self._store.put(COLLECTION, log_id, entry)
            self._store.keep_newest(COLLECTION, KEPT)
        return log_id

    @ROUTES("GET", "/logs/{id}", "read:logs", known=_KNOWN)
    def get(self, log_id: str) -> Document:
        entry = self._store.get(COLLECTION, log_id) if log_id <= self._youngest() else None
        entry = entry or self.archive.get(log_id, self._context.stamp.now())
        if entry is None:
            raise ApiError(404, "The log does not exist.")
        return self._view(entry)

    @ROUTES("GET", "/logs", "read:logs", query=_QUERY, with_call=True, known=_KNOWN)
    def listing(self, *, call: Call | None = None, **query: Any) -> list[Document] | Document:
        """Newest first; after the entry that `from` names, which wins over all but `take`.

        Whether Auth0 ignores beside `from` what has no meaning at all (`page=x`) is not
        established: it is refused, as without.

        `take` and `search` stand for `per_page` and `q`. Raises ApiError: 400 for a sort order or a
        search that cannot be read, 414 for one that is too long.
        """
        now, youngest = self._context.stamp.now(), self._youngest()
        own = [one for one in self._store.all(COLLECTION) if one["log_id"] <= youngest]
        if "from" in query:
            # Begins after the entry that is named: recorded (go-auth0, CheckpointPagination).
            mine = [one for one in own if one["log_id"] > query["from"]]
            following = _by_id(mine, self.archive.after(query["from"], now))
            page = [self._view(one) for one in islice(following, query.get("take", _PER_PAGE))]
            if call:
                call.goes_on_from = page[-1]["log_id"] if page else query["from"]
            return page
        search = search_of(query.get("q", query.get("search")), self._context.assumptions)
        mine = [one for one in own if search.matches(one)]
        found = list(_by_id(mine, self.archive.found(search, now)))
        if _descending(query.get("sort", "date:-1")):
            found.reverse()
        found = found[:FOUND]
        size = query.get("per_page", query.get("take", _PER_PAGE))
        start = query.get("page", 0) * size
        fields, include = query.get("fields"), query.get("include_fields", True)
        shown = [
            chosen(self._view(one), fields, include=include) for one in found[start : start + size]
        ]
        if not query.get("include_totals"):
            return shown
        counts = {"start": start, "limit": size, "length": len(shown), "total": len(found)}
        return {**counts, "logs": shown}

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


def entry_of(
    stamp_ns: int, tenant_name: str, code: str, description: str, details: Document, **more: Any
) -> Document:
    """An entry of that time."""
    log_id = log_id_of(stamp_ns)
    return {
        "_id": log_id,
        "date": millis(stamp_ns),
        "type": code,
        "description": description,
        **more,
        "details": details,
        "tenant_name": tenant_name,
        "environment_name": "sandbox",
        "log_id": log_id,
    }


def masked(number: str) -> str:
    """A phone number of which only the last digits are shown."""
    hidden = max(0, len(number) - _SHOWN_DIGITS)
    return "X" * hidden + number[hidden:]


def log_id_of(stamp_ns: int) -> str:
    """Digits that sort as time does, beginning with 900 and the date as Auth0's do."""
    seconds, fraction = divmod(stamp_ns, NANOS_PER_SECOND)
    return f"900{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}{fraction:09d}"


def _by_id(mine: Iterable[Document], played: Iterable[Document]) -> Iterator[Document]:
    return heapq.merge(mine, played, key=lambda one: str(one["log_id"]))


def _descending(sort: str) -> bool:
    if sort not in {"date:1", "date:-1"}:
        raise invalid_query(f"The sandbox sorts by date:1 or date:-1, not {sort}", "sort")
    return sort == "date:-1"
