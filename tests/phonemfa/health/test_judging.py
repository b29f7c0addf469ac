"""Each rule: what passes a level, and what is too little to be judged."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from components.settings.model import HealthLevels
from phonemfa.health.judging import Finding, is_above, is_below, judge, unjudged
from phonemfa.health.period import HOUR, Period
from phonemfa.health.tally import Figures, Tally

NOW = Period(end=1_795_910_400.0, hours=24)
THEN = NOW.moved(7 * 24 * HOUR)
LEVELS = HealthLevels()
Entry = dict[str, Any]


def entries(
    period: Period, hour: int, count: int, kind: str, details: Entry | None = None, **more: Any
) -> Iterator[Entry]:
    """So many entries within an hour, each of another user."""
    for number in range(count):
        at = period.hour(hour)[0] + 3000 * number / max(count, 1)
        yield {
            "date": datetime.fromtimestamp(at, UTC).isoformat(),
            "type": kind,
            "log_id": f"{period.end}{hour}{kind}{number}{sorted(more.items())}{details}",
            "user_id": f"auth0|{hour}-{number}",
            "client_id": "client",
            "details": details or {},
            **more,
        }


def figures(now: list[Entry], then: list[Entry] | None = None) -> tuple[Figures, Figures | None]:
    tally = Tally([NOW] if then is None else [NOW, THEN])
    for one in [*now, *(then or [])]:
        tally.add(one)
    found = tally.figures([[True] * 24] * (1 if then is None else 2))
    return found[0], found[1] if then is not None else None


def judged(
    now: list[Entry], then: list[Entry] | None = None, levels: dict[str, int] | None = None
) -> list[Finding]:
    wanted = HealthLevels.model_validate(levels or {})
    return judge(*figures(now, then), wanted, lambda _begin, _end: None)


def later(one: Entry, seconds: float, **other: Any) -> Entry:
    at = datetime.fromisoformat(one["date"]).timestamp() + seconds
    return one | {"date": datetime.fromtimestamp(at, UTC).isoformat()} | other


def passing(sent: Iterable[Entry]) -> list[Entry]:
    """Messages whose users pass."""
    return [
        one
        for each in sent
        for one in (each, later(each, 30, type="gd_auth_succeed", log_id=f"p{each['log_id']}"))
    ]


def sends(hour: int, count: int, period: Period = NOW) -> list[Entry]:
    return passing(entries(period, hour, count, "gd_send_sms"))


def failures(
    hour: int, count: int, reason: str, period: Period = NOW, *, people: int = 100
) -> list[Entry]:
    """Failures, each of another number, or of so many."""
    said = {"notification_type": "sms", "error": reason}
    return [
        one | {"details": said | {"to": f"+81901234{hour:02}{number % people:02}"}}
        for number, one in enumerate(entries(period, hour, count, "fn", said))
    ]


def day(period: Period = NOW, count: int = 10, *, hours: Iterable[int] = range(24)) -> list[Entry]:
    return [one for hour in hours for one in sends(hour, count, period)]


def all_day(reason: str, period: Period = NOW) -> list[Entry]:
    """Two of each twenty-two messages fail so."""
    failed = [one for hour in range(24) for one in failures(hour, 2, reason, period)]
    return day(period, 20) + failed


def numbered(first: int, count: int, period: Period = NOW) -> list[Entry]:
    """Messages to neighbouring numbers."""
    return [
        one | {"details": {"authenticator": {"phone_number": f"+8190123{first + number:05}"}}}
        for number, one in enumerate(entries(period, 4, count, "gd_send_sms"))
    ]


SENDER = "CPaaS refused: REJECTED SENDER"
FOREIGN, NO_SMS = "recipient country not allowed", "recipient is a Japanese number without SMS"
TO_20 = day(hours=range(20))
STARTED = [one for hour in range(20, 24) for one in entries(NOW, hour, 8, "gd_start_auth")]
LIMITED = list(entries(NOW, 5, 30, "limit_phone", {"delivery_method": "text"}))
CALLS = [one for hour in range(24) for one in entries(NOW, hour, 10, "gd_send_voice")]
ROW = numbered(45_000, 12)
FLOOD = [
    one | {"details": numbered(1, 1)[0]["details"]} for one in entries(NOW, 4, 8, "gd_send_sms")
]
HIDDEN = [one | {"user_id": "auth0|one", "details": {}} for one in FLOOD]
HOME, HOME_THEN = numbered(100, 9), numbered(100, 9, THEN)
ABROAD = [
    one | {"details": {"to": f"+9477123456{number}"}}
    for number, one in enumerate(entries(NOW, 6, 6, "fn"))
]
SAID = {"notification_type": "sms", "error": FOREIGN}
NAMELESS = list(entries(NOW, 7, 30, "fn", SAID, user_id=None))
JUDGED: dict[str, tuple[Any, ...]] = {
    "a good day": ([], day(), day(THEN)),
    "five failures": ([], failures(20, 5, SENDER)),
    "six failures": (["reason:sender-refused", "success:text"], failures(20, 6, SENDER)),
    "a small tenant's chance": ([], sends(10, 7) + failures(10, 3, "CPaaS refused: UNDELIVERABLE")),
    "no chance": (
        ["reason:message-refused", "success:text"],
        sends(10, 1) + failures(10, 9, "CPaaS refused: EXPIRED"),
    ),
    "refused on purpose": (["reason:country-not-allowed"], day() + failures(7, 60, FOREIGN)),
    "five people again and again": ([], day() + failures(7, 30, FOREIGN, people=5)),
    "thirty people": (["reason:country-not-allowed"], day() + failures(7, 30, FOREIGN)),
    "thirty of whom nothing is known": (["reason:country-not-allowed"], day() + NAMELESS),
    "a reason that is usual": ([], all_day(NO_SMS), all_day(NO_SMS, THEN)),
    "one of which nobody knows": (["reason:number-without-sms"], all_day(NO_SMS)),
    "Auth0's own limit": (["reason:auth0-limit"], sends(5, 20) + LIMITED),
    "codes that nobody enters": (["completion:voice"], CALLS),
    "nothing sent while second factors start": (["silence"], TO_20 + STARTED),
    "while few start": ([], TO_20 + STARTED[:5]),
    "for just long enough": (["silence"], TO_20 + STARTED, None, {"silentHours": 4}),
    "not for long enough": ([], TO_20 + STARTED, None, {"silentHours": 5}),
    "nothing sent at night": ([], TO_20),
    "new numbers in sequence": (["sequence"], ROW),
    "too few of them": ([], ROW, None, {"numbersInSequence": 13}),
    "the company's own": ([], ROW, numbered(45_000, 12, THEN)),
    "whose users pass": ([], passing(ROW)),
    "many to one number": (["flood"], FLOOD),
    "to one user, where numbers are hidden": (["flood"], HIDDEN),
    "not many enough": ([], FLOOD[:7]),
    "a new country": (["success:all", "country:+94", "reason:unknown"], HOME + ABROAD, HOME_THEN),
    "few messages to it": ([], HOME + ABROAD[:5], HOME_THEN),
    "where nobody knows what was before": (["success:all", "reason:unknown"], HOME + ABROAD),
}


@pytest.mark.parametrize("case", JUDGED)
def test_what_passes_a_level_is_found_and_nothing_else(case: str) -> None:
    expected, *what = JUDGED[case]
    assert [one.id for one in judged(*what)] == expected


FACTOR = {"authenticator": {"type": "sms"}, "provider_error": {"message": SENDER}}
BOTH = [*failures(3, 9, SENDER), *entries(NOW, 3, 9, "gd_send_sms_failure", FACTOR)]
REPEATED = failures(3, 12, "CPaaS host not reached")
AGAIN = sends(5, 1)
AGAIN += [later(AGAIN[0], -60, type="gd_send_voice", log_id="v")]
LAST = [later(one, 3540) for one in entries(NOW, 23, 1, "gd_send_sms")]
MAIL = list(entries(NOW, 4, 9, "fn", {"notification_type": "email"}))
BY_ITS_ADDRESS = list(entries(NOW, 4, 9, "fn", {"to": "a@example.com"}))
PUSH = {"authenticator": {"type": "push-notification"}}
COUNTED = {
    "a failure that two entries tell of": (BOTH, {"failed": 9}),
    "that the notification tells of": (BOTH[:9], {"failed": 9}),
    "that the factor tells of": (BOTH[9:], {"failed": 9}),
    "a try that is repeated": (REPEATED, {"retried": 12, "failed": 0}),
    "before which another was asked for": (AGAIN, {"judged text": 1, "arrived text": 1}),
    "after which another is asked for": (AGAIN, {"judged voice": 1, "arrived voice": 0}),
    "of the last minutes": (LAST, {"sent": 1, "judged": 0}),
    "mail": (MAIL, {"failed": 0}),
    "mail by its address": (BY_ITS_ADDRESS, {"failed": 0}),
}


@pytest.mark.parametrize("case", COUNTED)
def test_a_message_is_counted_once_as_what_became_of_it(case: str) -> None:
    told, counts = COUNTED[case]
    now, _ = figures(told)
    assert {name: now.total(*name.split()) for name in counts} == counts
    if told[0] in BOTH:
        assert now.reasons() == {"sender-refused": 9}


def test_a_message_that_fails_counts_once_in_its_country() -> None:
    factors = {"type": "gd_send_sms_failure"}
    again = [one | factors | {"log_id": f"{index}"} for index, one in enumerate(ABROAD)]
    country = figures([*ABROAD, *again])[0].countries["+94"]
    assert (country.sent, country.not_sent, len(country.numbers)) == (0, 6, 6)


def test_a_second_factor_that_is_no_phone_is_left_alone() -> None:
    now, _ = figures(list(entries(NOW, 4, 9, "gd_auth_succeed", PUSH)))
    assert now.factor_total("passed") == 0


def test_an_hour_that_fails_is_found_in_a_day_that_does_not() -> None:
    lost = failures(7, 20, "CPaaS failed: HTTP 503: the message may have been sent")
    found = judged(day(count=100, hours={*range(24)} - {7}) + lost)
    assert [one.hours for one in found if one.id == "success:text"] == [(7,)]


def test_another_senders_words_are_counted_and_not_shown() -> None:
    found = judged(sends(5, 20) + failures(5, 30, "Twilio 21614 for Taro Yamada +819012345678"))
    assert "reason:unknown" in [one.id for one in found]
    assert "Taro" not in repr(found)


def test_hours_that_nobody_knows_are_no_silence() -> None:
    now, _ = figures(TO_20 + STARTED)
    now.known = [hour < 20 for hour in range(24)]
    assert judge(now, None, LEVELS, lambda _begin, _end: None) == []


@pytest.mark.parametrize(("logins", "found"), [(40, ["silence"]), (20, []), (None, [])])
def test_logins_without_a_message_are_silence_where_they_had_messages_before(
    logins: int | None, found: list[str]
) -> None:
    def logged_in(begin: float, end: float) -> list[float] | None:
        if end == NOW.end:  # of the four hours without a message
            return None if logins is None else [begin] * logins
        # A hundred in the last three of them a week before, in which thirty messages were sent.
        return [begin + HOUR] * 100

    assert [one.id for one in judge(*figures(TO_20, day(THEN)), LEVELS, logged_in)] == found
    over = day(hours=[*range(10), *range(14, 24)])
    assert judge(*figures(over, day(THEN)), LEVELS, logged_in) == [], "a silence that has ended"


def test_what_cannot_be_judged_is_said() -> None:
    masked = {"details": {"authenticator": {"phone_number": "XXXXXXXXX5678"}}, "user_id": None}
    said = " ".join(unjudged(*figures([one | masked for one in FLOOD[:3]])))
    assert "hides the number of 3 of 3" in said
    assert "No earlier period" in said
    assert "3 of 3 messages name no user" in said


def test_a_tail_is_no_chance_only_where_it_is_rare() -> None:
    assert is_below(0, 6, 0.9)
    assert not is_below(6, 10, 0.9)
    assert not is_below(90_500, 100_000, 0.9)
    assert is_below(89_000, 100_000, 0.9)
    assert is_above(40, 1000, 0.02)
    assert not is_above(25, 1000, 0.02)
    assert not is_above(0, 0, 0.02)
