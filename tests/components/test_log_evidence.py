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


@pytest.mark.parametrize(
    ("entry", "method", "of_it"),
    [
        # Every digit that a masked number shows agrees, and it shows enough of them.
        *((sent(one), TEXT, True) for one in (TO, "XXXXXXXXX5678", "*********5678")),
        (sent("+81 90 1234 5678"), TEXT, True),
        *((sent(one), TEXT, False) for one in ("+819087654321", "XXXXXXXXX4321", "+8180XXXX5678")),
        *((sent(one), TEXT, False) for one in ("XXXXXXXXXXX78", "XXXXXXXXXXXXX", "", None)),
        # The other channel's entry is about another message.
        (sent(TO), VOICE, False),
        (failed(TO, notification_type="voice"), TEXT, False),
        (sent(TO, event="gd_send_voice"), VOICE, True),
    ],
)
def test_an_entry_is_evidence_where_number_and_channel_are_those_of_the_message(
    entry: dict[str, Any], method: DeliveryMethod, of_it: bool
) -> None:
    found = find([entry], to=TO, method=method)
    told = found and (found.sent, found.event, found.log_id)
    assert told == ((True, entry["type"], "900") if of_it else None)


def test_the_newest_entry_decides_as_a_repeat_may_have_come_through() -> None:
    entries = [sent(TO), failed(TO, notification_type="sms", error="no credit")]
    newest = [find(one, to=TO, method=TEXT) for one in (entries, entries[::-1])]
    assert [one and one.sent for one in newest] == [True, False]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (failed(TO, error=f"cannot reach {TO}"), "cannot reach ****"),
        (failed(TO, error={"message": "code 493021 refused"}), "code **** refused"),
        (failed(TO, error={"errorCode": "drop"}), "drop"),
        (failed(TO), "the log gives no reason"),
        (
            sent(TO, event="gd_send_sms_failure", provider_error={"message": "no credit"}),
            "no credit",
        ),
    ],
)
def test_a_failures_reason_is_told_without_numbers_and_codes(
    entry: dict[str, Any], reason: str
) -> None:
    found = find([entry], to=TO, method=TEXT)
    assert found is not None
    assert (found.sent, found.reason) == (False, reason)


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
