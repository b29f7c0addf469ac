"""Browsers whose person ticked "Remember this browser", and until when each is not asked again.

They lie in the tenant's store: they outlive the process, and a reset of the tenant forgets them.
A browser is known by a cookie; of that the store has a hash only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal

from sandbox.tenant import Store

COLLECTION: Final = "login_browsers"
KEPT: Final = 200

INACTIVITY: Final = "mfa_session_inactivity_timeout"
OVERALL: Final = "mfa_session_overall_timeout"


@dataclass(frozen=True, kw_only=True)
class _Remembered:
    user: str
    since: str
    seen: str
    inactivity: int
    overall: int

    def until(self, inactivity: int, overall: int) -> datetime:
        return min(
            datetime.fromisoformat(self.seen) + timedelta(seconds=inactivity),
            datetime.fromisoformat(self.since) + timedelta(seconds=overall),
        )


class Browsers:
    """The remembered browsers of one tenant.

    Args:
        store: the tenant's.
        settings: the tenant's document of /guardian/settings, as it is now.
        held_to: whether the timeouts count that the tenant has now, or had when it was ticked.
        now: the time, UTC.
    """

    def __init__(
        self,
        store: Store,
        settings: Callable[[], dict[str, Any]],
        *,
        held_to: Literal["now", "ticked"],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._settings = store, settings
        self._held_to, self._now = held_to, now

    def remember(self, browser: str, user_id: str) -> None:
        """From now on this user is not asked on this browser."""
        now, settings = self._now().isoformat(), self._settings()
        found = _Remembered(
            user=user_id,
            since=now,
            seen=now,
            inactivity=settings[INACTIVITY],
            overall=settings[OVERALL],
        )
        self._write(browser, found)
        self._store.keep_newest(COLLECTION, KEPT)

    def use(self, browser: str, user_id: str) -> datetime | None:
        """Until when the user is remembered on this browser; this login is activity there.

        None where the browser is not remembered, or not any more.
        """
        key = _key(browser, user_id)
        document = self._store.get(COLLECTION, key)
        found = None if document is None else _read(document)
        if found is None:
            return None
        if self._now() >= self._until(found):
            self._store.delete(COLLECTION, key)
            return None
        found = replace(found, seen=self._now().isoformat())
        self._write(browser, found)
        return self._until(found)

    def forget(self, user_id: str) -> None:
        """Every browser of this user is asked again."""
        for key, document in self._store.export().get(COLLECTION, {}).items():
            if document.get("user") == user_id:
                self._store.delete(COLLECTION, key)

    def _until(self, found: _Remembered) -> datetime:
        if self._held_to == "ticked":
            return found.until(found.inactivity, found.overall)
        settings = self._settings()
        return found.until(settings[INACTIVITY], settings[OVERALL])

    def _write(self, browser: str, found: _Remembered) -> None:
        self._store.put(COLLECTION, _key(browser, found.user), asdict(found))


def _key(browser: str, user_id: str) -> str:
    return sha256(f"{browser} {user_id}".encode()).hexdigest()


def _read(document: dict[str, Any]) -> _Remembered | None:
    # An import of the tenant's content (PUT /_sandbox/state) may have anything in its place.
    try:
        found = _Remembered(**document)
        found.until(found.inactivity, found.overall).timestamp()
        aware = (
            datetime.fromisoformat(found.seen).tzinfo and datetime.fromisoformat(found.since).tzinfo
        )
    except (TypeError, ValueError, OverflowError):
        return None
    return found if aware else None
