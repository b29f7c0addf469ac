"""Entries of the tenant's log about a login, as the sandbox's own ones are.

The entries of messages have the shape of those that a delivery writes
(`sandbox.notifications.log_entries`; a test compares them). Of second factors Auth0's layout of
`details` is not established: they hold the authenticator, without a number.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.tenant.clock import NANOS_PER_SECOND, millis
from sandbox.tenant.logs import log_id_of
from sandbox.traffic.people import Person

Document = dict[str, Any]

WORDS: Final = {"text": "sms", "voice": "voice"}
_NAMES: Final = {"sms": "SMS", "voice": "Voice call"}


class Pen:
    """Writes entries; no two have the same id."""

    def __init__(self, tenant_name: str) -> None:
        self._tenant_name = tenant_name
        self._used: set[int] = set()
        self.written: list[tuple[Document, int]] = []
        """Each with its time in ns."""

    def sent(self, at: float, who: Person, channel: str) -> None:
        """A message was handed to the provider."""
        word = WORDS[channel]
        self._entry(at, f"gd_send_{word}", f"{_NAMES[word]} for MFA sent", _factor(word, who), who)

    def failed(self, at: float, who: Person, channel: str, outcome: str, reason: str) -> None:
        """A message was given up: the factor's entry, and the notification's."""
        word = WORDS[channel]
        error = {"provider_error": {"errorCode": outcome, "message": reason}}
        self._entry(
            at,
            f"gd_send_{word}_failure",
            f"{_NAMES[word]} for MFA failed",
            _factor(word, who) | error,
            who,
        )
        self.notice(at, who, channel, reason)

    def notice(self, at: float, who: Person, channel: str, reason: str) -> None:
        """An execution failed, to be repeated or for good."""
        word = WORDS[channel]
        details = {
            "email_type": "otp_verify",
            "notification_type": word,
            "to": who.number,
            "error": reason,
        }
        self._entry(at, "fn", f"Failed to send {word} notification", details, who, is_user=False)

    def factor(self, at: float, who: Person, code: str, description: str) -> None:
        """A second factor or an enrolment: started, passed, failed."""
        self._entry(at, code, description, {"authenticator": {"type": "sms"}}, who)

    def login(self, at: float, who: Person) -> None:
        """A login that succeeded."""
        self._entry(at, "s", "Success Login", {"prompts": []}, who)

    def other(self, at: float, who: Person, code: str) -> None:
        """Something that has nothing to do with phone MFA."""
        self._entry(at, code, "", {}, who)

    def _entry(
        self,
        at: float,
        code: str,
        description: str,
        details: Document,
        who: Person,
        *,
        is_user: bool = True,
    ) -> None:
        stamp = int(at * NANOS_PER_SECOND)
        while stamp in self._used:
            stamp += 1
        self._used.add(stamp)
        name = log_id_of(stamp)
        client_id, client_name = who.application
        self.written.append(
            (
                {
                    "_id": name,
                    "date": millis(stamp),
                    "type": code,
                    "description": description,
                    "client_id": client_id,
                    "client_name": client_name,
                    "ip": who.ip,
                    "user_agent": "Mozilla/5.0",
                    "isMobile": False,
                    "references": {"correlation_id": name},
                    **({"user_id": who.user_id, "user_name": who.name} if is_user else {}),
                    "details": details,
                    "tenant_name": self._tenant_name,
                    "environment_name": "sandbox",
                    "log_id": name,
                },
                stamp,
            )
        )


def _factor(word: str, who: Person) -> Document:
    return {"authenticator": {"id": f"{word}|sandbox", "type": word, "phone_number": who.number}}
