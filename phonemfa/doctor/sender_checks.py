"""What Japan's networks do with a sender that is well-formed.

These are doubts (cpaas-and-actions.md §4.1, §4.2); rules that must hold are in
`components.settings.values`. Nobody is asked: who a number belongs to, only the CPaaS knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from components.settings.model import StackSettings
from components.vocabulary import DeliveryMethod
from phonemfa.doctor.findings import Finding, Level, Subject

JAPAN: Final = "+81"
_SHARED_CODE: Final = "0005"
_SUBSCRIBER: Final = re.compile(r"\+81[1-9][0-9]{8,9}\Z")
"""Nine digits, or ten of a mobile, IP or toll-free number, without the trunk zero (§4.1)."""


def sender_checks(settings: StackSettings) -> Iterator[Finding]:
    """Doubts about the stack's senders; that they are registered cannot be asked."""
    doubts = [*_text(settings), *_voice(settings)]
    yield from doubts
    if settings.machine_detection and DeliveryMethod.VOICE in settings.delivery_methods:
        yield Finding(
            level=Level.NOTE,
            subject=Subject.SENDERS,
            what="machineDetection is on; whether the account has it, only a call tells. Without "
            'it the CPaaS refuses the call (id 83, nothing is sent), and the Action logs "CPaaS '
            'account has no machine detection: called without it" and calls once more without',
            fix="where that line appears: order machine detection from NTT CPaaS, or "
            "pulumi config set phonemfa:machineDetection false",
        )
    yield Finding(
        level=Level.NOTE,
        subject=Subject.SENDERS,
        what=("the form is good; " if not doubts else "")
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
        yield _doubt(
            f"smsSender {sender} has letters: to Japanese phones it takes the international route, "
            "which users can block and anybody can imitate",
            "ask for a numeric sender on the domestic routes",
        )
    if abroad and sender.startswith(_SHARED_CODE):
        yield _doubt(
            f"smsSender is one of the codes that Japan's carriers share, and allowedPrefixes has "
            f"{', '.join(abroad)} too: other countries' carriers do not know it",
            "a stack of its own for other countries, or +81 alone",
        )


def _voice(settings: StackSettings) -> Iterator[Finding]:
    sender = settings.voice_sender
    if sender is None or DeliveryMethod.VOICE not in settings.delivery_methods:
        return
    if sender.startswith(JAPAN) and not _SUBSCRIBER.match(sender):
        yield _doubt(
            "voiceSender has another length than any Japanese number: 9 or 10 digits behind +81",
            "compare it with the number of the account",
        )
    elif not sender.startswith(JAPAN) and settings.allowed_prefixes == (JAPAN,):
        yield _doubt(
            "voiceSender is a number of another country, and the stack calls Japan alone: users "
            "see a call from abroad",
            "ask for a Japanese number",
        )


def _doubt(what: str, fix: str) -> Finding:
    return Finding(level=Level.WARNING, subject=Subject.SENDERS, what=what, fix=fix)
