"""What looks like a one-time code in a text, and what does not."""

from __future__ import annotations

import pytest

from sandbox.inbox import Message
from sandbox.inbox.inbox import Inbox, codes_in


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("認証コードは 601416 です。5分以内に入力してください。", ["601416"]),
        ("認証コードは601416です", ["601416"]),
        ("601416 is your code", ["601416"]),
        (
            "認証コードは、4, 2, 3, 6, 3, 1、です。繰り返します。4, 2, 3, 6, 3, 1、です。",
            ["423631"],
        ),
        ("Your code is: 1. 2. 3. 4. 5. 6.", ["123456"]),
        ("お問い合わせは 0120-123-456、+81312345678、03-123456", []),
        ("口座 1234567、暗証 12345", []),
        ("4, 2, 3, 6, 3, 1, 9", []),
        ("古い 111111 ではなく 222222、つまり 222222", ["111111", "222222"]),
        ("", []),
    ],
)
def test_six_digits_that_stand_for_themselves_are_a_code(text: str, codes: list[str]) -> None:
    assert codes_in(text) == codes


@pytest.mark.parametrize("digits", range(4, 11))
def test_codes_have_as_many_digits_as_the_tenant_says(digits: int) -> None:
    code, longer = "9876543210"[:digits], "98765432101"[: digits + 1]
    for text in (f"認証コードは{code}です", ", ".join(code), ". ".join(code) + "."):
        assert codes_in(text, digits) == [code]
    for text in (f"認証コードは{longer}です", ", ".join(longer), f"03-{code}"):
        assert codes_in(text, digits) == []


def test_a_message_is_read_by_the_length_that_codes_had_when_it_came() -> None:
    digits = [8]
    inbox = Inbox(code_length=lambda: digits[0])
    inbox.add(Message("sms", "+819012345678", "A", "コード 12345678", "1"))
    digits[0] = 4
    inbox.add(Message("sms", "+819012345678", "A", "コード 1234", "2"))
    assert [one.codes for one in inbox.messages()] == [["12345678"], ["1234"]]
    inbox.close()
