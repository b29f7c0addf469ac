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
from components.tenant.guardian import in_force
from components.tenant.model import known
from components.tenant.tenant_settings import TenantSettings
from components.vocabulary import DeliveryMethod
from phonemfa.doctor.findings import Finding, Subject, about, note, ok, warning
from phonemfa.doctor.reading import Reading

JAPAN: Final = "+81"
_SHARED_CODE: Final = "0005"
_SUBSCRIBER: Final = re.compile(r"\+81[1-9][0-9]{8,9}\Z")
"""Nine digits, or ten of a mobile, IP or toll-free number, without the trunk zero (§4.1)."""


@about(Subject.TEXTS)
def text_checks(reading: Reading) -> Iterator[Finding]:
    """Sizes of the stack's SMS with the tenant's name, and what carriers may do with them."""
    stack, tenant = reading.stack, reading.tenant.settings
    if stack.adopted or DeliveryMethod.TEXT not in stack.delivery_methods:
        return
    name = str(SAMPLE["friendly_name"])  # A long one, as a preview has it.
    if isinstance(tenant, TenantSettings):
        # A tenant without a name of its own puts the one of its domain into texts.
        name = tenant.friendly_name or reading.domain.partition(".")[0]
    # A tenant without a custom domain, or one that does not show it: a long one.
    domain = known(reading.custom_domain, "")
    values = sample_of(in_force(stack, reading.tenant.guardian), name, domain)
    texts = stack.declared_texts
    doubts = list(text_warnings(texts, stack.origin_bound_code, values))
    for doubt in doubts:
        yield warning(doubt.rstrip("."), fix="shorten the text, or the tenant's friendly name")
    if not doubts:
        sizes = sms_sizes(texts, stack.origin_bound_code, values).values()
        longest = max(sizes, key=lambda size: size.units)
        names = f"{name} and {domain}" if domain else name
        yield ok(f"with the name {names} the longest SMS has {longest}")


@about(Subject.SENDERS)
def sender_checks(reading: Reading) -> Iterator[Finding]:
    """Doubts about the stack's senders; that they are registered cannot be asked."""
    doubts, stack = list(_doubts(reading.stack)), reading.stack
    yield from doubts
    if stack.machine_detection and DeliveryMethod.VOICE in stack.delivery_methods:
        yield note(
            "machineDetection is on; whether the account has it, only a call tells. Without "
            'it the CPaaS refuses the call (id 83, nothing is sent), and the Action logs "CPaaS '
            'account has no machine detection: called without it" and calls once more without',
            fix="where that line appears: order machine detection from NTT CPaaS, or "
            "pulumi config set phonemfa:machineDetection false",
        )
    yield note(
        ("the form is good; " if not doubts else "")
        + "whether the account may use them, only a message tells: an unregistered one is "
        "answered 200 with REJECTED_SOURCE",
        fix="ask your NTT CPaaS account manager, and send yourself a message after pulumi up: "
        "python -m phonemfa smoke",
    )


def _doubts(stack: StackSettings) -> Iterator[Finding]:
    prefixes, methods = stack.allowed_prefixes, stack.delivery_methods
    abroad = [one for one in prefixes if not one.startswith(JAPAN)]
    if (sender := stack.sms_sender) and DeliveryMethod.TEXT in methods:
        if len(abroad) < len(prefixes) and not sender.lstrip("+").isdecimal():
            yield warning(
                f"smsSender {sender} has letters: to Japanese phones it takes the international "
                "route, which users can block and anybody can imitate",
                "ask for a numeric sender on the domestic routes",
            )
        if abroad and sender.startswith(_SHARED_CODE):
            yield warning(
                "smsSender is one of the codes that Japan's carriers share, and allowedPrefixes "
                f"has {', '.join(abroad)} too: other countries' carriers do not know it",
                "a stack of its own for other countries, or +81 alone",
            )
    if (sender := stack.voice_sender) and DeliveryMethod.VOICE in methods:
        if sender.startswith(JAPAN) and not _SUBSCRIBER.match(sender):
            yield warning(
                "voiceSender has another length than any Japanese number: 9 or 10 digits behind "
                "+81",
                "compare it with the number of the account",
            )
        elif not sender.startswith(JAPAN) and prefixes == (JAPAN,):
            yield warning(
                "voiceSender is a number of another country, and the stack calls Japan alone: "
                "users see a call from abroad",
                "ask for a Japanese number",
            )
