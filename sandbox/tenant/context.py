"""What every resource shares: state, time, switches, identifiers, and pages of lists."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.builds import Builds
from sandbox.tenant.clock import Stamper
from sandbox.tenant.errors import not_found
from sandbox.tenant.store import Store

T = TypeVar("T")

_ALPHABET = string.ascii_letters + string.digits


@dataclass
class Context:
    """Handed to each group of rules by the tenant.

    `assumptions` may be exchanged while the tenant runs; rules read it at each call.
    """

    store: Store
    stamp: Stamper
    name: str
    assumptions: Assumptions = field(default_factory=Assumptions)
    builds: Builds = field(default_factory=Builds)

    def stored(self, collection: str, key: str, missing: str) -> dict[str, Any]:
        """A stored document.

        Raises:
            ApiError: 404 with the words of `missing` when there is none.
        """
        found = self.store.get(collection, key)
        if found is None:
            raise not_found(missing)
        return found


def new_id(prefix: str = "", length: int = 22) -> str:
    """Letters and digits; branding has a prefix and 22 of them (recorded)."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; `number` is zero based."""

    number: int = 0
    per_page: int = 20


def page_of(
    key: str, items: Sequence[T], page: Page, view: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list of the actions family (management-api.md §1.5, recorded).

    Zero values are omitted. A page past the end must not carry `total`: the official client asks
    for the next page as long as it sees one.
    """
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
