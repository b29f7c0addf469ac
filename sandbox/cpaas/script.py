"""Scripted answers: what the CPaaS says next instead of the truth. `app.py` acts on them."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from sandbox.cpaas.statuses import STATUSES

Channel = Literal["sms", "voice"]
FINAL_STATUSES = range(200, 600)
MAX_DELAY = 60
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

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
        if self.status is not None and self.status not in FINAL_STATUSES:
            raise ValueError(f"status: {self.status} is no HTTP status of a final answer")
        if self.refusal is not None and self.refusal not in STATUSES:
            raise ValueError(f"refusal: {self.refusal!r} unknown; one of {', '.join(STATUSES)}")
        if self.fault is not None and self.fault not in get_args(Fault):
            raise ValueError(f"fault: {self.fault!r} unknown; one of {', '.join(get_args(Fault))}")
        if self.channel is not None and self.channel not in get_args(Channel):
            raise ValueError(f"channel: {self.channel!r} unknown; sms or voice")
        if (
            not isinstance(self.headers, Mapping)
            or not all(
                isinstance(one, str) and one.isascii() and one.isprintable()
                for pair in self.headers.items()
                for one in pair
            )
            or not all(_TOKEN.fullmatch(name) for name in self.headers)
        ):
            raise ValueError("headers: an object of names and values in printable ASCII")
        if not 0 <= self.delay <= MAX_DELAY:
            raise ValueError(f"delay: {self.delay} is not within 0 to {MAX_DELAY} seconds")

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> ScriptedAnswer:
        """An entry of `POST /_sandbox/answers`.

        Raises:
            ValueError: for an unknown key or a value out of range.
        """
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(entry) - known):
            raise ValueError(f"{unknown[0]}: unknown key; known are {', '.join(sorted(known))}")
        try:
            return cls(**entry)
        except TypeError as error:
            raise ValueError(str(error)) from error


class AnswerScript:
    """Scripted answers in the order they will be used, for one channel or either."""

    def __init__(self) -> None:
        self._queue: deque[ScriptedAnswer] = deque()
        self._lock = threading.Lock()

    def add(self, answers: Iterable[ScriptedAnswer]) -> None:
        with self._lock:
            self._queue.extend(answers)

    def take(self, channel: Channel) -> ScriptedAnswer | None:
        """Remove and return the next answer that fits the channel."""
        with self._lock:
            for answer in self._queue:
                if answer.channel in (None, channel):
                    self._queue.remove(answer)
                    return answer
        return None

    def pending(self) -> list[ScriptedAnswer]:
        with self._lock:
            return list(self._queue)

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()
