"""What an entry says: language, size, pauses, and what nobody would see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from sandbox.inbox import Entry, Message
from sandbox.pages.wording import Shown, clock, key_of

AT = "2026-01-31T09:00:00.000001Z"


def shown(text: str, channel: str = "sms", **more: Any) -> Shown:
    fields = {"channel": channel, "to": "+819012345678", "sender": "S", "message_id": "m", **more}
    message = Message(text=text, received_at=AT, **fields)
    return Shown(Entry(AT, 1, message, None))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("123456 is your code", ["1 part", "GSM-7", "19 characters"]),
        ("認証コード 123456", ["1 part", "UCS-2", "12 UTF-16 units"]),
        ("あ" * 71, ["2 parts", "UCS-2", "71 UTF-16 units"]),
    ],
)
def test_an_sms_says_how_long_it_is(text: str, facts: list[str]) -> None:
    assert shown(text).facts == facts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("123456 is your みらい銀行 verification code", "en"),
        ("みらい銀行の認証コードは ABC 123456", "ja"),
        ("認証番号", "ja"),
        ("123456", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_that_of_most_letters(text: str, language: str) -> None:
    assert shown(text).language == language


def test_a_call_has_the_language_of_its_voice() -> None:
    call = shown("みらい銀行", "voice", language="en", gender="female", raw={"pause": 1})
    assert call.language == "en"
    assert call.facts == ["English", "female voice", "1 s of silence first"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("code, is 1, 2.", [("code,", 1), ("is 1,", 1), ("2.", 0)]),
        ("is , , 1", [("is , ,", 2), ("1", 0)]),
        ("認証、コード。", [("認証、コード。", 0)]),
        ("1,", [("1,", 1)]),
        ("", []),
    ],
)
def test_a_comma_is_half_a_second_and_no_other_mark_is(
    text: str, pieces: list[tuple[str, int]]
) -> None:
    assert shown(text, "voice").transcript == pieces


def test_what_cannot_be_seen_or_shown_by_carriers_is_told() -> None:
    assert shown("普通の文です。").warnings == []
    assert shown("a\u202eb\u200b").warnings == [
        "Invisible characters that change what is seen: U+202E, U+200B"
    ]
    assert shown("絵文字😀").warnings == ["Japanese carriers may garble: 😀"]
    assert shown("絵文字😀", "voice").warnings == []


def test_an_id_of_an_element_is_made_of_letters_and_digits_only() -> None:
    assert key_of("d", "\"><script> x='1'") == "d-scriptx1"


def test_a_time_of_another_day_has_its_date() -> None:
    assert clock("2020-01-31T09:00:00Z").startswith("2020-01-31 ")
    assert len(clock(datetime.now().astimezone().isoformat())) == len("09:00:00")
