"""Scripted answers: what the CPaaS says next instead of the truth. `app.py` acts on them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from sandbox.cpaas.statuses import STATUSES
from sandbox.inbox.inbox import Channel
from sandbox.json_schemas import BOOLEAN, obj

Fault = Literal[
    "reset",
    "half_closed",
    "cut",
    "html",
    "truncated",
    "empty",
    "not_utf8",
    "redirect",
    "silent",
    "huge",
    "trickle",
    "trickle_head",
]


@dataclass(frozen=True)
class ScriptedAnswer:
    """One entry: at most one of `status`, `refusal` and `fault`; `delay` goes with any of them.

    `status` answers with that HTTP status and the endpoint's error body (or `body`), and with
    `headers`. `refusal` names a status of `statuses.py` for an otherwise good request. `fault`
    breaks the answer: reset (connection closed without one), half_closed (nothing more is sent,
    and TLS says no goodbye), cut (closed within the body), html, truncated (JSON that stops
    early), empty, not_utf8, redirect, silent (never an answer), huge (a body without end), trickle
    (the body a byte at a time), trickle_head (a head that never ends). `accept` delivers the
    message all the same: the answer is lost, the message is not.
    """

    status: int | None = None
    refusal: str | None = None
    fault: Fault | None = None
    delay: float = 0.0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    accept: bool = False
    channel: Channel | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.status, self.refusal, self.fault)) > 1:
            raise ValueError("give at most one of status, refusal and fault")


# Not `$`, which a line break may follow.
_HEADER: Final = {"type": "string", "pattern": r"^[ -~]*\Z"}
_NAME: Final = {"pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z"}
ENTRY: Final = obj(
    {
        "status": {"type": ["integer", "null"], "minimum": 200, "maximum": 599},
        "refusal": {"enum": [*STATUSES, None]},
        "fault": {"enum": [*get_args(Fault), None]},
        "delay": {"type": "number", "minimum": 0, "maximum": 60},
        "body": {},
        "headers": {"type": "object", "additionalProperties": _HEADER, "propertyNames": _NAME},
        "accept": BOOLEAN,
        "channel": {"enum": [*get_args(Channel), None]},
    }
)
"""An entry of `POST /_sandbox/answers`."""


class AnswerScript:
    """Scripted answers in the order they will be used, for one channel or either.

    One event loop takes them. Others add and clear meanwhile (a test, the tenant's reset): a list
    is added to as a whole, and who clears leaves the one that is being looked through as it is.
    """

    def __init__(self) -> None:
        self._queue: list[ScriptedAnswer] = []

    def add(self, answers: Iterable[ScriptedAnswer]) -> None:
        self._queue.extend(answers)

    def take(self, channel: Channel) -> ScriptedAnswer | None:
        queue = self._queue
        for index, answer in enumerate(queue):
            if answer.channel in (None, channel):
                return queue.pop(index)
        return None

    def pending(self) -> list[ScriptedAnswer]:
        return self._queue.copy()

    def clear(self) -> None:
        self._queue = []
