"""Entries of the tenant's log about a login, as the sandbox's own ones are.

Of second factors Auth0's layout of `details` is not established: they hold the authenticator,
without a number.
"""

from typing import Any

from sandbox.notifications.log_entries import Event, factor_event, failed_notification
from sandbox.tenant.clock import NANOS_PER_SECOND
from sandbox.tenant.logs import entry_of, log_id_of
from sandbox.traffic.people import Person

Document = dict[str, Any]


class Pen:
    """Writes entries; no two have the same id."""

    def __init__(self, tenant_name: str) -> None:
        self._tenant_name = tenant_name
        self._used: set[int] = set()
        self.written: list[tuple[Document, int]] = []
        """Each with its time in ns."""

    def sent(self, at: float, who: Person, channel: str) -> None:
        self._entry(at, who, factor_event(channel, who.number))

    def failed(self, at: float, who: Person, channel: str, outcome: str, reason: str) -> None:
        """A message was given up: the factor's entry, and the notification's."""
        failure = {"provider_error": {"errorCode": outcome, "message": reason}}
        self._entry(at, who, factor_event(channel, who.number, failure=failure))
        self.notice(at, who, channel, reason)

    def notice(self, at: float, who: Person, channel: str, reason: str) -> None:
        """An execution failed, to be repeated or for good."""
        event = failed_notification(channel, who.number, "otp_verify", reason)
        self._entry(at, who, event, is_user=False)

    def factor(self, at: float, who: Person, code: str, description: str) -> None:
        """A second factor or an enrolment: started, passed, failed."""
        self._entry(at, who, (code, description, {"authenticator": {"type": "sms"}}))

    def login(self, at: float, who: Person) -> None:
        self._entry(at, who, ("s", "Success Login", {"prompts": []}))

    def _entry(self, at: float, who: Person, event: Event, *, is_user: bool = True) -> None:
        stamp = int(at * NANOS_PER_SECOND)
        while stamp in self._used:
            stamp += 1
        self._used.add(stamp)
        client_id, client_name = who.application
        user: Document = {"user_id": who.user_id, "user_name": who.name} if is_user else {}
        entry = entry_of(
            stamp,
            self._tenant_name,
            *event,
            client_id=client_id,
            client_name=client_name,
            ip=who.ip,
            user_agent="Mozilla/5.0",
            isMobile=False,
            references={"correlation_id": log_id_of(stamp)},
            **user,
        )
        self.written.append((entry, stamp))
