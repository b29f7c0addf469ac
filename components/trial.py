"""A test message of each channel, and its evidence in the tenant's log.

Owns sending through the tenant's own `try` route and finding what became of it. Refuses to claim
more than the log says: that a handset received it, nobody knows here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from components.vocabulary import DeliveryMethod

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

PATIENCE: Final = 60.0
"""Seconds in which a tenant's log shows what was sent."""

_PAUSE: Final = 2.0
"""Seconds between two looks: a free tenant answers two requests a second."""

_SENT: Final = {DeliveryMethod.TEXT: "gd_send_sms", DeliveryMethod.VOICE: "gd_send_voice"}
_FAILED: Final = "fn"


class NotSentError(Exception):
    """The tenant's log says that a test message was not sent, or says nothing."""


class TrialMessages:
    """One message a channel to one number that may be tested with.

    Args:
        to: E.164 number of a handset that belongs to the team.
        methods: the channels, each of which must work.
        patience: seconds to wait for evidence.
    """

    def __init__(
        self, to: str, methods: Sequence[DeliveryMethod], *, patience: float = PATIENCE
    ) -> None:
        self._to = to
        self._methods = methods
        self._patience = patience

    async def arrive(self, tenant: AsyncManagementClient) -> None:
        """Send one of each channel and wait until the tenant's log has all of them.

        Raises:
            NotSentError: one failed, or left no trace; with the Action's own reason.
        """
        answer = await tenant.branding.phone.providers.list()
        (provider,) = answer.providers or []
        for method in self._methods:
            seen = {one["log_id"] for one in await _entries(tenant, method)}
            await tenant.branding.phone.providers.test(
                str(provider.id), to=self._to, delivery_method=method.value
            )
            await self._evidence(tenant, method, seen)

    async def _evidence(
        self, tenant: AsyncManagementClient, method: DeliveryMethod, seen: set[str]
    ) -> None:
        end = time.monotonic() + self._patience
        while True:
            new = [one for one in await _entries(tenant, method) if one["log_id"] not in seen]
            failed = [one for one in new if one["type"] != _SENT[method]]
            if failed:
                raise NotSentError(
                    f"The test message by {method} was not sent: {_reason(failed[0])}. The policy "
                    "stays as it was."
                )
            if new:
                return
            if time.monotonic() >= end:
                raise NotSentError(
                    f"The tenant's log says nothing of the test message by {method} after "
                    f"{self._patience:.0f} s: whether it was sent is not known. The policy stays "
                    "as it was; phonemfa:gate ready applies it without a test message."
                )
            await asyncio.sleep(min(_PAUSE, self._patience))


async def _entries(tenant: AsyncManagementClient, method: DeliveryMethod) -> list[dict[str, Any]]:
    pager = await tenant.logs.list(sort="date:-1", per_page=20)
    entries = [one.model_dump(mode="json") for one in pager.items or []]
    wanted = {_SENT[method], f"{_SENT[method]}_failure", _FAILED}
    return [one for one in entries if one.get("type") in wanted]


def _reason(entry: dict[str, Any]) -> str:
    details = entry.get("details") or {}
    return str(details.get("error") or entry.get("description") or "no reason given")
