"""How long the SMS are with the name that the tenant has, and whether they say the truth."""

from __future__ import annotations

from collections.abc import Iterator

from components.settings.message_size import SAMPLE, sample
from components.settings.model import StackSettings
from components.settings.text_rules import sms_sizes, text_warnings
from components.settings.values import duration
from components.settings.words import in_words
from components.vocabulary import DeliveryMethod
from phonemfa.doctor.answers import Json, Reading, Refused
from phonemfa.doctor.findings import Finding, Level, Subject
from phonemfa.doctor.reading import PHONE_SETTINGS


def text_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """Sizes of the stack's SMS, and what carriers may do with them."""
    if settings.adopted or DeliveryMethod.TEXT not in settings.delivery_methods:
        return
    if isinstance(reading.settings, Refused):
        name = str(SAMPLE["friendly_name"])  # A long one, as a preview has it.
    else:
        # A tenant without a name of its own puts the one of its domain into texts.
        name = str(reading.settings.get("friendly_name") or reading.domain.partition(".")[0])
    there = _codes(reading)
    length = settings.code_length if settings.one_time_code else there.get("otp_length")
    yield from _lifetime(there, settings)
    texts, values = settings.declared_texts, sample(length or settings.code_length, name)
    doubts = list(text_warnings(texts, settings.origin_bound_code, values))
    for doubt in doubts:
        yield Finding(
            level=Level.WARNING,
            subject=Subject.TEXTS,
            what=doubt.rstrip("."),
            fix="shorten the text, or the tenant's friendly name",
        )
    if not doubts:
        sizes = sms_sizes(texts, settings.origin_bound_code, values).values()
        longest = max(sizes, key=lambda size: size.units)
        yield Finding(
            level=Level.OK,
            subject=Subject.TEXTS,
            what=f"with the name {name} the longest SMS has {longest}",
        )


def _codes(reading: Reading) -> Json:
    """Length and lifetime of the tenant's codes; empty where it does not show them."""
    shown = {} if isinstance(reading.mfa_settings, Refused) else reading.mfa_settings
    codes = shown.get(PHONE_SETTINGS, {})
    return {} if isinstance(codes, Refused) else codes


def _lifetime(there: Json, settings: StackSettings) -> Iterator[Finding]:
    lives = there.get("otp_expiration_time", settings.code_lifetime)
    if settings.one_time_code or lives == settings.code_lifetime:
        return
    said, true = (in_words(duration(one)) for one in (settings.code_lifetime, lives))
    yield Finding(
        level=Level.WARNING,
        subject=Subject.TEXTS,
        what=f"the shipped texts say that a code is valid for {said}, and in this tenant it is for "
        f"{true}",
        fix=f"pulumi config set --path 'phonemfa:oneTimeCode.lifetime' {duration(lives)}, with "
        f"oneTimeCode.length {there.get('otp_length', settings.code_length)}",
    )
