"""What clients asked for: a bounded log with secrets masked, and counters that tests look at.

Control routes are not in it: asking for the log must not fill it. Personal data is: phone numbers
in `try` bodies are what a test looks for.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

MASK = "********"
_SECRET_KEYS = frozenset(
    {
        "client_secret",
        "auth_token",
        "access_token",
        "client_assertion",
        "refresh_token",
        "password",
        "aws_secret_access_key",
        "p12",
        "server_credentials",
        "server_key",
        "skey",
    }
)


def redacted(value: Any) -> Any:
    """A copy in which secret values are masked; null stays null."""
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _entry(key, item) for key, item in value.items()}


def _entry(key: str, item: Any) -> Any:
    if key in _SECRET_KEYS:
        return None if item is None else MASK
    if key == "secrets" and isinstance(item, list):
        return [
            {name: MASK if name == "value" else redacted(part) for name, part in one.items()}
            if isinstance(one, dict)
            else MASK
            for one in item
        ]
    return redacted(item)


CAPACITY = 10_000
MAX_BODY_BYTES = 64 * 1024 * 1024
"""All logged bodies together; Action code may be 100 kB a piece."""


@dataclass
class Counters:
    """Since the start or the last reset."""

    requests: int = 0
    unknown_routes: int = 0
    errors: int = 0


@dataclass
class RequestLog:
    """The last requests, oldest first; sequence numbers go on when old entries fall out."""

    capacity: int = CAPACITY
    max_body_bytes: int = MAX_BODY_BYTES
    counters: Counters = field(default_factory=Counters)
    _entries: deque[dict[str, Any]] = field(default_factory=deque)
    _sizes: deque[int] = field(default_factory=deque)
    _size: int = 0
    _last: int = 0

    def add(
        self,
        *,
        method: str,
        path: str,
        status: int | None,
        body: Any,
        size: int = 0,
        fault: bool = False,
    ) -> None:
        """Record a call.

        `path` has the query, `body` is decoded and had `size` bytes; `status` is None where the
        connection was cut, and `fault` says whether that or the answer was scripted.
        """
        self._last += 1
        self.counters.requests += 1
        self._entries.append(
            {
                "seq": self._last,
                "method": method,
                "path": path,
                "status": status,
                "body": redacted(body),
                "fault": fault,
            }
        )
        self._sizes.append(size)
        self._size += size
        while len(self._entries) > self.capacity or self._size > self.max_body_bytes:
            self._entries.popleft()
            self._size -= self._sizes.popleft()

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        return [one for one in self._entries if one["seq"] > after]

    def clear(self) -> None:
        """Forget entries and counters; sequence numbers go on."""
        self._entries.clear()
        self._sizes.clear()
        self._size = 0
        self.counters = Counters()
