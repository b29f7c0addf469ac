"""An entry of the log is evidence only for the message that it is about."""

from __future__ import annotations

from typing import Any

import pytest

from components.guards.log_evidence import find, news, search
from components.vocabulary import DeliveryMethod

TO = "+819012345678"
TEXT, VOICE = DeliveryMethod.TEXT, DeliveryMethod.VOICE


def sent(number: str | None, *, event: str = "gd_send_sms", **details: Any) -> dict[str, Any]:
    authenticator = {"type": "sms", **({"phone_number": number} if number else {})}
    return {
        "type": event,
        "log_id": "900",
        "date": "2026-11-23T00:00:00.000Z",
        "details": {"authenticator": authenticator, **details},
    }


def failed(number: str, **details: Any) -> dict[str, Any]:
    return {"type": "fn", "log_id": "901", "date": "…", "details": {"to": number, **details}}


@pytest.mark.parametrize("shown", [TO, "XXXXXXXXX5678", "*********5678", "+81 90 1234 5678"])
def test_a_masked_number_is_ours_if_every_digit_that_it_shows_agrees(shown: str) -> None:
    found = find([sent(shown)], to=TO, method=TEXT)
    assert found is not None
    assert (found.sent, found.event, found.log_id) == (True, "gd_send_sms", "900")


@pytest.mark.parametrize(
    "shown",
    ["+819087654321", "XXXXXXXXX4321", "+8180XXXX5678", "XXXXXXXXXXX78", "XXXXXXXXXXXXX", "", None],
)
def test_another_number_and_one_that_shows_too_little_are_no_evidence(shown: str | None) -> None:
    assert find([sent(shown)], to=TO, method=TEXT) is None


def test_the_other_channels_entries_are_no_evidence() -> None:
    assert find([sent(TO)], to=TO, method=VOICE) is None
    assert find([failed(TO, notification_type="voice")], to=TO, method=TEXT) is None
    assert find([sent(TO, event="gd_send_voice")], to=TO, method=VOICE) is not None


def test_the_newest_entry_decides_as_a_repeat_may_have_come_through() -> None:
    entries = [sent(TO), failed(TO, notification_type="sms", error="no credit")]
    assert find(entries, to=TO, method=TEXT).sent  # type: ignore[union-attr]
    assert not find(entries[::-1], to=TO, method=TEXT).sent  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"error": f"cannot reach {TO}"}, "cannot reach ****"),
        ({"error": {"message": "code 493021 refused"}}, "code **** refused"),
        ({"error": {"errorCode": "drop"}}, "drop"),
        ({}, "the log gives no reason"),
    ],
)
def test_a_failures_reason_is_told_without_numbers_and_codes(
    details: dict[str, Any], reason: str
) -> None:
    found = find([failed(TO, **details)], to=TO, method=TEXT)
    assert found is not None
    assert (found.sent, found.reason) == (False, reason)


def test_a_factors_failure_event_is_one_whatever_it_calls_its_reason() -> None:
    entry = sent(TO, event="gd_send_sms_failure", provider_error={"message": "no credit"})
    found = find([entry], to=TO, method=TEXT)
    assert found is not None
    assert (found.sent, found.reason) == (False, "no credit")


def test_the_search_asks_for_one_channel_and_for_failures() -> None:
    asked = [search(one)["request_options"]["additional_query_parameters"] for one in (TEXT, VOICE)]
    assert asked[0] == {"q": "type:gd_send_sms OR type:gd_send_sms_failure OR type:fn"}
    assert "gd_send_voice" in asked[1]["q"]


def test_only_what_the_log_shows_of_a_time_after_the_send_is_news() -> None:
    def entry(log_id: str, date: str) -> dict[str, Any]:
        return {"log_id": log_id, "date": date}

    before = [entry("2", "2026-11-23T00:00:02Z"), entry("1", "2026-11-23T00:00:01Z")]
    late, new = entry("0", "2026-11-23T00:00:00Z"), entry("3", "2026-11-23T00:00:02Z")
    assert news([new, late, *before], before=before) == [new]
    assert news([late], before=[]) == [late], "an empty log says nothing of the time"
