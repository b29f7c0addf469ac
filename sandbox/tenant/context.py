"""What every resource shares: state, time, switches, identifiers, and pages of lists."""

import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.builds import Builds
from sandbox.tenant.clock import Stamper
from sandbox.tenant.errors import ApiError
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
        """A stored document. Raises ApiError: 404 with the words of `missing` if there is none."""
        found = self.store.get(collection, key)
        if found is None:
            raise ApiError(404, missing)
        return found

    def check_limit(self, count: int, limit: int, what: str, *, said: str = "") -> None:
        """Refuse more than a tenant may have; `said` is the limit in words."""
        if count > limit:
            message = f"You have reached the limit of {said or limit} {what}."
            status = self.assumptions.entity_limit_status
            raise ApiError(status, message, "entity_limit_exceeded")


class Rules:
    """The rules of one resource, over what every resource shares."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store


def new_id(prefix: str = "", length: int = 22) -> str:
    """Letters and digits; branding has a prefix and 22 of them (recorded)."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; `number` is zero based."""

    number: int = 0
    per_page: int = 20

    @property
    def start(self) -> int:
        return self.number * self.per_page

    def part(self, items: Sequence[T]) -> Sequence[T]:
        return items[self.start : self.start + self.per_page]


def page_of(
    key: str, items: Sequence[T], page: Page, view: Callable[[T], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list of the actions family (management-api.md §1.5, recorded).

    Zero values are omitted. A page past the end must not carry `total`: the official client asks
    for the next page as long as it sees one.
    """
    shown = [view(item) for item in page.part(items)]
    envelope: dict[str, Any] = {key: shown}
    if shown:
        envelope["total"] = len(items)
    if page.number:
        envelope["page"] = page.number
    if page.per_page:
        envelope["per_page"] = page.per_page
    return envelope


def chosen(document: dict[str, Any], fields: str | None, *, include: bool) -> dict[str, Any]:
    """A document restricted to, or without, some comma-separated fields; all of it by default."""
    if not fields:
        return document
    named = {one.strip() for one in fields.split(",")}
    return {key: value for key, value in document.items() if (key in named) == include}
