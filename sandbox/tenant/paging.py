"""Pages of the actions family's lists.

Owns the envelope `{<items>, total, page, per_page}` in which zero values are omitted (recorded,
management-api.md §1.5). A page past the end must not carry `total`: the official client asks for
the next page as long as it sees one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

DEFAULT_PER_PAGE = 20


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; `number` is zero based."""

    number: int = 0
    per_page: int = DEFAULT_PER_PAGE


def page_of(
    key: str, items: Sequence[T], page: Page, view: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list in the recorded envelope."""
    start = page.number * page.per_page
    shown = [view(item) for item in items[start : start + page.per_page]]
    envelope: dict[str, Any] = {key: shown}
    if shown:
        envelope["total"] = len(items)
    if page.number:
        envelope["page"] = page.number
    if page.per_page:
        envelope["per_page"] = page.per_page
    return envelope
