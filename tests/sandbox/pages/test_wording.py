"""What an entry says: language, size, pauses, and what nobody would see."""

from datetime import datetime
from typing import Any

import pytest

from sandbox.inbox.inbox import Message
from sandbox.inbox.timeline import Entry
from sandbox.pages.wording import Shown, clock, key_of

AT = "2026-01-31T09:00:00.000001Z"


def shown(text: str, **more: Any) -> Shown:
    fields = {"channel": "sms", "to": "+819012345678", "sender": "S", "message_id": "m", **more}
    message = Message(text=text, received_at=AT, **fields)
    return Shown(Entry(AT, 1, message, None))


CALL = {"channel": "voice", "language": "en", "gender": "female", "raw": {"pause": 1}}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (shown("123456 is your code"), {"facts": ["1 part", "GSM-7", "19 characters"]}),
        (shown("認証コード 123456"), {"facts": ["1 part", "UCS-2", "12 UTF-16 units"]}),
        (shown("あ" * 71), {"facts": ["2 parts", "UCS-2", "71 UTF-16 units"]}),
        (shown("a", **CALL), {"facts": ["English", "female voice", "1 s of silence first"]}),
        # The language is that of most letters, of a call that of its voice.
        (shown("123456 is your みらい銀行 verification code"), {"language": "en"}),
        (shown("みらい銀行の認証コードは ABC 123456"), {"language": "ja"}),
        (shown("認証番号"), {"language": "ja"}),
        (shown("123456"), {"language": "en"}),
        (shown(""), {"language": "en"}),
        (shown("みらい銀行", **CALL), {"language": "en"}),
        # A comma is half a second, and no other mark is.
        (shown("a, is 1, 2.", **CALL), {"transcript": [("a,", 1), ("is 1,", 1), ("2.", 0)]}),
        (shown("is , , 1", **CALL), {"transcript": [("is , ,", 2), ("1", 0)]}),
        (shown("認証、コード。", **CALL), {"transcript": [("認証、コード。", 0)]}),
        (shown("1,", **CALL), {"transcript": [("1,", 1)]}),
        (shown("", **CALL), {"transcript": []}),
        (shown("普通の文です。"), {"warnings": []}),
        (
            shown("a\u202eb\u200b"),
            {"warnings": ["Invisible characters that change what is seen: U+202E, U+200B"]},
        ),
        (shown("絵文字😀"), {"warnings": ["Japanese carriers may garble: 😀"]}),
        (shown("絵文字\n👩\u200d👧", **CALL), {"warnings": []}),
    ],
)
def test_what_there_is_to_know_of_a_text(entry: Shown, told: dict[str, Any]) -> None:
    assert {name: getattr(entry, name) for name in told} == told


def test_an_id_of_an_element_is_made_of_letters_and_digits_only() -> None:
    assert key_of("d", "\"><script> x='1'") == "d-scriptx1"


def test_a_time_of_another_day_has_its_date() -> None:
    assert clock("2020-01-31T09:00:00Z").startswith("2020-01-31 ")
    # Of two looks in a row midnight is between one alone.
    told = [clock(datetime.now().astimezone().isoformat()) for _ in range(2)]
    assert min(map(len, told)) == len("09:00:00")
