"""Reading a tenant's log by search, slowly, and saying how far that came.

A search gives at most 1,000 entries, so that a window of time that holds more is halved. Whether
a tenant searches by type and by time of day is tried first, with an entry that is surely there:
documents contradict each other (tenant-logs.md), and a search that is not understood may find
nothing, which must not be taken for silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from components.tenant.access import Access
from components.tenant.client import SILENCE, Heard, TenantUnreadableError
from components.tenant.token import NoTokenError, Tokens
from phonemfa.answered import RefusedError
from phonemfa.health.entries import FIELDS, LOGIN, TYPES, id_of, time_of, type_of
from phonemfa.health.period import HOUR, Period
from phonemfa.health.tally import Tally
from phonemfa.scopes import named

if TYPE_CHECKING:
    import httpx

    from components.tenant.bounded_http import BoundedClient

PER_PAGE: Final = 100
PAGES: Final = 10
"""Of one search: 1,000 results."""

SCOPE: Final = "read:logs"
_DAY: Final = 24 * HOUR
TOTAL: Final = 60.0
"""Seconds for one request, all of it."""
_TRIES: Final = 4
"""Of a request without an answer, or with one of a fault that may pass."""

_LONGEST_PAUSE: Final = 60.0
_LATE: Final = 900.0
"""Seconds by which an entry may be younger than its place in the order of log ids says."""

_CANNOT_SEARCH: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.FORBIDDEN}
)

Window = tuple[float, float]


class OutOfTimeError(RefusedError):
    """The time that reading may take is over."""


class SearchRefusedError(Exception):
    """The tenant does not take this search."""


@dataclass(kw_only=True)
class LogReader:
    """Asks one tenant for its log, and knows how far that reaches.

    Attributes:
        http: bounded; a good answer is JSON.
        token: answers one that is good now.
        per_minute: requests; a login's own backend shares the tenant's limit.
        seconds: for everything.
        heard: is told of each refusal for the tenant's rate limit, as it comes.
        waited: seconds for which the tenant limited the rate.
        now: the tenant's own time.
        ahead: seconds by which this machine's clock is ahead of the tenant's.
        oldest, newest: times of entries; None where the log is empty.
        by_type: a search by type finds what is there.
        by_second: the time of day counts in a search, else days alone.
    """

    http: httpx.Client | BoundedClient
    domain: str
    token: Callable[[], str]
    per_minute: int = 60
    seconds: float = 600.0
    heard: Heard = field(default_factory=Heard)
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    requests: int = 0
    waited: float = 0.0
    now: float = 0.0
    ahead: float = 0.0
    oldest: float | None = None
    newest: float | None = None
    by_type: bool = True
    by_second: bool = True

    def __post_init__(self) -> None:
        self._next = self.clock()
        self._ends = self._next + self.seconds
        self._served_at: float | None = None

    # -- what there is ------------------------------------------------------------------------

    def find_reach(self) -> None:
        """Find out how far the log reaches and how it can be searched, or raise as `look` does."""
        sample = self._first("date:-1")
        local = self.wall()
        self.now = self._served_at or local
        self.ahead = local - self.now
        self.newest = time_of(sample)
        if self.newest is None:
            return
        self.oldest = min(self.newest, time_of(self._first("date:1")) or self.newest)
        for by_type, by_second in ((True, True), (False, True), (True, False)):
            self.by_type, self.by_second = by_type, by_second
            if self._finds(sample, float(int(self.newest))):
                return
        self.by_type = False

    def _first(self, order: str) -> Any:
        """The first entry in an order, if it has a time."""
        found = self._get({"per_page": "1", "sort": order})
        return next((one for one in found if time_of(one) is not None), None)

    def _finds(self, sample: Any, second: float) -> bool:
        """Whether a search for a second finds an entry of it, and none that it should not."""
        wanted = {type_of(sample), "fn"}
        try:
            found = self._get(self._search((second, second + 1), types=sorted(wanted)))
        except SearchRefusedError:
            return False
        for one in found:
            at = time_of(one)
            if self.by_type and type_of(one) not in wanted:
                return False
            if self.by_second and at is not None and not second <= at < second + 1:
                return False
        # More than a page of others may stand before it: then what came fits, at least.
        return len(found) == PER_PAGE or id_of(sample) in map(id_of, found)

    # -- reading ------------------------------------------------------------------------------

    def read(self, period: Period, tally: Tally) -> list[Window]:
        """Count the entries of a period, the newest first; answers what was not read."""
        windows = [(period.start, period.end)]  # the newest one is last
        if not self.by_second:
            first = int(period.start // _DAY)
            days = range(first, -int(-period.end // _DAY))
            windows = [(day * _DAY, (day + 1) * _DAY) for day in days]
        while windows:
            window = windows.pop()
            try:
                windows += self._read_window(window, tally)
            except OutOfTimeError:
                return [*windows, window]
            except SearchRefusedError:
                if not self.by_type:
                    raise TenantUnreadableError(
                        f"{self.domain} refuses every search of its log by date. Look into "
                        "Monitoring > Logs by hand, and please report it."
                    ) from None
                self.by_type = False  # too long, perhaps: once more, and sorted out here
                windows.append(window)
        return []

    def logins(self, begin: float, end: float) -> list[float] | None:
        """When users logged in, the newest first, at most a hundred; None where not known."""
        if not (self.by_type and self.by_second):
            return None
        try:
            found = self._get(self._search((begin, end), types=(LOGIN,)))
        except (OutOfTimeError, SearchRefusedError):
            return None
        return sorted(_times(one for one in found if type_of(one) == LOGIN), reverse=True)

    def _read_window(self, window: Window, tally: Tally) -> list[Window]:
        """Read a window whole, or answer its halves, the newer one last."""
        first = self._counted(self._search(window), tally)
        # Where the type counts for nothing, others come too; they are sorted out all the same.
        self.by_type = self.by_type and all(type_of(one) in TYPES for one in first)
        if len(first) < PER_PAGE:
            return []
        last = self._counted(self._search(window, page=PAGES - 1), tally)
        if len(last) == PER_PAGE:
            smallest = 2.0 if self.by_second else 2 * _DAY
            if window[1] - window[0] < smallest:
                self._read_on(window, tally)
                return []
            middle = float(int((window[0] + window[1]) / 2))
            return [(window[0], middle), (middle, window[1])]
        for page in range(1, PAGES - 1):
            if len(self._counted(self._search(window, page=page), tally)) < PER_PAGE:
                break
        return []

    def _read_on(self, window: Window, tally: Tally) -> None:
        """From the first entry of a window that cannot be halved, by log id, to its end."""
        found = self._counted(self._search(window) | {"sort": "date:1"}, tally)
        while found and (last := id_of(found[-1])):
            following = self._counted({"from": last, "take": str(PER_PAGE)}, tally)
            if following[-1:] == found[-1:]:
                return
            if min(_times(following), default=0.0) >= window[1] + _LATE:
                return
            found = following

    def _counted(self, query: dict[str, str], tally: Tally) -> list[Any]:
        found = self._get(query)
        for one in found:
            tally.add(one)
        return found

    def _search(
        self, window: Window, *, types: Iterable[str] = TYPES, page: int = 0
    ) -> dict[str, str]:
        begin, end = window
        form = "%Y-%m-%dT%H:%M:%S"  # as documented: 2019-01-01T12:23:45, or the day alone
        if not self.by_second:
            # A window of less than a day is asked for by its day.
            form, begin = "%Y-%m-%d", begin // _DAY * _DAY
            end = max(end, begin + _DAY)
        since, until = (f"{datetime.fromtimestamp(at, UTC):{form}}" for at in (begin, end))
        query = f"date:[{since} TO {until}}}"
        if self.by_type:
            query += f" AND ({' OR '.join(f'type:{one}' for one in types)})"
        return {
            "q": query,
            "per_page": str(PER_PAGE),
            "page": str(page),
            "sort": "date:-1",
            "fields": FIELDS,
            "include_fields": "true",
        }

    # -- one request --------------------------------------------------------------------------

    def _get(self, query: Mapping[str, str]) -> list[Any]:
        import httpx  # noqa: PLC0415 - with its like a tenth of a second

        tries = 0
        while True:
            self._take_turn()
            tries += 1
            try:
                answer = self.http.get(
                    f"https://{self.domain}/api/v2/logs",
                    params=dict(query),
                    headers={"Authorization": f"Bearer {self.token()}"},
                )
            except httpx.TransportError:
                if tries >= _TRIES:
                    raise
                self._pause(2.0**tries)
                continue
            self._note_time(answer)
            if answer.is_success:
                return _entries(answer)
            status = answer.status_code
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self.heard.refusals += 1
                pause = self._until_reset(answer, tries)
                self._pause(pause)
                self.waited += pause
            elif status >= HTTPStatus.INTERNAL_SERVER_ERROR and tries < _TRIES:
                self._pause(2.0**tries)
            elif "q" in query and status in _CANNOT_SEARCH and not _lacks_scope(answer):
                raise SearchRefusedError
            else:
                raise TenantUnreadableError(_refused(self.domain, answer))

    def _take_turn(self) -> None:
        self._pause(max(self._next - self.clock(), 0.0))
        self._next = self.clock() + 60.0 / self.per_minute
        self.requests += 1

    def _pause(self, seconds: float) -> None:
        if self.clock() + seconds > self._ends:
            raise OutOfTimeError(
                "The tenant limited the rate for as long as reading may take: nothing could be "
                "read. Run it again later, or give it longer with --within."
            )
        if seconds:
            self.sleep(seconds)

    def _until_reset(self, answer: httpx.Response, tries: int) -> float:
        """How long the tenant asks to wait: by its own clock, as ours may be wrong."""
        for header, base in (("retry-after", 0.0), ("x-ratelimit-reset", self._served_at)):
            said = answer.headers.get(header, "")
            if said.isdecimal() and base is not None and float(said) > base:
                return min(float(said) - base, _LONGEST_PAUSE)
        return min(2.0**tries, _LONGEST_PAUSE)

    def _note_time(self, answer: httpx.Response) -> None:
        try:
            self._served_at = parsedate_to_datetime(answer.headers["date"]).timestamp()
        except (KeyError, ValueError, OverflowError):
            self._served_at = None


@contextmanager
def log_of(access: Access, heard: Heard, *, per_minute: int, seconds: float) -> Iterator[LogReader]:
    """A reader of a tenant's log, whose failures say what to do.

    Raises:
        TenantUnreadableError: no answer, refused credentials, or no read:logs.
    """
    import httpx  # noqa: PLC0415

    from components.tenant.bounded_http import BoundedClient  # noqa: PLC0415
    from components.tenant.errors import silent  # noqa: PLC0415

    most = int(per_minute * seconds / 60) + 100
    try:
        with BoundedClient(total=TOTAL, json_only=True, timeout=SILENCE, most=most) as http:
            fixed = access.api_token
            yield LogReader(
                http=http,
                domain=access.domain,
                token=(lambda: fixed) if fixed else Tokens(access).get,
                per_minute=per_minute,
                seconds=seconds,
                heard=heard,
            )
    except NoTokenError as error:
        raise TenantUnreadableError(f"{error}. {error.fix}") from None
    except httpx.HTTPError as error:
        raise TenantUnreadableError(silent(access.domain, error)) from None


def _entries(answer: httpx.Response) -> list[Any]:
    found = answer.json() if answer.content.strip() else []
    if isinstance(found, Mapping):
        found = found.get("logs")
    if not isinstance(found, list):
        raise TenantUnreadableError(
            "The tenant answered GET /logs otherwise than the Management API does. Check "
            "auth0:domain or AUTH0_DOMAIN: did a proxy, or a server that is no tenant, answer?"
        )
    return found


def _lacks_scope(answer: httpx.Response) -> bool:
    return answer.status_code == HTTPStatus.FORBIDDEN and "scope" in answer.text[:2000].lower()


def _refused(domain: str, answer: httpx.Response) -> str:
    from auth0.management.core.api_error import ApiError  # noqa: PLC0415

    from components.tenant.errors import refused  # noqa: PLC0415

    if _lacks_scope(answer):
        return (
            f"{domain} answered 403: the application has no {SCOPE}. It is needed to "
            f"{named(SCOPE).what_for}. Authorise it for that scope: reading is all it allows."
        )
    try:
        body = answer.json()
    except ValueError:
        body = None
    return refused(domain, ApiError(status_code=answer.status_code, body=body))


def _times(entries: Iterable[Any]) -> list[float]:
    return [at for at in map(time_of, entries) if at is not None]
