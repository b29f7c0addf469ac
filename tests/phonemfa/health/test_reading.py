"""The log is read whole, each entry once, at the pace that was asked for, or it is said."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from components.settings.model import HealthLevels
from components.tenant.client import TenantUnreadableError
from phonemfa.health.document import as_object
from phonemfa.health.entries import LOGIN
from phonemfa.health.period import HOUR, latest
from phonemfa.health.reading import LogReader, OutOfTimeError
from phonemfa.health.result import Health, look
from phonemfa.health.tally import Tally
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.clock import NANOS_PER_SECOND, millis
from sandbox.tenant.logs import log_id_of
from sandbox.traffic.days import Play, play
from tests.phonemfa.health.days import ListReader
from tests.sandbox.api.support import DOMAIN, InProcess, Sandbox

MESSAGES = {"gd_send_sms", "gd_send_voice"}


class Told(httpx.BaseTransport):
    """The sandbox's API, with the time in its answers, and other answers where a test has some."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = InProcess(sandbox.app)
        self.sandbox = sandbox
        self.instead: list[httpx.Response | Exception] = []
        self.queries: list[dict[str, str]] = []
        self.slept: list[float] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        self.queries.append(dict(request.url.params))
        if self.instead:
            answer = self.instead.pop(0)
            if isinstance(answer, Exception):
                raise answer
        else:
            answer = self.inner.handle_request(request)
        now = self.sandbox.clock() / NANOS_PER_SECOND
        date = format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)
        answer.headers.setdefault("date", date)
        return answer


@dataclass
class Desk:
    """A tenant with a day of traffic, and a reader of its log."""

    told: Told
    reader: LogReader
    entries: list[dict[str, Any]]
    now: float

    def read(self, hours: int = 24) -> Health:
        return look(self.reader, stack="prod", levels=HealthLevels(), hours=hours)

    def messages(self, hours: int = 24) -> int:
        period = latest(self.now, hours)
        return sum(
            one["type"] in MESSAGES
            and period.start <= datetime.fromisoformat(one["date"]).timestamp() < period.end
            for one in self.entries
        )


def desk(
    *,
    per_day: int = 250,
    per_minute: int = 6000,
    seconds: float = 3600,
    days: tuple[int, ...] = (0, 1, 2),
    **assumptions: Any,
) -> Desk:
    sandbox = Sandbox(assumptions=Assumptions(**assumptions))
    now = sandbox.clock() / NANOS_PER_SECOND
    played = play(Play(kind="weekday", seed=1, end=now, days=days, per_day=per_day))
    sandbox.tenant.logs.archive.play(played)
    told = Told(sandbox)
    reader = LogReader(
        http=httpx.Client(transport=told),
        domain=DOMAIN,
        token=lambda: sandbox.token,
        per_minute=per_minute,
        seconds=seconds,
        clock=lambda: sum(told.slept),
        wall=lambda: now,
        sleep=told.slept.append,
    )
    return Desk(told, reader, [one for one, _ in played], now)


def refused(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, json={"statusCode": status, "message": "no"})


def answers(*instead: httpx.Response | Exception) -> Callable[[Desk], None]:
    """Those, before what the sandbox does."""
    return lambda here: here.told.instead.extend(instead)


def searching(types: int, answer: httpx.Response) -> Callable[[Desk], None]:
    """What a search by more than so many types finds."""

    def prepare(here: Desk) -> None:
        inner = here.told.inner.handle_request

        def handle(request: httpx.Request) -> httpx.Response:
            by = request.url.params.get("q", "").count("type:")
            return inner(request) if by <= types else answer

        here.told.inner.handle_request = handle  # type: ignore[method-assign]

    return prepare


def ahead_by(seconds: float) -> Callable[[Desk], None]:
    return lambda here: setattr(here.reader, "wall", lambda: here.now + seconds)


def with_an_entry(hours: float, **other: str) -> Callable[[Desk], None]:
    def prepare(here: Desk) -> None:
        at = int((here.now + hours * HOUR) * NANOS_PER_SECOND)
        own = {"date": millis(at), "log_id": log_id_of(at), "_id": "999"}
        here.told.sandbox.tenant.logs.archive.play([(here.entries[0] | own | other, 0)])

    return prepare


LIMITED = answers(refused(429, **{"retry-after": "7"}), refused(429))
NO_TYPES: dict[str, Any] = {"log_search_by_type": "refused"}
NOTHING = httpx.Response(200, json=[])
IGNORED_TYPES = {"log_search_by_type": "ignored"}
NO_TIMES: dict[str, Any] = {"log_search_by_time": "refused"}
WAYS: dict[str, tuple[dict[str, Any], Callable[[Desk], None], str]] = {
    "as documented": ({}, lambda _: None, ""),
    "types refused": (NO_TYPES, lambda _: None, "does not search by type"),
    "types ignored": (IGNORED_TYPES, lambda _: None, "does not search by type"),
    "types finding nothing at all": ({}, searching(0, NOTHING), "does not search by type"),
    "a search that is too long": ({}, searching(2, refused(414)), "does not search by type"),
    "days alone": ({"log_search_by_time": "day"}, lambda _: None, "by the time of day"),
    "times refused": (NO_TIMES, lambda _: None, "by the time of day"),
    "both refused": (NO_TIMES | NO_TYPES, lambda _: None, "by the time of day"),
    "a limited rate": ({}, LIMITED, "The tenant limited the rate: 11 s"),
    "a fault that passes": (
        {},
        answers(refused(502), httpx.ConnectError("gone"), refused(503)),
        "",
    ),
    "a clock here that is fast": ({}, ahead_by(7200), "clock differs from the tenant's by 2:00"),
    "a clock here that is slow": ({}, ahead_by(-7200), "clock differs from the tenant's by 2:00"),
    "an entry of a clock that jumped": ({}, with_an_entry(3), "ahead of the tenant's own clock"),
    "an unknown type": (NO_TYPES, with_an_entry(-1, type="gd_pigeon"), "gd_pigeon (1)"),
}


@pytest.mark.parametrize(("assumptions", "prepare", "note"), WAYS.values(), ids=WAYS)
def test_every_message_is_counted_once_however_the_tenant_answers_and_what_was_odd_is_told(
    assumptions: dict[str, Any], prepare: Callable[[Desk], None], note: str
) -> None:
    here = desk(**assumptions)
    prepare(here)
    found = here.read()
    assert found.now.total("sent") == here.messages() > 100
    assert found.is_known
    assert found.log.unreadable == 0
    odd = [one for one in found.notes if "hides the number of" not in one]
    assert note in " ".join(odd)
    assert bool(note) == bool(odd)
    assert here.reader.heard.refusals == (2 if prepare is LIMITED else 0)
    fields = {one["fields"] for one in here.told.queries if "fields" in one}
    assert fields == {"date,type,client_id,client_name,user_id,details,log_id"}, "no names or IPs"


@pytest.mark.parametrize("assumptions", [{}, {"log_search_by_time": "day"}])
def test_a_window_with_more_than_a_search_gives_is_read_whole(assumptions: dict[str, Any]) -> None:
    here = desk(per_day=1150, days=(0,), **assumptions)
    period = latest(here.now, 24)
    assert here.messages() > 1000
    tally = Tally([period])
    here.reader.find_reach()
    assert here.reader.read(period, tally) == []
    (figures,) = tally.figures([[True] * 24])
    assert figures.total("sent") == here.messages()
    assert tally.log.repeated > 0, "windows that were halved, and were not counted twice"


@pytest.mark.parametrize("assumptions", [{}, NO_TYPES, NO_TIMES], ids=["told", "types", "times"])
def test_logins_are_those_of_the_log_the_newest_first_or_not_known(
    assumptions: dict[str, Any],
) -> None:
    here = desk(**assumptions)
    here.read()
    begin, end = here.now - 3 * HOUR, here.now - HOUR
    dates = [one["date"] for one in here.entries if one["type"] == LOGIN]
    moments = sorted((datetime.fromisoformat(one).timestamp() for one in dates), reverse=True)
    wanted = [one for one in moments if begin <= one < end]
    assert here.reader.logins(begin, end) == (None if assumptions else wanted)
    assert len(wanted) > 1
    here.told.instead.append(refused(400))
    assert here.reader.logins(here.now - HOUR, here.now) is None


def test_no_more_requests_a_minute_are_made_than_asked_for() -> None:
    here = desk(per_minute=30)
    here.read()
    assert here.reader.requests > 10
    assert sum(here.told.slept) >= (here.reader.requests - 1) * 2.0 - 1e-6


def test_what_could_not_be_read_in_time_is_not_known_and_the_newest_is() -> None:
    here = desk(per_day=600, per_minute=60, seconds=16)
    found = here.read()
    assert not found.is_read
    assert not found.is_known
    assert found.now.known[-1]
    assert not found.now.known[0]
    assert any("could not be read within" in one for one in found.notes)
    whole = desk(per_day=600).read()
    for hour, known in enumerate(found.now.known):
        if known:
            assert found.now.channels["text"][hour].sent == whole.now.channels["text"][hour].sent


def test_a_limited_rate_for_minutes_is_no_answer() -> None:
    here = desk(per_minute=60, seconds=300)
    here.told.instead = [refused(429, **{"retry-after": "59"}) for _ in range(50)]
    with pytest.raises(OutOfTimeError, match="Run it again later, or give it longer"):
        here.read()
    assert sum(here.told.slept) <= 300


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("answer", [0, 1])
def test_a_time_that_no_calendar_has_in_every_zone_ends_nothing(at: str, answer: int) -> None:
    here = desk(per_day=30, days=(0,))
    answers = [[here.entries[-1]], [here.entries[0]]]
    answers[answer] = [{"type": "s", "date": at, "log_id": "1"}]
    here.told.instead = [httpx.Response(200, json=one) for one in answers]
    assert any("The log" in one for one in here.read().notes)


@pytest.mark.parametrize("date", ["soon", f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"])
def test_a_clock_of_the_tenants_that_is_none_ends_nothing(date: str) -> None:
    here = desk(per_day=30, days=(0,))
    here.told.instead = [refused(429, **{"date": date, "x-ratelimit-reset": str(int(here.now))})]
    here.read()
    assert here.told.slept[0] == 2, "not until a time that nobody told"


def test_a_fault_that_stays_is_told() -> None:
    here = desk(per_day=30)
    here.told.instead = [refused(502) for _ in range(9)]
    with pytest.raises(TenantUnreadableError, match="502"):
        here.read()


def test_a_period_longer_than_the_log_is_not_known_before_it_begins() -> None:
    here = desk(days=(0, 1))
    found = here.read(hours=72)
    assert found.now.known[:24] == [False] * 24
    assert found.now.known[-24:] == [True] * 24
    assert found.before is None
    assert any("The log begins at" in one for one in found.notes)


def test_it_is_compared_with_the_same_weekday_where_the_log_reaches_that_far() -> None:
    assert desk(per_day=30, days=(0, 7, 8)).read().compared_with.endswith("a week earlier")
    assert desk(per_day=30).read().compared_with == "the 24 hours before"
    assert desk(per_day=30, days=(0,)).read().compared_with == "no earlier period is known"


def test_what_no_entry_should_be_is_counted_as_unreadable_and_ends_nothing() -> None:
    here = desk(days=(0,))
    period = latest(here.now, 24)
    tally = Tally([period])
    begin = datetime.fromtimestamp(period.start + 60, UTC).isoformat()
    whole: dict[str, Any] = {"date": begin, "type": "gd_send_sms"}
    no_times = (
        *({"$date": 1}, "2026-11-29T00:00:00", "yesterday", None),
        *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
    )
    strange = [*(whole | {"date": one} for one in no_times), whole | {"type": {"a": 1}}]
    for one in (None, "text", {}, *strange):
        tally.add(one)
    assert tally.log.unreadable == 10
    tally.add(whole | {"log_id": "3"})
    tally.add(whole | {"log_id": "3", "details": {}})
    tally.add(whole | {"type": "gd_something_new", "log_id": "4"})
    assert (tally.log.bare, tally.log.repeated) == (1, 1)
    assert tally.log.types == {"gd_something_new": 1}
    (figures,) = tally.figures([[True] * 24])
    assert figures.total("sent") == 1


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_pages_and_their_repetition_change_nothing(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    here = desk(days=(0,), per_day=100)

    def found(entries: list[dict[str, Any]]) -> dict[str, Any]:
        reader = ListReader(entries=entries, oldest=0, now=here.now)
        health = look(reader, stack="prod", levels=HealthLevels(minimum=1), hours=24)
        return as_object(health) | {"log": health.log.read}

    mixed = [*here.entries, *rng.choices(here.entries, k=200)]
    rng.shuffle(mixed)
    assert found(mixed) == found(here.entries)
