"""The texts of SMS and calls with sample values, before and after, and how long they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from components.settings.code_in_text import where_missing, written
from components.settings.message_size import SmsSize, rendered, sms_size, unshowable
from components.settings.model import sample_of
from components.settings.text_rules import origin_line
from components.settings.texts import unified_variables
from components.vocabulary import CHANNELS, DeliveryMethod, Experience, MessageType
from phonemfa.output.text import cut, encodable
from phonemfa.report.change import Change, Side
from phonemfa.report.settings import Plain

_SENDERS: Final = {DeliveryMethod.TEXT: "smsSender", DeliveryMethod.VOICE: "voiceSender"}
LONGEST: Final = 2_000
"""Characters of a text that are looked at: more than a call can say and a long SMS can hold."""

_TIMES_SPOKEN: Final = 2
"""How often a call says the code at least (actions/src/speech.js)."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One text with sample values. `units` are UTF-16 code units; `size` is that of an SMS.

    `template` is the Liquid source, a legacy tenant's in a unified tenant's variables.
    """

    template: str
    text: str
    units: int
    size: SmsSize | None
    problem: str
    """Why it cannot be sent as it is; empty when it can."""
    repeats: bool = False
    """Whether the Action adds a sentence, because a call should say the code twice."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one message type says in one channel; None where there is no such message."""

    kind: str
    channel: DeliveryMethod
    before: Rendered | None
    after: Rendered | None
    sender: str
    """As the stack sets it; empty when the preview does not tell it."""
    sent: bool
    """Whether the channel is open after the change: a text may wait for its channel."""

    @property
    def changed(self) -> bool:
        """Whether users get something else, for some values if not for the sample's."""
        return self.before != self.after

    @property
    def only_the_template(self) -> bool:
        """Whether the sample values hide a change of the template."""
        old, new = self.before, self.after
        same = old and new and (old.text, old.problem) == (new.text, new.problem)
        return self.changed and bool(same)

    @property
    def parts(self) -> tuple[int, int]:
        """How many an SMS takes, before and after, each of which is charged; one if not known."""
        sizes = [one and one.size for one in (self.before, self.after)]
        was, will_be = (one.parts if one else 1 for one in sizes)
        return was, will_be


def messages(change: Change) -> Iterator[Message]:
    """Every message of both sides, changed or not, in the order of the message types."""
    before, after = change.before, change.after
    kinds = {*before.texts, *after.texts}
    ours = [kind.value for kind in MessageType if kind in kinds]
    for kind in (*ours, *sorted(kinds.difference(ours))):
        for channel in _SENDERS:
            old, new = _rendered(before, kind, channel), _rendered(after, kind, channel)
            # Without text on either side there is nothing to show (a voice text may be absent).
            if old or new:
                side = after if new else before
                yield Message(
                    kind=kind,
                    channel=channel,
                    before=old,
                    after=new,
                    sender=str(side.settings.get(_SENDERS[channel]) or ""),
                    sent=channel in side.channels,
                )


def _rendered(side: Side, kind: str, channel: DeliveryMethod) -> Rendered | None:
    texts = side.texts.get(kind)
    template = getattr(texts, channel, None)
    if texts is None or not isinstance(template, str):
        return None
    legacy = side.experience is Experience.LEGACY
    found = render(template, kind=kind, channel=channel, legacy=legacy, plain=side.settings)
    return replace(found, problem="it is switched off") if texts.disabled is True else found


def render(
    template: str,
    *,
    kind: str,
    channel: DeliveryMethod,
    legacy: bool = False,
    plain: Plain = MappingProxyType({}),
) -> Rendered:
    """One text as users get it; what keeps it from being sent is in `problem`.

    The stack's settings tell the code's length, and the host of the line that the Action adds to
    an SMS with a code.
    """
    values, origin = sample_of(plain), plain.get("originBoundCode")
    source = cut(encodable(template), LONGEST)
    if legacy:
        # A legacy tenant's name is a member of `tenant`; the sample is that of a unified tenant.
        source = unified_variables(source)
    problem = ""
    try:
        text = rendered(source, {**values, "message_type": CHANNELS[channel]})
        carries = kind in set(MessageType) and MessageType(kind).carries_code
        if carries and channel == "text":
            host = origin if isinstance(origin, str) else None
            text += origin_line(MessageType(kind), host, values)
        if carries and where_missing(source) is not None:
            problem = "the code is not in it"
        elif channel == "text" and (odd := unshowable(text)):
            problem = f"carriers may garble {odd}"
    except Exception as error:  # noqa: BLE001 - what a text that nobody checked makes Liquid raise
        text, problem = source, f"it cannot be rendered ({type(error).__name__}: {error})"
    text = cut(encodable(text), LONGEST)
    spoken, times = _spoken(text, values["code"])
    return Rendered(
        template=source,
        text=text if channel == "text" else spoken,
        units=len(text.encode("utf-16-le")) // 2,
        size=sms_size(text) if channel == "text" else None,
        problem=problem,
        repeats=channel == "voice" and times < _TIMES_SPOKEN,
    )


def _spoken(text: str, code: str) -> tuple[str, int]:
    # As the Action reads it: digit by digit, but what a text spells as words.
    def said(found: re.Match[str]) -> str:
        return ", ".join(code) if re.sub(r"\W", "", found[0]) == code else found[0]

    return re.subn(rf"(?<![0-9A-Za-z]){written(code).pattern}(?![0-9A-Za-z])", said, text)
