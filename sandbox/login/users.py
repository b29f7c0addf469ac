"""The sandbox's made-up users, the phone that each has enrolled, and the browsers that know them.

They lie in the tenant's store: they outlive the process, and a reset of the tenant forgets them.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal

from sandbox.login.refusals import LoginRefusedError
from sandbox.notifications.content import user_for
from sandbox.tenant.store import Store

COLLECTION: Final = "login_users"
KEPT: Final = 200
LONGEST_NAME: Final = 64


@dataclass(frozen=True, kw_only=True)
class User:
    """One user. `phone` (E.164) and `method` are of the enrolled phone, None without one."""

    id: str
    name: str
    phone: str | None = None
    method: str | None = None

    @property
    def is_enrolled(self) -> bool:
        return self.phone is not None

    def as_event(self, number: str) -> dict[str, Any]:
        """The user as Actions and texts see who gets a message at this number."""
        return user_for(number) | {
            "user_id": self.id,
            "name": self.name,
            "nickname": self.name,
            "email": f"{self.id.partition('|')[2]}@example.com",
        }


class Users:
    """The users of one tenant."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[User]:
        found = [_read(one) for one in reversed(self._store.all(COLLECTION))]
        return [one for one in found if one is not None]

    def get(self, user_id: str) -> User | None:
        found = self._store.get(COLLECTION, user_id)
        return None if found is None else _read(found)

    def named(self, name: str) -> User:
        """The user of this name, made up where there is none.

        Raises:
            LoginRefusedError: no name, one that is too long, or one with control characters.
        """
        name = unicodedata.normalize("NFC", name).strip()
        if not name:
            raise LoginRefusedError("name", "Enter a name for the user.")
        if len(name) > LONGEST_NAME or any(unicodedata.category(one) == "Cc" for one in name):
            raise LoginRefusedError(
                "name", f"A name has at most {LONGEST_NAME} characters, all of one line."
            )
        known = next((one for one in self.all() if one.name == name), None)
        if known is not None:
            return known
        user = User(id=f"auth0|{uuid.uuid4().hex[:24]}", name=name)
        self._write(user)
        self._store.keep_newest(COLLECTION, KEPT)
        return user

    def enrol(self, user: User, *, phone: str, method: str) -> User:
        return self._write(replace(user, phone=phone, method=method))

    def forget_phone(self, user: User) -> User:
        """The user without a phone, as after "reset MFA" in Auth0's dashboard."""
        return self._write(replace(user, phone=None, method=None))

    def _write(self, user: User) -> User:
        self._store.put(COLLECTION, user.id, asdict(user))
        return user


def _read(document: dict[str, Any]) -> User | None:
    # An import of the tenant's content (PUT /_sandbox/state) may have anything in its place.
    try:
        user = User(**document)
    except TypeError:
        return None
    whole = all(isinstance(one, str) for one in (user.id, user.name, user.phone or ""))
    return user if whole else None


BROWSERS: Final = "login_browsers"
KEPT_BROWSERS: Final = 200

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


@dataclass(frozen=True, kw_only=True)
class Browsers:
    """The remembered browsers of one tenant.

    Attributes:
        store: the tenant's.
        settings: the tenant's document of /guardian/settings, as it is now.
        held_to: whether the timeouts count that the tenant has now, or had when it was ticked.
        now: the time, UTC.
    """

    store: Store
    settings: Callable[[], dict[str, Any]]
    held_to: Literal["now", "ticked"]
    now: Callable[[], datetime]

    def remember(self, browser: str, user_id: str) -> None:
        """From now on this user is not asked on this browser."""
        now, settings = self.now().isoformat(), self.settings()
        found = _Remembered(
            user=user_id,
            since=now,
            seen=now,
            inactivity=settings[INACTIVITY],
            overall=settings[OVERALL],
        )
        self._write(browser, found)
        self.store.keep_newest(BROWSERS, KEPT_BROWSERS)

    def use(self, browser: str, user_id: str) -> datetime | None:
        """Until when the user is remembered on this browser; this login is activity there.

        None where the browser is not remembered, or not any more.
        """
        key = _browser_key(browser, user_id)
        document = self.store.get(BROWSERS, key)
        found = None if document is None else _read_browser(document)
        if found is None:
            return None
        if self.now() >= self._until(found):
            self.store.delete(BROWSERS, key)
            return None
        found = replace(found, seen=self.now().isoformat())
        self._write(browser, found)
        return self._until(found)

    def forget(self, user_id: str) -> None:
        """Every browser of this user is asked again."""
        for key, document in self.store.export().get(BROWSERS, {}).items():
            if document.get("user") == user_id:
                self.store.delete(BROWSERS, key)

    def _until(self, found: _Remembered) -> datetime:
        if self.held_to == "ticked":
            return found.until(found.inactivity, found.overall)
        settings = self.settings()
        return found.until(settings[INACTIVITY], settings[OVERALL])

    def _write(self, browser: str, found: _Remembered) -> None:
        self.store.put(BROWSERS, _browser_key(browser, found.user), asdict(found))


def _browser_key(browser: str, user_id: str) -> str:
    return sha256(f"{browser} {user_id}".encode()).hexdigest()


def _read_browser(document: dict[str, Any]) -> _Remembered | None:
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
