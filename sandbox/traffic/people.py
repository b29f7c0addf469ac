"""The made-up users of a tenant: who has which number, and who prefers a call."""

import random
from dataclasses import dataclass
from typing import Final

_MOBILE: Final = ("90", "80", "70")
WITHOUT_SMS: Final = ("+8150", "+813", "+816")
_ABROAD: Final = ("+1415", "+4479", "+8210", "+8613", "+6590", "+3367")
_COMPANY_SHARE = 0.15
"""Users with a telephone of their company, whose numbers stand in a row."""

_APPLICATIONS: Final = (
    ("shop0000shop0000shop0000shop0000", "Shop"),
    ("bank0000bank0000bank0000bank0000", "My page"),
    ("staf0000staf0000staf0000staf0000", "Staff portal"),
)


@dataclass(frozen=True)
class Person:
    """One user."""

    user_id: str
    name: str
    number: str
    prefers: str
    """text or voice"""
    ip: str
    application: tuple[str, str]


def people(rng: random.Random, count: int) -> list[Person]:
    """So many users."""
    row = _mobile(rng)[:-3]
    found = []
    for index in range(count):
        if rng.random() < _COMPANY_SHARE:
            if index % 60 == 0:
                row = _mobile(rng)[:-3]
            number = f"{row}{rng.randrange(1000):03}"
        elif rng.random() < 0.004:
            number = f"{rng.choice(_ABROAD)}{rng.randrange(10**6):06}"
        elif rng.random() < 0.03:
            number = rng.choice(("+815012", "+81312", "+81661")) + f"{rng.randrange(10**6):06}"
        else:
            number = _mobile(rng)
        without_sms = number.startswith(WITHOUT_SMS)
        prefers = "voice" if without_sms or rng.random() < 0.15 else "text"
        found.append(person(rng, f"u{index:06}", number, prefers))
    return found


def person(rng: random.Random, name: str, number: str, prefers: str) -> Person:
    """One user with this number."""
    return Person(
        user_id=f"auth0|{rng.getrandbits(96):024x}",
        name=f"{name}@example.com",
        number=number,
        prefers=prefers,
        # For documentation: nobody's address.
        ip=f"198.51.100.{rng.randrange(1, 255)}",
        application=rng.choices(_APPLICATIONS, (6, 3, 1))[0],
    )


def _mobile(rng: random.Random) -> str:
    return f"+81{rng.choice(_MOBILE)}{rng.randrange(1, 10)}{rng.randrange(10**7):07}"
