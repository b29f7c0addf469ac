"""A phone number as a person in Japan types it, by libphonenumber's data."""

import phonenumbers

from sandbox.login.refusals import LoginRefusedError

_REGION = "JP"
_LONGEST = 40
_EXAMPLES = "090-1234-5678 or +819012345678"


def e164(text: str) -> str:
    """The number in E.164, from that or from Japanese national notation as people write it.

    Raises LoginRefusedError: no number, or one of an impossible length.
    """
    if not text.strip():
        why = f"Enter a phone number, for example {_EXAMPLES}."
        raise LoginRefusedError("number", why)
    try:
        number = phonenumbers.parse(text[:_LONGEST], _REGION)
    except phonenumbers.NumberParseException as error:
        why = f"This is not a phone number. Write it like {_EXAMPLES}."
        raise LoginRefusedError("number", why) from error
    if number.extension or not phonenumbers.is_possible_number(number):
        why = f"No phone number of its country has this length. Write it like {_EXAMPLES}."
        raise LoginRefusedError("number", why)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national(number: str) -> str:
    """An E.164 number for people: a Japanese one as it is dialled there, others with `+`."""
    try:
        read = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    japanese = phonenumbers.region_code_for_country_code(read.country_code or 0) == _REGION
    wanted = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(read, wanted.NATIONAL if japanese else wanted.INTERNATIONAL)
