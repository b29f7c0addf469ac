"""Countries and expensive ranges, against Google's library of the world's numbering plans."""

import random
import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberType

from components.settings.number_ranges import COUNTRY, NO_TRUNK_ZERO, in_refused_range
from tests.components.conftest import in_node

SEED: Final = 20261129
NUMBERS: Final = 10_000
MANY_NUMBERS: Final = 100_000
"""The same numbers and ten times as many: half a minute of the library's work."""
EXPENSIVE: Final = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
}
REACHABLE: Final = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
}
NO_COUNTRY: Final = ("001",)


def numbers(count: int) -> Iterator[tuple[str, int]]:
    """Numbers that exist (some country's, of any kind) and what the library says that they are.

    Half are examples of the library with their last digits changed, half are digits that were
    drawn; what exists in no plan is left out.
    """
    drawn = random.Random(SEED)  # noqa: S311 - a test's numbers
    codes = list(COUNTRY_CODE_TO_REGION_CODE)
    kinds = sorted(EXPENSIVE | REACHABLE)
    found = 0
    while found < count:
        code = drawn.choice(codes)
        region = drawn.choice(COUNTRY_CODE_TO_REGION_CODE[code])
        national = _example(region, code, drawn.choice(kinds)) if drawn.random() < 0.5 else ""
        if national:
            kept = len(national) - drawn.randint(1, 6)
            national = national[: max(kept, 2)] + _digits(drawn, len(national) - max(kept, 2))
        else:
            national = _digits(drawn, drawn.randint(6, 12))
        number = phonenumbers.PhoneNumber(
            country_code=code,
            national_number=int(national),
            italian_leading_zero=national.startswith("0") or None,
            number_of_leading_zeros=len(national) - len(national.lstrip("0")) or None,
        )
        kind = phonenumbers.number_type(number)
        nowhere = COUNTRY_CODE_TO_REGION_CODE[code] == NO_COUNTRY
        if nowhere or kind in EXPENSIVE | REACHABLE:
            found += 1
            yield f"+{code}{national}", PhoneNumberType.PREMIUM_RATE if nowhere else kind


def _example(region: str, code: int, kind: int) -> str:
    if region in NO_COUNTRY:
        return ""
    example = phonenumbers.example_number_for_type(region, kind)
    return phonenumbers.national_significant_number(example) if example else ""


def _digits(drawn: random.Random, count: int) -> str:
    return "".join(drawn.choice("0123456789") for _ in range(count))


@pytest.fixture(
    scope="module", params=[NUMBERS, pytest.param(MANY_NUMBERS, marks=pytest.mark.thorough)]
)
def plan(request: pytest.FixtureRequest) -> list[tuple[str, int]]:
    return list(numbers(request.param))


def _wrong(plan: list[tuple[str, int]], refused: list[bool]) -> list[tuple[str, int]]:
    return [
        one for one, refuses in zip(plan, refused, strict=True) if refuses != (one[1] in EXPENSIVE)
    ]


def test_the_table_agrees_with_the_library(plan: list[tuple[str, int]]) -> None:
    assert {kind for _, kind in plan} >= EXPENSIVE | REACHABLE
    assert _wrong(plan, [in_refused_range(number) for number, _ in plan]) == []


def test_the_action_refuses_the_same_numbers(plan: list[tuple[str, int]]) -> None:
    # Japan has stricter rules of its own; what is not E.164 is refused before.
    abroad = [one for one in plan if not one[0].startswith("+81") and 9 <= len(one[0]) <= 16]
    refusal = "try { own(one, 'voice', ['+']); } catch (error) { return error.message; } return '';"
    numbers = [number for number, _ in abroad]
    reasons = in_node("readRecipient", f"data.map((one) => {{ {refusal} }})", numbers)
    premium = "recipient is in a premium, shared-cost, personal or satellite range"
    assert set(reasons) == {"", premium}
    assert _wrong(abroad, [bool(reason) for reason in reasons]) == []


def test_a_country_is_what_the_library_knows_as_one() -> None:
    assigned = {
        str(code) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions != NO_COUNTRY
    }
    assert {str(code) for code in range(1, 1000) if re.fullmatch(COUNTRY, str(code))} == assigned


def test_a_trunk_zero_is_told_from_a_number_that_begins_with_zero(
    plan: list[tuple[str, int]],
) -> None:
    no_trunk_zero = re.compile(rf"\+{NO_TRUNK_ZERO}[0-9]+")
    for number, kind in plan:
        if kind in REACHABLE:
            assert no_trunk_zero.fullmatch(number), number
    keeping = ("+39", "+225", "+226", "+229", "+241", "+242", "+250", "+378", "+992")
    for code in COUNTRY_CODE_TO_REGION_CODE:
        if COUNTRY_CODE_TO_REGION_CODE[code] != NO_COUNTRY:
            number = f"+{code}012345678"
            assert bool(no_trunk_zero.fullmatch(number)) == number.startswith(keeping), number
