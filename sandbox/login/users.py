"""The sandbox's made-up users, and the phone that each has enrolled.

Owns what a user is, and that the newest two hundred are kept. They lie in the tenant's store: they
outlive the process, and a reset of the tenant forgets them. Refuses passwords, and codes.
"""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sandbox.login.refusals import LoginRefusedError
from sandbox.notifications import events
from sandbox.tenant import Store

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
        """Whether the user has a phone to be challenged at."""
        return self.phone is not None

    def as_event(self, number: str) -> dict[str, Any]:
        """The user as Actions and texts see who gets a message at this number."""
        return events.user_for(number) | {
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
        """Every user, the newest first."""
        found = [_read(one) for one in reversed(self._store.all(COLLECTION))]
        return [one for one in found if one is not None]

    def get(self, user_id: str) -> User | None:
        """The user of this id, if there is one."""
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
        """The user, with this phone from now on."""
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
