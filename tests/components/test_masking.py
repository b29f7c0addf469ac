"""No output shows a whole number, a code or a key."""

import re
from collections.abc import Callable

import pytest

from components.masking import masked, redacted, redacted_code


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+819012345678", "+8190****5678"),
        ("+15005550006", "+1500****0006"),
        ("+4712345678", "+47****78"),
        ("+81901234", "+81****34"),
    ],
)
def test_enough_of_a_number_is_shown_to_know_ones_own_and_never_all(
    number: str, shown: str
) -> None:
    assert masked(number) == shown


@pytest.mark.parametrize(
    ("hides", "text"),
    [
        *((redacted, one) for one in ("to +819012345678", "to 81 90-1234-5678", "code 493021")),
        *((redacted, one) for one in ("code 1234.", "key 0a1b2c3d9s0x7Q2mmZpLw4t")),
        *((redacted_code, one) for one in ("'+819012345678'", "tel:819012345678;")),
        *((redacted_code, one) for one in ("+81 90-1234-5678", "App 0a1b2c3d")),
        (redacted_code, "key = '0a1b2c3d4e5f60718293a4b5c6d7e8f9-1a2b3c4d'"),
        (redacted_code, "Bearer eyJhbGciOiJIUzI1NiJ9abcdefghijk"),
        (redacted_code, "postgres://pulumi:eyJhbG@db.example.jp/state"),
        (redacted_code, "pulumi-resource-auth0-0a1b2c3d4e5f6071"),
    ],
)
def test_numbers_codes_and_what_may_be_a_key_are_hidden(
    hides: Callable[[str], str], text: str
) -> None:
    shown = hides(text)
    assert "****" in shown
    assert not re.search("[0-9]{4}|1234-5678|0a1b|mmZp|eyJh", shown)


def test_what_an_operator_needs_stays() -> None:
    text = "CPaaS refused the request: HTTP 401 E401; REJECTED NOT_ENOUGH_CREDITS"
    assert redacted(text) == text
    missing = "no resource plugin 'pulumi-resource-auth0' found"
    assert redacted_code(redacted(missing)) == missing
    assert redacted("says opensesame", ["opensesame"]) == "says ****"


@pytest.mark.parametrize(
    "text",
    [
        "const LONGEST_WAIT_IN_SECONDS = 86400000;",
        "exports.onExecuteCustomPhoneProvider = async (event, api) => {",
        "2026-01-01",
        "ALLOWED_PREFIXES, CPAAS_BASE_URL",
    ],
)
def test_ordinary_code_stays_readable(text: str) -> None:
    assert redacted_code(text) == text
