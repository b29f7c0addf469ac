"""The sandbox's made-up users, the phone that each has enrolled, and the browsers that know them.

They lie in the tenant's store: they outlive the process, and a reset of the tenant forgets them.
"""

import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.login.refusals import LoginRefusedError
from sandbox.notifications.content import user_for
from sandbox.tenant.store import Store

COLLECTION: Final = "login_users"
KEPT: Final = 200
LONGEST_NAME: Final = 64


class _Kept(BaseModel):
    """What lies in the store.

    An import of the tenant's content (PUT /_sandbox/state) may have anything in its place.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def read(cls, document: dict[str, Any] | None) -> Self | None:
        """None for what is none."""
        try:
            return cls.model_validate(document)
        except ValidationError:
            return None


class User(_Kept):
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
        found = map(User.read, reversed(self._store.all(COLLECTION)))
        return [one for one in found if one is not None]

    def get(self, user_id: str) -> User | None:
        return User.read(self._store.get(COLLECTION, user_id))

    def named(self, name: str) -> User:
        """The user of this name, made up where there is none.

        Raises LoginRefusedError: no name, one that is too long, or one with control characters.
        """
        name = unicodedata.normalize("NFC", name).strip()
        if not name:
            raise LoginRefusedError("name", "Enter a name for the user.")
        if len(name) > LONGEST_NAME or any(unicodedata.category(one) == "Cc" for one in name):
            why = f"A name has at most {LONGEST_NAME} characters, all of one line."
            raise LoginRefusedError("name", why)
        if known := next((one for one in self.all() if one.name == name), None):
            return known
        user = User(id=f"auth0|{uuid.uuid4().hex[:24]}", name=name)
        self._write(user)
        self._store.keep_newest(COLLECTION, KEPT)
        return user

    def enrol(self, user: User, *, phone: str | None, method: str | None) -> User:
        """The user with this phone; without one, as after "reset MFA" in Auth0's dashboard."""
        return self._write(user.model_copy(update={"phone": phone, "method": method}))

    def _write(self, user: User) -> User:
        self._store.put(COLLECTION, user.id, user.model_dump())
        return user


BROWSERS: Final = "login_browsers"
KEPT_BROWSERS: Final = 200


class _Remembered(_Kept):
    """A browser that knows a user: since when, when it was used, and the timeouts at first."""

    user: str
    since: float
    seen: float
    inactivity: float
    overall: float


@dataclass(frozen=True, kw_only=True)
class Browsers:
    """The remembered browsers of one tenant, whose document of /guardian/settings is `settings`.

    `held_to` is whether the timeouts count that it has now, or had when the box was ticked.
    """

    store: Store
    settings: Callable[[], dict[str, Any]]
    held_to: Literal["now", "ticked"]
    now: Callable[[], datetime]

    def remember(self, browser: str, user_id: str) -> None:
        """From now on this user is not asked on this browser."""
        now, (inactivity, overall) = self.now().timestamp(), self._timeouts()
        found = _Remembered(
            user=user_id, since=now, seen=now, inactivity=inactivity, overall=overall
        )
        self.store.put(BROWSERS, _browser_key(browser, user_id), found.model_dump())
        self.store.keep_newest(BROWSERS, KEPT_BROWSERS)

    def use(self, browser: str, user_id: str) -> float | None:
        """For how many seconds the user is remembered on this browser; this login is activity.

        None where the browser is not remembered, or not any more.
        """
        key = _browser_key(browser, user_id)
        found = _Remembered.read(self.store.get(BROWSERS, key))
        if found is None:
            return None
        now, (inactivity, overall) = self.now().timestamp(), self._timeouts()
        if self.held_to == "ticked":
            inactivity, overall = found.inactivity, found.overall
        if now >= min(found.seen + inactivity, found.since + overall):
            self.store.delete(BROWSERS, key)
            return None
        self.store.put(BROWSERS, key, found.model_copy(update={"seen": now}).model_dump())
        return min(inactivity, found.since + overall - now)

    def forget(self, user_id: str) -> None:
        """Every browser of this user is asked again."""
        for key, document in self.store.export().get(BROWSERS, {}).items():
            if document.get("user") == user_id:
                self.store.delete(BROWSERS, key)

    def _timeouts(self) -> tuple[float, float]:
        now = self.settings()
        return now["mfa_session_inactivity_timeout"], now["mfa_session_overall_timeout"]


def _browser_key(browser: str, user_id: str) -> str:
    return sha256(f"{browser} {user_id}".encode()).hexdigest()
