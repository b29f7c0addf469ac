"""How long a stack's SMS are, whether they say the truth, and who they seem to come from.

What Japan's networks do with a sender that is well-formed are doubts (cpaas-and-actions.md §4.1,
§4.2); rules that must hold are in `components.settings.values`. Nobody is asked: who a number
belongs to, only the CPaaS knows.
"""

import re
from collections.abc import Iterator
from typing import Final

from components.settings.message_size import SAMPLE
from components.settings.model import StackSettings, sample_of
from components.settings.text_rules import sms_sizes, text_warnings
from components.tenant.custom_domain import VARIABLE
from components.tenant.guardian import in_force
from components.tenant.model import known
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import DeliveryMethod
from phonemfa.doctor.findings import Finding, Subject
from phonemfa.doctor.reading import Reading

JAPAN: Final = "+81"
_SHARED_CODE: Final = "0005"
_SUBSCRIBER: Final = re.compile(r"\+81[1-9][0-9]{8,9}\Z")
"""Nine digits, or ten of a mobile, IP or toll-free number, without the trunk zero (§4.1)."""


def names_domain(settings: StackSettings) -> bool:
    """Whether a text of the stack has the tenant's custom domain in it."""
    texts = settings.declared_texts.values()
    return any(VARIABLE in (one.text or "") for one in texts) and not settings.adopted


def text_checks(reading: Reading, settings: StackSettings) -> Iterator[Finding]:
    """Sizes of the stack's SMS with the tenant's name, and what carriers may do with them."""
    if settings.adopted or DeliveryMethod.TEXT not in settings.delivery_methods:
        return
    if isinstance(reading.tenant.settings, TenantSettings):
        # A tenant without a name of its own puts the one of its domain into texts.
        name = reading.tenant.settings.friendly_name or reading.domain.partition(".")[0]
    else:
        name = str(SAMPLE["friendly_name"])  # A long one, as a preview has it.
    # A tenant without a custom domain, or one that does not show it: a long one.
    domain = known(reading.custom_domain, "")
    values = sample_of(in_force(settings, reading.tenant.guardian), name, domain)
    texts = settings.declared_texts
    doubts = list(text_warnings(texts, settings.origin_bound_code, values))
    for doubt in doubts:
        yield Subject.TEXTS.warning(
            doubt.rstrip("."), fix="shorten the text, or the tenant's friendly name"
        )
    if not doubts:
        sizes = sms_sizes(texts, settings.origin_bound_code, values).values()
        longest = max(sizes, key=lambda size: size.units)
        names = f"{name} and {domain}" if domain else name
        yield Subject.TEXTS.ok(f"with the name {names} the longest SMS has {longest}")


def sender_checks(settings: StackSettings) -> Iterator[Finding]:
    """Doubts about the stack's senders; that they are registered cannot be asked."""
    doubts = [*_text(settings), *_voice(settings)]
    yield from doubts
    if settings.machine_detection and DeliveryMethod.VOICE in settings.delivery_methods:
        yield Subject.SENDERS.note(
            "machineDetection is on; whether the account has it, only a call tells. Without "
            'it the CPaaS refuses the call (id 83, nothing is sent), and the Action logs "CPaaS '
            'account has no machine detection: called without it" and calls once more without',
            fix="where that line appears: order machine detection from NTT CPaaS, or "
            "pulumi config set phonemfa:machineDetection false",
        )
    yield Subject.SENDERS.note(
        ("the form is good; " if not doubts else "")
        + "whether the account may use them, only a message tells: an unregistered one is "
        "answered 200 with REJECTED_SOURCE",
        fix="ask your NTT CPaaS account manager, and send yourself a message after pulumi up: "
        "python -m phonemfa smoke",
    )


def _text(settings: StackSettings) -> Iterator[Finding]:
    sender = settings.sms_sender
    if sender is None or DeliveryMethod.TEXT not in settings.delivery_methods:
        return
    in_japan = any(one.startswith(JAPAN) for one in settings.allowed_prefixes)
    abroad = [one for one in settings.allowed_prefixes if not one.startswith(JAPAN)]
    if in_japan and not sender.lstrip("+").isdecimal():
        yield Subject.SENDERS.warning(
            f"smsSender {sender} has letters: to Japanese phones it takes the international route, "
            "which users can block and anybody can imitate",
            "ask for a numeric sender on the domestic routes",
        )
    if abroad and sender.startswith(_SHARED_CODE):
        yield Subject.SENDERS.warning(
            f"smsSender is one of the codes that Japan's carriers share, and allowedPrefixes has "
            f"{', '.join(abroad)} too: other countries' carriers do not know it",
            "a stack of its own for other countries, or +81 alone",
        )


def _voice(settings: StackSettings) -> Iterator[Finding]:
    sender = settings.voice_sender
    if sender is None or DeliveryMethod.VOICE not in settings.delivery_methods:
        return
    if sender.startswith(JAPAN) and not _SUBSCRIBER.match(sender):
        yield Subject.SENDERS.warning(
            "voiceSender has another length than any Japanese number: 9 or 10 digits behind +81",
            "compare it with the number of the account",
        )
    elif not sender.startswith(JAPAN) and settings.allowed_prefixes == (JAPAN,):
        yield Subject.SENDERS.warning(
            "voiceSender is a number of another country, and the stack calls Japan alone: users "
            "see a call from abroad",
            "ask for a Japanese number",
        )
