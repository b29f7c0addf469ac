"""Entries of the tenant's log that were played into it: many, in memory, each with its delay.

The tenant's own entries are in its store, a thousand at most; a day of traffic is a hundred times
that, and is searched by the second.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.tenant.log_search import Search

Document = dict[str, Any]


class LogArchive:
    """Entries in the order of their time, and of their ids."""

    def __init__(self) -> None:
        self._entries: list[Document] = []
        self._dates: list[str] = []
        self._ids: list[str] = []
        self._seen: list[int] = []
        self._found: tuple[object, list[Document]] = (None, [])

    def __len__(self) -> int:
        return len(self._entries)

    def play(self, entries: Iterable[tuple[Document, int]]) -> None:
        """Add entries, each with the time (ns) from which the log shows it."""
        known = zip(self._entries, self._seen, strict=True)
        both = sorted([*known, *entries], key=lambda one: str(one[0]["log_id"]))
        self._entries = [one for one, _ in both]
        self._seen = [seen for _, seen in both]
        self._dates = [one["date"].lower() for one in self._entries]
        self._ids = [one["log_id"] for one in self._entries]
        self._found = (None, [])

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def get(self, log_id: str, now: int) -> Document | None:
        """One entry, once the log shows it."""
        at = bisect_left(self._ids, log_id)
        found = at < len(self._ids) and self._ids[at] == log_id and self._seen[at] <= now
        return self._entries[at] if found else None

    def found(self, search: Search, now: int) -> list[Document]:
        """What a search finds now, the oldest first; within a second, pages are of one answer."""
        key = (search.text, now // NANOS_PER_SECOND)
        if self._found[0] != key:
            self._found = (key, list(self._searched(search, now)))
        return self._found[1]

    def _searched(self, search: Search, now: int) -> Iterator[Document]:
        first = bisect_left(self._dates, search.low) if search.low else 0
        last = bisect_right(self._dates, search.high) if search.high else len(self._dates)
        for at in range(first, last):
            if self._seen[at] <= now and search.matches(self._entries[at]):
                yield self._entries[at]

    def after(self, log_id: str, now: int) -> Iterator[Document]:
        """What the log shows of the entries after an id."""
        for at in range(bisect_right(self._ids, log_id), len(self._ids)):
            if self._seen[at] <= now:
                yield self._entries[at]
