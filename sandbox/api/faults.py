"""Scripted faults: how a test makes the tenant misbehave.

Owns matching and counting. Refuses to act: `dispatch` carries a fault out.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any, Literal

FAULT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "method": {"type": "string", "format": "regex"},
        "path": {"type": "string", "format": "regex"},
        "nth": {"type": "integer", "minimum": 1},
        "times": {"type": ["integer", "null"], "minimum": 1},
        "when": {"enum": ["before", "after"]},
        "status": {"type": "integer", "minimum": 200, "maximum": 599},
        "body": {},
        "raw_body": {"type": "string"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "delay_seconds": {"type": "number", "minimum": 0, "maximum": 60},
        "close": {"type": "boolean"},
        "truncate_bytes": {"type": "integer", "minimum": 0},
    },
}


@dataclass
class Fault:
    """One misbehaviour.

    Attributes:
        method, path: regular expressions; the method's must match whole, the path's anywhere.
        nth: the first matching request that it strikes, counted from 1.
        times: how many matching requests it strikes from then on; None for all.
        when: `before` the request takes effect, or `after` (done, but the answer is lost).
        status, body, raw_body, headers: the answer given instead of the real one.
        delay_seconds: waited before anything else.
        close: cut the connection instead of answering.
        truncate_bytes: send that much of the body, then cut the connection.
    """

    id: int
    method: str = ".*"
    path: str = ".*"
    nth: int = 1
    times: int | None = 1
    when: Literal["before", "after"] = "before"
    status: int | None = None
    body: Any = None
    raw_body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    close: bool = False
    truncate_bytes: int | None = None
    seen: int = 0

    @property
    def replaces(self) -> bool:
        """Whether it does more than wait."""
        return self.close or self.status is not None or self.truncate_bytes is not None

    @property
    def runs_request(self) -> bool:
        """Whether the request still takes effect; a truncated real answer has to exist first."""
        truncates_real = self.truncate_bytes is not None and self.status is None
        return not self.replaces or self.when == "after" or truncates_real

    def strikes(self, method: str, path: str) -> bool:
        """Count a request, and tell whether this fault hits it."""
        if not (re.fullmatch(self.method, method) and re.search(self.path, path)):
            return False
        self.seen += 1
        struck_before = self.seen - self.nth
        return struck_before >= 0 and (self.times is None or struck_before < self.times)


class Faults:
    """The faults in force; the first one that strikes wins."""

    def __init__(self) -> None:
        """Start without faults."""
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, description: dict[str, Any]) -> Fault:
        """Arm a fault described as FAULT_SCHEMA says."""
        fault = Fault(id=next(self._ids), **description)
        self._faults.append(fault)
        return fault

    def striking(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if any; all that match count it."""
        struck = [one for one in self._faults if one.strikes(method, path)]
        return struck[0] if struck else None

    def all(self) -> list[Fault]:
        """Every fault that was armed, spent ones included."""
        return list(self._faults)

    def clear(self) -> None:
        """Disarm all."""
        self._faults.clear()
