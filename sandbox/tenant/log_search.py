"""The search language of GET /logs, as far as the sandbox knows it.

`field:value` terms with AND, OR, NOT and parentheses; two terms without an operator are both
wanted. Every search that cannot be read is refused with 400 rather than misread.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any

from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.errors import ApiError, invalid_query

Document = dict[str, Any]
Matches = Callable[[Document], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>AND|OR|NOT)(?=[\s(])
        | (?P<parenthesis>[()])
        | (?:(?P<field>[\w.]+):)? (?:
            "(?P<quoted>[^"]*)"
            | (?P<open>[\[{])(?P<low>[^\s\]}]+)\s+TO\s+(?P<high>[^\s\]}]+)(?P<close>[\]}])
            | (?P<plain>[^\s"():\[\]{}]+)
        )(?=[\s)]|$)
    )\s*""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_BARE_FIELDS = ("client_name", "connection", "description", "ip", "log_id", "type", "user_name")
_FIELDS = frozenset(_BARE_FIELDS) | {
    *("client_id", "connection_id", "date", "hostname", "organization_id", "strategy"),
    *("strategy_type", "user_agent", "user_id"),
}
"""Those that are published: what is in an entry's `details` is none of them."""

_ORDERED = frozenset({"date", "log_id"})
"""Fields whose texts sort as what they mean, so that a range of them is one of texts."""

_DAY_LENGTH = len("2026-11-29")
_NESTING = re.compile(r"\(|\bNOT\b")
_MOST_NESTED = 50
_LONGEST = 2048
"""Characters; that there is such a length is published, which one is not."""

_SHORTEST_PART = 3
"""Characters of what follows a `*`: published."""

_SPECIAL = re.compile(r"[?^~<>!\\]|&&|\|\||^[-+/]")
"""What means something to Lucene, and nothing here."""

_TIME = re.compile(r"\*|\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?Z?)?)?)?", re.ASCII)


@dataclass(frozen=True)
class Search:
    """A search that can be run, or a part of one.

    Attributes:
        matches: whether an entry is found by it.
        low, high: no entry with a date before or after is; empty for no bound.
        text: what was asked, and how it was read.
    """

    matches: Matches
    low: str = ""
    high: str = ""
    text: str = ""


def search_of(text: str | None, assumptions: Assumptions) -> Search:
    """Read a search.

    A value matches a whole text, with its case; a `*` stands for anything, but not in quotes. Of
    `date` its beginning is enough. Of `date` and `log_id` it may be a range, `[from TO to]` or
    `{from TO to}` without its ends, or one of each, with `*` for no end: auth0-cli follows a log
    with one. A term without a field is looked for in those that are published for it.

    Raises ApiError: 414 for one that is too long, 400 for one in any other form.
    """
    return _Reader((text or "").strip(), assumptions).search()


class _Reader:
    """`a b OR NOT (c AND d)`: choices of what is wanted together, of terms or searches again."""

    def __init__(self, text: str, assumptions: Assumptions) -> None:
        self._text, self._assumptions = text, assumptions
        self._left: deque[re.Match[str]] = deque()

    def search(self) -> Search:
        if not self._text:
            return Search(lambda _: True)
        if len(self._text) > _LONGEST:
            raise ApiError(HTTPStatus.REQUEST_URI_TOO_LONG, "Request-URI Too Large")
        if len(_NESTING.findall(self._text)) > _MOST_NESTED:
            raise self._unreadable(self._text)
        position = 0
        while position < len(self._text):
            token = _TOKEN.match(self._text, position)
            if token is None:
                raise self._unreadable(self._text[position:])
            self._left.append(token)
            position = token.end()
        found = self._either()
        if self._left:
            raise self._unreadable()
        way = f"{self._assumptions.log_search_by_type}, {self._assumptions.log_search_by_time}"
        return replace(found, text=f"{way}: {self._text}")

    def _either(self) -> Search:
        choices = [self._all()]
        while self._next("OR"):
            choices.append(self._all())
        if len(choices) == 1:
            return choices[0]
        return Search(lambda entry: any(one.matches(entry) for one in choices))

    def _all(self) -> Search:
        wanted = [self._one()]
        while self._next("AND") or (self._left and _sign(self._left[0]) in {"", "NOT", "("}):
            wanted.append(self._one())
        if len(wanted) == 1:
            return wanted[0]
        return Search(
            lambda entry: all(one.matches(entry) for one in wanted),
            low=max(one.low for one in wanted),
            high=min((one.high for one in wanted if one.high), default=""),
        )

    def _one(self) -> Search:
        if self._next("NOT"):
            inner = self._one()
            return Search(lambda entry: not inner.matches(entry))
        if self._next("("):
            inner = self._either()
            if not self._next(")"):
                raise self._unreadable()
            return inner
        if not self._left or _sign(self._left[0]):
            raise self._unreadable()
        return self._term(self._left.popleft())

    def _term(self, token: re.Match[str]) -> Search:
        field, by_type = token["field"], self._assumptions.log_search_by_type
        if field and field not in _FIELDS:
            raise self._unreadable(token[0])
        if field == "type" and by_type != "found":
            if by_type == "refused":
                raise self._unreadable(token[0])
            return Search(lambda _: True)
        if token["low"] is not None:
            return self._range(field, token)
        fits = self._fitting(token)
        bare = [one for one in _BARE_FIELDS if one != "type" or by_type == "found"]
        fields = [field] if field else bare
        return Search(lambda entry: any(fits(_value(entry, one)) for one in fields))

    def _fitting(self, token: re.Match[str]) -> Callable[[str], bool]:
        quoted, plain = token["quoted"], token["plain"]
        if quoted is not None:
            return lambda actual: actual == quoted
        too_short = any(0 < len(one) < _SHORTEST_PART for one in plain.split("*")[1:])
        if too_short or _SPECIAL.search(plain):
            raise self._unreadable(token[0])
        if token["field"] == "date":  # of which its beginning is enough
            plain += "*"
        return lambda actual: bool(actual) and fnmatchcase(actual, plain)

    def _range(self, field: str | None, token: re.Match[str]) -> Search:
        if field is None or field not in _ORDERED:
            raise self._unreadable(token[0])
        low, high = token["low"], token["high"]
        if field == "date":
            if not (_TIME.fullmatch(low) and _TIME.fullmatch(high)):
                raise self._unreadable(token[0])
            low, high = low.removesuffix("Z"), high.removesuffix("Z")
            if self._assumptions.log_search_by_time != "second":
                by_time = max(len(low), len(high)) > _DAY_LENGTH
                if self._assumptions.log_search_by_time == "refused" and by_time:
                    raise self._unreadable(token[0])
                low, high = low[:_DAY_LENGTH], high[:_DAY_LENGTH]
        with_low, with_high = token["open"] == "[", token["close"] == "]"

        def is_end(actual: str, end: str) -> bool:
            # A day is all that begins with it: whole in the range, or whole outside.
            return actual.startswith(end) if field == "date" else actual == end

        def within(entry: Document) -> bool:
            actual = _value(entry, field)
            above = low == "*" or (with_low if is_end(actual, low) else actual > low)
            below = high == "*" or (with_high if is_end(actual, high) else actual < high)
            return above and below

        if field != "date":
            return Search(within)
        # One that is longer begins with it and comes after it.
        return Search(within, "" if low == "*" else low, "" if high == "*" else high + "~")

    def _next(self, sign: str) -> bool:
        """Whether the next token is that; then it is taken."""
        if not self._left or _sign(self._left[0]) != sign:
            return False
        self._left.popleft()
        return True

    def _unreadable(self, part: str = "") -> ApiError:
        """Tells the part, else what is left, else all of it: it has ended too early."""
        left = "".join(token[0] for token in self._left)
        told = (part or left or self._text).strip()
        return invalid_query(f"The sandbox cannot search for {told}", "q")


def _sign(token: re.Match[str]) -> str:
    """An operator or a parenthesis; empty for a term."""
    # At the end of a text an operator is read as a word.
    lone = token["field"] is None and token["plain"] in _OPERATORS
    return token["operator"] or token["parenthesis"] or (token["plain"] if lone else "")


def _value(entry: Document, field: str) -> str:
    value = entry.get(field)
    return "" if value is None else str(value)
