"""Each rule: what passes a level, and what is too little to be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from components.settings.health_levels import HealthLevels
from phonemfa.health.chance import is_above, is_below
from phonemfa.health.judging import Finding, Silence, judge, silences, unjudged
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


def judged(now: list[Entry], then: list[Entry] | None = None, **levels: int) -> list[Finding]:
    wanted = HealthLevels.model_validate(levels)
    current, earlier = figures(now, then)
    return judge(current, earlier, wanted, silences(current, wanted))


def ids(now: list[Entry], then: list[Entry] | None = None, **levels: int) -> list[str]:
    return [one.id for one in judged(now, then, **levels)]


def sends(period: Period, hour: int, count: int) -> list[Entry]:
    """Messages whose users pass."""
    return [
        *entries(period, hour, count, "gd_send_sms"),
        *(
            one | {"date": later(one["date"], 30)}
            for one in entries(period, hour, count, "gd_auth_succeed")
        ),
    ]


def later(date: str, seconds: float) -> str:
    at = datetime.fromisoformat(date).timestamp() + seconds
    return datetime.fromtimestamp(at, UTC).isoformat()


def failures(
    period: Period, hour: int, count: int, reason: str, *, people: int = 100
) -> list[Entry]:
    """Failures, each of another number, or of so many."""
    said = {"notification_type": "sms", "error": reason}
    return [
        one | {"details": said | {"to": f"+81901234{hour:02}{number % people:02}"}}
        for number, one in enumerate(entries(period, hour, count, "fn", said))
    ]


def all_day(make: Callable[[int], list[Entry]]) -> list[Entry]:
    return [one for hour in range(24) for one in make(hour)]


def test_a_good_day_passes_no_level() -> None:
    day = all_day(lambda hour: sends(NOW, hour, 10))
    assert ids(day, all_day(lambda hour: sends(THEN, hour, 10))) == []


def test_a_message_that_fails_is_one_message_though_two_entries_tell_of_it() -> None:
    why = "CPaaS refused: REJECTED SENDER"
    factor = {"authenticator": {"type": "sms"}, "provider_error": {"message": why}}
    both = [*failures(NOW, 3, 9, why), *entries(NOW, 3, 9, "gd_send_sms_failure", factor)]
    for told in (both, both[:9], both[9:]):
        now, _ = figures(told)
        assert (now.total("failed"), now.reasons()) == (9, {"sender-refused": 9})


def test_tries_that_are_repeated_are_no_messages() -> None:
    now, _ = figures(failures(NOW, 3, 12, "CPaaS host not reached"))
    assert (now.total("retried"), now.total("failed")) == (12, 0)


@pytest.mark.parametrize(("failed", "found"), [(5, False), (6, True)])
def test_too_few_are_not_judged(failed: int, found: bool) -> None:
    now = failures(NOW, 20, failed, "CPaaS refused: REJECTED SENDER")
    assert ("success:text" in ids(now)) is found
    assert ("reason:sender-refused" in ids(now)) is found


def test_a_small_tenant_is_judged_by_what_chance_explains() -> None:
    few = sends(NOW, 10, 7) + failures(NOW, 10, 3, "CPaaS refused: UNDELIVERABLE")
    assert ids(few) == []
    assert "success:text" in ids(sends(NOW, 10, 1) + failures(NOW, 10, 9, "CPaaS refused: EXPIRED"))


def test_an_hour_that_fails_is_found_in_a_day_that_does_not() -> None:
    day = all_day(lambda hour: sends(NOW, hour, 100 if hour != 7 else 0))
    found = judged(
        day + failures(NOW, 7, 20, "CPaaS failed: HTTP 503: the message may have been sent")
    )
    (one,) = [one for one in found if one.id == "success:text"]
    assert one.hours == (7,)


def test_what_the_stack_refuses_on_purpose_is_no_fault_of_sending() -> None:
    day = all_day(lambda hour: sends(NOW, hour, 10))
    refused = failures(NOW, 7, 60, "recipient country not allowed")
    assert ids(day + refused) == ["reason:country-not-allowed"]


def test_a_reason_that_is_usual_does_not_surge() -> None:
    why = "recipient is a Japanese number without SMS"
    now = all_day(lambda hour: sends(NOW, hour, 20) + failures(NOW, hour, 2, why))
    then = all_day(lambda hour: sends(THEN, hour, 20) + failures(THEN, hour, 2, why))
    assert ids(now, then) == []
    assert ids(now) == ["reason:number-without-sms"]


def test_one_person_who_tries_again_and_again_is_no_surge() -> None:
    why = "recipient country not allowed"
    day = all_day(lambda hour: sends(NOW, hour, 10))
    assert ids(day + failures(NOW, 7, 30, why, people=5)) == []
    assert ids(day + failures(NOW, 7, 30, why, people=30)) == ["reason:country-not-allowed"]


def test_another_senders_words_are_counted_and_not_shown() -> None:
    said = "Twilio 21614 for Taro Yamada +819012345678"
    found = judged(sends(NOW, 5, 20) + failures(NOW, 5, 30, said))
    assert "reason:unknown" in [one.id for one in found]
    assert "Taro" not in repr(found)


def test_auth0s_own_limit_is_a_reason_like_others() -> None:
    limited = list(entries(NOW, 5, 30, "limit_phone", {"delivery_method": "text"}))
    assert "reason:auth0-limit" in ids(sends(NOW, 5, 20) + limited)


def test_codes_that_nobody_enters_do_not_arrive() -> None:
    day = all_day(lambda hour: list(entries(NOW, hour, 10, "gd_send_voice")))
    assert ids(day) == ["completion:voice"]


def test_a_message_after_which_another_one_is_asked_for_has_not_arrived() -> None:
    first = sends(NOW, 5, 1)
    again = [
        one | {"date": later(one["date"], -60), "type": "gd_send_voice", "log_id": f"v{number}"}
        for number, one in enumerate(first)
        if one["type"] == "gd_send_sms"
    ]
    now, _ = figures(first + again)
    assert (now.total("judged", "voice"), now.total("arrived", "voice")) == (1, 0)
    assert (now.total("judged", "text"), now.total("arrived", "text")) == (1, 1)


def test_a_message_of_the_last_minutes_is_not_judged_yet() -> None:
    last = [
        one | {"date": datetime.fromtimestamp(NOW.end - 60, UTC).isoformat()}
        for one in entries(NOW, 23, 1, "gd_send_sms")
    ]
    now, _ = figures(last)
    assert (now.total("sent"), now.total("judged")) == (1, 0)


def test_nothing_sent_while_second_factors_start_is_silence() -> None:
    day = all_day(lambda hour: sends(NOW, hour, 10) if hour < 20 else [])
    started = [one for hour in range(20, 24) for one in entries(NOW, hour, 8, "gd_start_auth")]
    assert ids(day + started) == ["silence"]
    assert ids(day + started[:5]) == []
    assert ids(day + started, silentHours=5) == []


def test_nothing_sent_at_night_is_no_silence() -> None:
    assert ids(all_day(lambda hour: sends(NOW, hour, 10) if hour < 20 else [])) == []


@pytest.mark.parametrize(("logins", "found"), [(40, ["silence"]), (8, []), (None, [])])
def test_logins_without_a_message_are_silence_where_they_had_messages_before(
    logins: int | None, found: list[str]
) -> None:
    now, then = figures(
        all_day(lambda hour: sends(NOW, hour, 10) if hour < 20 else []),
        all_day(lambda hour: sends(THEN, hour, 10)),
    )
    quiet = [Silence(first=20, last=23, logins=logins, per_login=0.4)]
    assert [one.id for one in judge(now, then, LEVELS, quiet)] == found


def numbered(period: Period, first: int, count: int, kind: str = "gd_send_sms") -> list[Entry]:
    return [
        one | {"details": {"authenticator": {"phone_number": f"+8190123{first + number:05}"}}}
        for number, one in enumerate(entries(period, 4, count, kind))
    ]


def test_new_numbers_in_sequence_that_nobody_answers_are_pumping() -> None:
    row = numbered(NOW, 45_000, 12)
    assert "sequence" in ids(row)
    assert "sequence" not in ids(row, numbersInSequence=13)
    assert "sequence" not in ids(row, numbered(THEN, 45_000, 12)), "the company's own"
    passed = [
        one | {"date": later(one["date"], 30), "type": "gd_auth_succeed", "log_id": f"p{number}"}
        for number, one in enumerate(row)
    ]
    assert "sequence" not in ids(row + passed)


def test_many_messages_to_one_number_are_a_flood() -> None:
    to_one = [
        one | {"details": {"authenticator": {"phone_number": "+819012345678"}}}
        for one in entries(NOW, 4, 8, "gd_send_sms")
    ]
    assert "flood" in ids(to_one)
    assert "flood" not in ids(to_one[:7])
    hidden = [one | {"user_id": "auth0|one", "details": {}} for one in to_one]
    assert "flood" in ids(hidden), "of one user, where numbers are hidden"


def test_a_country_that_no_earlier_message_went_to_is_new() -> None:
    home = numbered(NOW, 100, 9)
    abroad = [
        one | {"log_id": f"a{number}", "details": {"to": f"+9477123456{number}"}, "type": "fn"}
        for number, one in enumerate(entries(NOW, 6, 6, "fn"))
    ]
    assert "country:+94" in ids(home + abroad, numbered(THEN, 100, 9))
    assert "country:+94" not in ids(home + abroad[:5], numbered(THEN, 100, 9))
    assert "country:+94" not in ids(home + abroad), "nobody knows what was before"


def test_what_cannot_be_judged_is_said() -> None:
    hidden = [
        one | {"details": {"authenticator": {"phone_number": "XXXXXXXXX5678"}}, "user_id": None}
        for one in entries(NOW, 4, 3, "gd_send_sms")
    ]
    said = " ".join(unjudged(*figures(hidden)))
    assert "hides the number of 3 of 3" in said
    assert "No earlier period" in said
    assert "3 of 3 messages name no user" in said


@pytest.mark.parametrize(
    "details",
    [{"notification_type": "email", "to": "a@example.com"}, {"to": "a@example.com"},
     {"authenticator": {"type": "push-notification"}}],
)  # fmt: skip
def test_what_is_no_phone_is_left_alone(details: Entry) -> None:
    kind = "fn" if "to" in details else "gd_auth_succeed"
    now, _ = figures(list(entries(NOW, 4, 9, kind, details)))
    assert (now.total("failed"), now.factor_total("passed")) == (0, 0)


def test_a_tail_is_no_chance_only_where_it_is_rare() -> None:
    assert is_below(0, 6, 0.9)
    assert not is_below(6, 10, 0.9)
    assert not is_below(90_500, 100_000, 0.9)
    assert is_below(89_000, 100_000, 0.9)
    assert is_above(40, 1000, 0.02)
    assert not is_above(25, 1000, 0.02)
    assert not is_above(0, 0, 0.02)
