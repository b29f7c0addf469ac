"""What an entry of a phone says: its bubble, its size, and what became of it, in words.

Facts: cpaas-and-actions.md §1.3 (size), §1.5 (an ASCII comma is a pause of half a second).
"""

import json
import re
import unicodedata
from datetime import datetime
from typing import Any, Final

from components.settings.message_size import sms_size, unshowable
from sandbox.inbox.numbers import storable
from sandbox.inbox.timeline import Entry

_JAPANESE: Final = re.compile(r"[ぁ-ヿｦ-ﾟ一-龯々]")
_OUTCOMES: Final = {
    "pending": ("under way", "info"),
    "success": ("sent", "good"),
    "drop": ("dropped by the Action", "bad"),
    "retry": ("given up after retries", "bad"),
    "error": ("the Action failed", "bad"),
    "not_sent": ("not sent by the tenant", "bad"),
}
MESSAGE_TYPES: Final = {
    "otp_verify": "login code",
    "otp_enroll": "enrolment code",
    "change_password": "password change",
    "blocked_account": "blocked account",
    "password_breach": "breached password",
}


class Shown:
    """An entry as a template shows it."""

    def __init__(self, entry: Entry) -> None:
        message, told = entry.message, entry.delivery or {}
        self.message, self.delivery = message, entry.delivery
        self.number, self.at = entry.number, entry.at
        self.delivery_key = key_of("d", told.get("id", ""))
        self.key = key_of("m", entry.at) if message else self.delivery_key
        self.voice = message.channel == "voice" if message else told["delivery_method"] == "voice"
        self.kind = "Voice call" if self.voice else "SMS"
        # What the phone got, or what was rendered for it.
        self.text: str = message.text if message else told.get("text") or ""
        self.codes = message.codes if message else []
        # What became of it, in a word, and how good that is.
        outcome = told.get("outcome")
        self.outcome = _OUTCOMES[outcome or "success"]
        # It arrived although the Action was told otherwise, or gave up.
        self.late = message is not None and outcome not in {None, "success", "pending"}
        self.reason: str = told.get("reason") or ""
        self.tries: list[dict[str, Any]] = told.get("tries", [])
        self.console: list[str] = told.get("console", [])
        self.preview = (self.text or self.reason)[:200]

    @property
    def language(self) -> str:
        """BCP 47, for fonts and screen readers: of the voice, else what most letters are of."""
        spoken = self.message.language if self.message else None
        return spoken or language_of(self.text)

    @property
    def facts(self) -> list[str]:
        """What there is to know of the text beside the text."""
        if self.message is None:
            return []
        if self.voice:
            spoken = {"ja": "Japanese", "en": "English"}.get(self.message.language or "")
            voice = f"{self.message.gender} voice" if self.message.gender else "any voice"
            start = (self.message.raw or {}).get("pause")
            pause = f"{start:g} s of silence first" if isinstance(start, int | float) else ""
            return [one for one in (spoken or str(self.message.language), voice, pause) if one]
        size = sms_size(self.text)
        counted = "UTF-16 units" if size.encoding == "UCS-2" else "characters"
        parts = f"{size.parts} part{'s' if size.parts > 1 else ''}"
        return [parts, size.encoding, f"{size.units} {counted}"]

    @property
    def warnings(self) -> list[str]:
        """What a person who reads the text does not see."""
        found = []
        if hidden := _hidden(self.text):
            found.append(f"Invisible characters that change what is seen: {hidden}")
        garbled = "" if self.voice else unshowable(self.text)
        if shown := "".join(filter(str.isprintable, garbled))[:20]:
            found.append(f"Japanese carriers may garble: {shown}")
        return found

    @property
    def transcript(self) -> list[tuple[str, int]]:
        """A spoken text, cut at its pauses: a piece, and the half seconds of silence after it."""
        pieces = re.findall(r"[^,]*(?:,[\s,]*|$)", self.text)
        return [(piece.rstrip(), piece.count(",")) for piece in pieces if piece]

    @property
    def origin(self) -> str:
        if self.delivery:
            kind = str(self.delivery["message_type"])
            return MESSAGE_TYPES.get(kind, kind)
        if self.message is not None and self.message.delivery_id:
            return "its delivery is no longer kept"
        return "sent to the CPaaS directly, by no Action"

    @property
    def announcement(self) -> str:
        """What a screen reader is told when it appears."""
        name = f"{self.kind} {'to' if self.message else 'not at'} {self.number}"
        return f"{name}, {self.outcome[0]}: {self.text or self.reason}"[:300]

    @property
    def raw(self) -> str:
        """The message object of the request to the CPaaS, as JSON."""
        return as_json(self.message.raw) if self.message and self.message.raw else ""


def language_of(text: str) -> str:
    """The language (BCP 47) that most letters of a text are of: Japanese, else English."""
    letters = sum(map(str.isalpha, text))
    return "ja" if 2 * len(_JAPANESE.findall(text)) > letters else "en"


def as_json(value: Any) -> str:
    """JSON for people."""
    return storable(json.dumps(value, ensure_ascii=False, indent=2))


def key_of(kind: str, name: str) -> str:
    """An id for an element; of our own letters, whatever the name is made of."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]', '', name)}"


def clock(at: str, *, exact: bool = False) -> str:
    """A time as this machine's clock showed it; with the date unless it is of today."""
    moment = datetime.fromisoformat(at).astimezone()
    time = moment.strftime("%H:%M:%S.%f")[:-3] if exact else moment.strftime("%H:%M:%S")
    if exact or moment.date() == datetime.now().astimezone().date():
        return time
    return f"{moment:%Y-%m-%d} {time}"


def _hidden(text: str) -> str:
    marks = dict.fromkeys(
        character
        for character in text
        # The joiner is what emoji are made with.
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}
        and character not in "\n\r\t\u200d"
    )
    return ", ".join(f"U+{ord(one):04X}" for one in marks)
