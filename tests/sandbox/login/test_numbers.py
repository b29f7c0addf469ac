"""Numbers as people in Japan type them."""

import pytest

from sandbox.login.numbers import e164, national
from sandbox.login.refusals import LoginRefusedError

JAPANESE = (
    *("+819012345678", "090-1234-5678", "09012345678", "０９０－１２３４－５６７８"),
    *(" (090) 1234 5678 ", "+81 90-1234-5678", "+81(0)9012345678"),
)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        *((one, "+819012345678") for one in JAPANESE),
        ("+1 (808) 555-0123", "+18085550123"),
    ],
)
def test_a_number_is_read_however_it_is_written(typed: str, number: str) -> None:
    assert e164(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "x", "12", "090-123", "0" * 300, "+999 1234567", "+81", "090-1234-5678 x9"],
)
def test_what_is_no_number_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(LoginRefusedError, match="090-1234-5678") as refused:
        e164(typed)
    assert refused.value.kind == "number"


def test_people_see_a_number_as_they_dial_it() -> None:
    assert national("+819012345678") == "090-1234-5678"
    assert national("+18085550123") == "+1 808-555-0123"
    assert national("whatever") == "whatever"
