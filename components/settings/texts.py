"""The texts that users read and hear, before the tenant renders them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.settings.values import Strict, Template
from components.vocabulary import Language, MessageType

_NAME: Final = re.compile(r"(?<![\w.])friendly_name\b(?=[^{}]*\}\})")
_LEGACY_NAME: Final = re.compile(r"\btenant\.friendly_?[nN]ame\b")
_CHANNEL: Final = re.compile(r"\{[{%][^{}]*\bmessage_type\b")

SHIPPED: Final = frozenset(
    {MessageType.OTP_ENROLL, MessageType.OTP_VERIFY, MessageType.CHANGE_PASSWORD}
)
"""Message types that actions/templates has texts for, in every language."""


class TextOverride(Strict):
    """Liquid texts of one message type that replace the package's own."""

    text: Template | None = None
    voice: Template | None = None


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Liquid source of one message type: what is sent as SMS and what is read aloud."""

    text: str
    voice: str


def legacy_variables(template: str) -> str:
    """The same text in a legacy tenant's variables: there, the tenant's name is in `tenant`."""
    return _NAME.sub("tenant.friendly_name", template)


def unified_variables(template: str) -> str:
    """The same text in a unified tenant's variables."""
    return _LEGACY_NAME.sub("friendly_name", template)


def decides_by_channel(template: str) -> bool:
    """Whether a legacy tenant's text has an SMS and a call in it already."""
    return bool(_CHANNEL.search(template))


def for_legacy(texts: Texts) -> str:
    """Both texts as the one that a legacy tenant has for SMS and calls.

    Auth0's page Customize SMS or Voice Messages has the variable that tells which it is.
    """
    text, voice = legacy_variables(texts.text), legacy_variables(texts.voice)
    if text == voice or decides_by_channel(text):
        return text
    return f'{{% if message_type == "voice" %}}{voice}{{% else %}}{text}{{% endif %}}'


def texts_for(
    language: Language,
    message_types: Collection[MessageType],
    overrides: Mapping[MessageType, TextOverride],
    lifetime: int,
) -> dict[MessageType, Texts]:
    """The texts of each message type, shipped ones replaced where the stack says so.

    A message type that the package ships no text for, and the stack gives none for, is left
    out: the tenant keeps its own default text for it.

    Shipped texts say the `lifetime` of a login's code, which is in seconds.
    """
    found: dict[MessageType, Texts] = {}
    for kind in MessageType:
        if kind in message_types and (kind in overrides or kind in SHIPPED):
            own = overrides.get(kind, TextOverride())
            found[kind] = Texts(
                text=own.text or _shipped(language, kind, "text", lifetime),
                voice=own.voice or _shipped(language, kind, "voice", lifetime),
            )
    return found


def _shipped(language: Language, message_type: MessageType, channel: str, lifetime: int) -> str:
    folder = Path(__file__).resolve().parents[2] / "actions" / "templates" / language
    path = folder / f"{message_type}.{channel}.liquid"
    # Editors end a file with a line break; a message does not end with one.
    text = path.read_text(encoding="utf-8").removesuffix("\n")
    return text.replace("{{ lifetime }}", in_words(lifetime, language, channel))


def in_words(seconds: int, language: Language, channel: str) -> str:
    """How long a code is good, as an SMS or a call in this language says it."""
    length, unit = seconds, 0
    while unit < 2 and length % 60 == 0:  # noqa: PLR2004 - up to hours
        length, unit = length // 60, unit + 1
    if language is Language.JAPANESE:
        return f"{length}{('秒', '分', '時間')[unit]}{'' if unit == 2 else '間'}"  # noqa: PLR2004
    if channel == "text":
        return f"{length} {('sec', 'min', 'h')[unit]}"
    return f"{length} {('second', 'minute', 'hour')[unit]}{'' if length == 1 else 's'}"
