"""How long the stack's SMS are with the name that the tenant has."""

from __future__ import annotations

from collections.abc import Iterator

from components.settings.message_size import SAMPLE, sample
from components.settings.model import StackSettings
from components.settings.text_rules import sms_sizes, text_warnings
from components.vocabulary import DeliveryMethod
from phonemfa.doctor.answers import Reading, Refused
from phonemfa.doctor.findings import Finding, Level, Subject


def text_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """Sizes of the stack's SMS, and what carriers may do with them."""
    if settings.adopted or DeliveryMethod.TEXT not in settings.delivery_methods:
        return
    if isinstance(reading.settings, Refused):
        name = str(SAMPLE["friendly_name"])  # A long one, as a preview has it.
    else:
        # A tenant without a name of its own puts the one of its domain into texts.
        name = str(reading.settings.get("friendly_name") or reading.domain.partition(".")[0])
    texts, values = settings.declared_texts, sample(settings.code_length, name)
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
