"""Routes of the tenant's log."""

from __future__ import annotations

from typing import Any

from sandbox.tenant.logs import DEFAULT_PER_PAGE, LogQuery, Logs
from sandbox.tenant.operation import MOST_PER_PAGE, Call, Evidence, Routes
from sandbox.tenant.validation import Parameter

_LOG_QUERY = {
    "page": Parameter("integer", minimum=0),
    "per_page": Parameter("integer", minimum=1, maximum=MOST_PER_PAGE),
    "sort": Parameter(),
    "fields": Parameter(),
    "include_fields": Parameter("boolean"),
    "include_totals": Parameter("boolean"),
    "from": Parameter(),
    "take": Parameter("integer", minimum=1, maximum=MOST_PER_PAGE),
    "q": Parameter(),
    "search": Parameter(),
    # Not published; go-auth0's `Query` sends it along, and auth0-cli uses that for logs.
    "search_engine": Parameter(),
}
_KNOWN = Evidence(
    "recorded",
    "by go-auth0: order, paging, checkpoint and `type:` search of other events (replayed); the "
    "entries of phone messages are from published schemas, the search language is in part",
)


def _logs(logs: Logs, call: Call) -> Any:
    given = call.query
    return logs.listing(
        LogQuery(
            page=given.get("page", 0),
            per_page=given.get("per_page", given.get("take", DEFAULT_PER_PAGE)),
            include_totals=given.get("include_totals", False),
            sort=given.get("sort"),
            fields=given.get("fields"),
            include_fields=given.get("include_fields", True),
            from_id=given.get("from"),
            take=given.get("take", DEFAULT_PER_PAGE),
            search=given.get("q", given.get("search")),
        )
    )


ROUTES = Routes[Logs]()
ROUTES.add("GET", "/logs", "read:logs", _logs, query=_LOG_QUERY, known=_KNOWN)
ROUTES.plain("GET", "/logs/{id}", "read:logs", Logs.get, known=_KNOWN)
