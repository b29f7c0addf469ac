"""Sentences that every format of the report shares.

Owns counts, sizes and lists in words. Refuses other people's text, which each format escapes in
its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from components.settings.words import CHANNEL_NAMES
from phonemfa.report.differences import Planned
from phonemfa.report.messages import Message, Rendered
from phonemfa.report.preview import Operation
from phonemfa.report.settings import SecretsChange
from phonemfa.report.summary import Environment

_NOUNS: Final = {
    Operation.CREATE: "create",
    Operation.IMPORT: "import",
    Operation.UPDATE: "update",
    Operation.REPLACE: "replacement",
    Operation.DELETE: "delete",
}
VERBS: Final = {
    Operation.CREATE: "Creates",
    Operation.IMPORT: "Imports",
    Operation.UPDATE: "Updates",
    Operation.REPLACE: "Replaces",
    Operation.DELETE: "Deletes",
}

STAND_IN: Final = (
    "Made with an auth0 plugin found on PATH, not with the released one: a sandbox preview, unless "
    "you put the plugin there."
)
SAMPLES: Final = "Messages show sample values of realistic length. Secrets are never looked at."


def counted(planned: Sequence[Planned]) -> str:
    """How much happens: `2 updates, 1 delete`."""
    counts = Counter(one.operation for one in planned)
    return ", ".join(several(counts[one], noun) for one, noun in _NOUNS.items() if counts[one])


def several(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def size(rendered: Rendered) -> str:
    """How long a text is on a phone."""
    units = f"{rendered.units} UTF-16 units"
    if rendered.size is None:
        return units
    encoding = rendered.size.encoding
    packed = f" ({rendered.size.units} in {encoding})" if encoding == "GSM-7" else ""
    return f"{units}{packed}, {several(rendered.size.parts, 'part')}"


REPEATED: Final = "the Action adds a sentence that says the code again"


def channel(message: Message) -> str:
    """Which channel a message goes by, and whether it is open."""
    name = CHANNEL_NAMES[message.channel]
    return name if message.sent else f"{name}, not sent: the channel is closed"


def secrets(change: SecretsChange) -> str:
    """What is known of an Action's secrets that change."""
    return f"the Action's secrets change; {change.known.value}"


def grew(message: Message) -> bool:
    """Whether an SMS takes more parts than before, each of which is charged."""
    old, new = message.before, message.after
    if new is None or new.size is None:
        return False
    return new.size.parts > (old.size.parts if old and old.size else 1)


def headline(environments: Sequence[Environment]) -> str:
    """The report in one line."""
    if any(one.failure for one in environments):
        return "not every preview could be made"
    changing = [one for one in environments if one.changes]
    if not changing:
        return "nothing changes"
    total = [step for one in changing for step in one.planned]
    where = several(len(changing), "environment")
    return f"{counted(total) or 'settings of Pulumi alone'} in {where}"
