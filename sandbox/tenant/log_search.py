"""The search language of GET /logs, as far as the sandbox knows it.

Owns reading a search and whether an entry is found by it. Refuses storing and paging (`logs`), and
every search that it cannot read: refused with 400 rather than misread.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.tenant.errors import ApiError

Document = dict[str, Any]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>AND|OR)(?=\s)
        | (?:(?P<field>[\w.]+):)? (?:
            "(?P<quoted>[^"]*)"
            | (?P<open>[\[{])(?P<low>[^\s\]}]+)\s+TO\s+(?P<high>[^\s\]}]+)(?P<close>[\]}])
            | (?P<plain>[^\s"():\[\]{}]+)
        )
    )(?:\s+|$)""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_BARE_FIELDS = ("client_name", "connection", "user_name")
_ORDERED = frozenset({"date", "log_id"})
"""Fields whose texts sort as what they mean, so that a range of them is one of texts."""


def matches(entry: Document, search: str | None) -> bool:
    """Whether an entry is found by a search: `field:value` terms joined by AND or OR.

    A value matches whole, without regard to case, or its beginning where it ends in `*`. Of `date`
    and `log_id` it may be a range, `[from TO to]` or `{from TO to}` without its ends, with `*` for
    no end: auth0-cli follows a log with one. A term without a field is looked for at the beginning
    of the client's, connection's and user's names. No parentheses and no NOT.

    Raises:
        ApiError: 400 for anything else.
    """
    found, all_so_far = False, True
    position, text = 0, (search or "").strip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or (token["field"] is None and token["plain"] in _OPERATORS):
            raise _unreadable(text[position:])
        position = token.end()
        if token["operator"] == "OR":
            found, all_so_far = found or all_so_far, True
        elif token["operator"] is None:
            # Read every term, also those that decide nothing: each may be unreadable.
            all_so_far = _term(entry, token) and all_so_far
    return found or all_so_far


def _unreadable(text: str) -> ApiError:
    return ApiError(
        400,
        f"Query validation error: 'The sandbox cannot search for {text}' on property q.",
        "invalid_query_string",
    )


def _term(entry: Document, token: re.Match[str]) -> bool:
    field = token["field"]
    if token["low"] is not None:
        if field not in _ORDERED:
            raise _unreadable(token[0])
        return _within(_text(entry, field), token)
    value = (token["quoted"] if token["quoted"] is not None else token["plain"]).lower()
    if field is None:
        return any(_text(entry, one).startswith(value) for one in _BARE_FIELDS)
    actual = _text(entry, field)
    return actual.startswith(value[:-1]) if value.endswith("*") else actual == value


def _within(actual: str, token: re.Match[str]) -> bool:
    low, high = token["low"].lower(), token["high"].lower()
    above = low == "*" or actual > low or (token["open"] == "[" and actual == low)
    below = high == "*" or actual < high or (token["close"] == "]" and actual == high)
    return above and below


def _text(entry: Document, path: str) -> str:
    value: Any = entry
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value).lower()
